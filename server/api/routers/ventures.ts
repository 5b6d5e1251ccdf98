import { z } from 'zod'
import { type Page, page } from '../contract'
import { procedure, router } from '../trpc'

export interface VentureItem {
  id: string
  name: string
  stage: string
  createdAt: Date
  updatedAt: Date
}

export const saveVenture = z.object({
  id: z.string().min(1).max(64).optional(),
  name: z.string().trim().min(1).max(120),
  stage: z.string().trim().min(1).max(64).default('IDEA'),
})

export const venturesRouter = router({
  list: procedure('saga:read')
    .input(page.extend({ text: z.string().max(200).optional() }))
    .query(async (): Promise<Page<VentureItem>> => {
      throw new Error('unwritten')
    }),
  save: procedure('saga:start')
    .input(saveVenture)
    .mutation(async (): Promise<VentureItem> => {
      throw new Error('unwritten')
    }),
})
