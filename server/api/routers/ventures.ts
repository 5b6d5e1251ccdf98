/**
 * Ventures: what sagas are run for.
 */
import { z } from 'zod'
import { SagaError } from '@/runtime/errors'
import { contains, pageOf, readCursor } from '../../product/cursor'
import { isUniqueViolation } from '../../product/definitions'
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
    .query(({ ctx, input }): Promise<Page<VentureItem>> => {
      const after = readCursor(input.cursor, z.tuple([z.string()]))
      const words = input.text?.trim()
      const like = { contains: contains(words ?? '').slice(1, -1), mode: 'insensitive' as const }
      return ctx.host.db.venture
        .findMany({
          where: {
            AND: [words ? { name: like } : {}, after ? { name: { gt: after[0] } } : {}],
          },
          orderBy: { name: 'asc' },
          take: input.limit + 1,
        })
        .then((rows) =>
          pageOf(rows, input.limit, { item: (row) => row, position: (row) => [row.name] }),
        )
    }),

  save: procedure('saga:start')
    .input(saveVenture)
    .mutation(async ({ ctx, input }): Promise<VentureItem> => {
      const { id, ...data } = input
      const { venture } = ctx.host.db
      try {
        if (id === undefined) return await venture.create({ data })
        const { count } = await venture.updateMany({ where: { id }, data })
        if (count === 0)
          throw new SagaError('NOT_FOUND', `There is no venture ${id}. See the list.`, { id })
        return await venture.findUniqueOrThrow({ where: { id } })
      } catch (error) {
        if (!isUniqueViolation(error)) throw error
        throw new SagaError('ALREADY_EXISTS', `A venture called ${data.name} exists already.`, data)
      }
    }),
})
