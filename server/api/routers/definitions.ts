import { z } from 'zod'
import type { Issue } from '@/runtime/definition/issue'
import type { PublishedVersion } from '@/runtime/runtime'
import {
  createDefinition,
  type DefinitionDetail,
  type DefinitionListItem,
  definitionName,
  type Page,
  page,
  publishDefinition,
  saveDraft,
  type VerifyResult,
  type VersionDetail,
  type VersionListItem,
} from '../contract'
import { procedure, router } from '../trpc'

const named = z.object({ name: definitionName })

export const definitionsRouter = router({
  list: procedure('definition:read')
    .input(
      page.extend({ text: z.string().max(200).optional(), archived: z.boolean().default(false) }),
    )
    .query(async (): Promise<Page<DefinitionListItem>> => {
      throw new Error('unwritten')
    }),
  get: procedure('definition:read')
    .input(named)
    .query(async (): Promise<DefinitionDetail> => {
      throw new Error('unwritten')
    }),
  create: procedure('definition:write')
    .input(createDefinition)
    .mutation(async (): Promise<DefinitionDetail> => {
      throw new Error('unwritten')
    }),
  saveDraft: procedure('definition:write')
    .input(saveDraft)
    .mutation(async (): Promise<{ revision: number; updatedAt: Date; issues: Issue[] }> => {
      throw new Error('unwritten')
    }),
  discardDraft: procedure('definition:write')
    .input(named)
    .mutation(async (): Promise<DefinitionDetail> => {
      throw new Error('unwritten')
    }),
  verify: procedure('definition:read')
    .input(z.object({ source: z.string().max(1_000_000) }))
    .query(async (): Promise<VerifyResult> => {
      throw new Error('unwritten')
    }),
  publish: procedure('definition:publish')
    .input(publishDefinition)
    .mutation(async (): Promise<PublishedVersion> => {
      throw new Error('unwritten')
    }),
  versions: procedure('definition:read')
    .input(page.extend({ name: definitionName }))
    .query(async (): Promise<Page<VersionListItem>> => {
      throw new Error('unwritten')
    }),
  version: procedure('definition:read')
    .input(z.object({ name: definitionName, version: z.int().min(1) }))
    .query(async (): Promise<VersionDetail> => {
      throw new Error('unwritten')
    }),
  archive: procedure('definition:publish')
    .input(z.object({ name: definitionName, archived: z.boolean().default(true) }))
    .mutation(async (): Promise<{ name: string; archived: boolean }> => {
      throw new Error('unwritten')
    }),
})
