/**
 * Definitions: the shared draft, its findings, and the versions made of it.
 */
import { z } from 'zod'
import { hasErrors, type Issue } from '@/runtime/definition/issue'
import { SagaError } from '@/runtime/errors'
import type { PublishedVersion } from '@/runtime/runtime'
import { textFlaw } from '@/runtime/storable'
import { audit } from '../../audit'
import * as definitions from '../../product/definitions'
import { newDefinitionSource } from '../../product/new-definition'
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
  versionNumber,
} from '../contract'
import { procedure, router } from '../trpc'

/** Null also for one that no column can hold; the findings say so. */
function titleOf(summary: { title: string | null } | null): string | null {
  const title = summary?.title ?? null
  return title === null || textFlaw(title) ? null : title
}

const named = z.object({ name: definitionName })

export const definitionsRouter = router({
  list: procedure('definition:read')
    .input(
      page.extend({ text: z.string().max(200).optional(), archived: z.boolean().default(false) }),
    )
    .query(
      ({ ctx, input }): Promise<Page<DefinitionListItem>> =>
        definitions.listDefinitions(ctx.host.db, ctx.host.checks, input),
    ),

  get: procedure('definition:read')
    .input(named)
    .query(
      ({ ctx, input }): Promise<DefinitionDetail> =>
        definitions.getDefinition(ctx.host.db, input.name),
    ),

  create: procedure('definition:write')
    .input(createDefinition)
    .mutation(async ({ ctx, input }): Promise<DefinitionDetail> => {
      const { db, checks } = ctx.host
      const source = input.source ?? newDefinitionSource(input.name)
      const { summary } = await checks.check(source, input.name)
      const title = titleOf(summary) ?? input.name
      await definitions.createDefinition(db, {
        name: input.name,
        title,
        source,
        by: ctx.principal.name,
      })
      return definitions.getDefinition(db, input.name)
    }),

  saveDraft: procedure('definition:write')
    .input(saveDraft)
    .mutation(
      async ({ ctx, input }): Promise<{ revision: number; updatedAt: Date; issues: Issue[] }> => {
        const { summary, issues } = await ctx.host.checks.check(input.source, input.name)
        const saved = await definitions.saveDraft(ctx.host.db, {
          ...input,
          title: titleOf(summary),
          by: ctx.principal.name,
        })
        return { ...saved, issues }
      },
    ),

  discardDraft: procedure('definition:write')
    .input(named)
    .mutation(async ({ ctx, input }): Promise<DefinitionDetail> => {
      await definitions.discardDraft(ctx.host.db, input.name, ctx.principal.name)
      return definitions.getDefinition(ctx.host.db, input.name)
    }),

  verify: procedure('definition:read')
    .input(z.object({ source: z.string().max(1_000_000), name: definitionName.optional() }))
    .query(async ({ ctx, input }): Promise<VerifyResult> => {
      const { issues } = await ctx.host.checks.check(input.source, input.name)
      return { issues }
    }),

  publish: procedure('definition:publish')
    .input(publishDefinition)
    .mutation(async ({ ctx, input }): Promise<PublishedVersion> => {
      const { db, checks, runtime } = ctx.host
      const { name } = input
      const draft = await definitions.draftAt(db, name, input.revision)
      const { document, issues } = await checks.checkWhole(draft.source, name)
      if (!document || hasErrors(issues)) throw notPublishable(name, issues)
      const published = await runtime.publish({
        document,
        source: draft.source,
        layout: draft.layout,
        by: ctx.principal.actor,
        ...(input.note === undefined ? {} : { note: input.note }),
      })
      checks.forget()
      if (!published.unchanged)
        await audit(db, {
          by: ctx.principal.actor,
          action: 'definition.published',
          subject: `definition/${name}`,
          details: { version: published.version, digest: published.digest },
        })
      return published
    }),

  versions: procedure('definition:read')
    .input(page.extend({ name: definitionName }))
    .query(
      ({ ctx, input }): Promise<Page<VersionListItem>> =>
        definitions.listVersions(ctx.host.db, input),
    ),

  version: procedure('definition:read')
    .input(z.object({ name: definitionName, version: versionNumber }))
    .query(async ({ ctx, input }): Promise<VersionDetail> => {
      const found = await definitions.getVersion(ctx.host.db, input.name, input.version)
      const counts = await definitions.sagasByVersion(ctx.host.db, input.name)
      return { ...found, sagas: counts.get(input.version) ?? 0 }
    }),

  archive: procedure('definition:publish')
    .input(z.object({ name: definitionName, archived: z.boolean().default(true) }))
    .mutation(async ({ ctx, input }): Promise<{ name: string; archived: boolean }> => {
      await ctx.host.db.$transaction(async (tx) => {
        await definitions.archiveDefinition(tx, input.name, input.archived)
        await audit(tx, {
          by: ctx.principal.actor,
          action: input.archived ? 'definition.archived' : 'definition.restored',
          subject: `definition/${input.name}`,
        })
      })
      return input
    }),
})

function notPublishable(name: string, issues: Issue[]): SagaError {
  const errors = issues.filter((issue) => issue.severity === 'error')
  const named = errors
    .slice(0, 3)
    .map((issue) => issue.message)
    .join(' ')
  return new SagaError(
    'INVALID_DEFINITION',
    `${name} has ${errors.length === 1 ? 'an error' : `${errors.length} errors`} and was not published. ${named}`,
    { name, issues },
  )
}
