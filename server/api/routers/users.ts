import { z } from 'zod'
import { type Me, type Page, page, saveUser, type UserItem } from '../contract'
import { procedure, publicProcedure, router } from '../trpc'

export const usersRouter = router({
  me: publicProcedure.query(async (): Promise<Me | null> => {
    throw new Error('unwritten')
  }),
  list: procedure('user:manage')
    .input(page.extend({ text: z.string().max(200).optional() }))
    .query(async (): Promise<Page<UserItem>> => {
      throw new Error('unwritten')
    }),
  save: procedure('user:manage')
    .input(saveUser)
    .mutation(async (): Promise<UserItem> => {
      throw new Error('unwritten')
    }),
  createSignInLink: procedure('user:manage')
    .input(z.object({ userId: z.string().min(1).max(64) }))
    .mutation(async (): Promise<{ url: string; expiresAt: Date }> => {
      throw new Error('unwritten')
    }),
})
