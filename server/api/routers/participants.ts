import { z } from 'zod'
import type { ParticipantHealth } from '@/runtime/participant/participant'
import { definitionName, type Page, type ParticipantItem, page, saveParticipant } from '../contract'
import { procedure, router } from '../trpc'

const named = z.object({ name: definitionName })

export const participantsRouter = router({
  list: procedure('participant:read')
    .input(page.extend({ text: z.string().max(200).optional() }))
    .query(async (): Promise<Page<ParticipantItem>> => {
      throw new Error('unwritten')
    }),
  get: procedure('participant:read')
    .input(named)
    .query(async (): Promise<ParticipantItem> => {
      throw new Error('unwritten')
    }),
  save: procedure('participant:write')
    .input(saveParticipant)
    .mutation(async (): Promise<{ participant: ParticipantItem; secret: string | null }> => {
      throw new Error('unwritten')
    }),
  remove: procedure('participant:write')
    .input(named)
    .mutation(async (): Promise<{ name: string }> => {
      throw new Error('unwritten')
    }),
  check: procedure('participant:write')
    .input(named)
    .mutation(async (): Promise<ParticipantHealth> => {
      throw new Error('unwritten')
    }),
  rotateSecret: procedure('participant:write')
    .input(named)
    .mutation(async (): Promise<{ name: string; secret: string }> => {
      throw new Error('unwritten')
    }),
})
