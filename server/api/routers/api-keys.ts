import { z } from 'zod'
import { type ApiKeyItem, createApiKey, type Page, page } from '../contract'
import { procedure, router } from '../trpc'

export const apiKeysRouter = router({
  list: procedure('key:manage')
    .input(page.extend({ all: z.boolean().default(false) }))
    .query(async (): Promise<Page<ApiKeyItem>> => {
      throw new Error('unwritten')
    }),
  create: procedure('key:manage')
    .input(createApiKey)
    .mutation(async (): Promise<{ key: string; item: ApiKeyItem }> => {
      throw new Error('unwritten')
    }),
  revoke: procedure('key:manage')
    .input(z.object({ id: z.string().min(1).max(64) }))
    .mutation(async (): Promise<ApiKeyItem> => {
      throw new Error('unwritten')
    }),
})
