import { tracked } from '@trpc/server'
import { z } from 'zod'
import type { Entry } from '@/runtime/journal/entry'
import {
  type FeedEvent,
  listSagas,
  type Page,
  type SagaDetail,
  type SagaListItem,
  sagaAction,
  sagaId,
  signalSaga,
  startSaga,
  stepAction,
} from '../contract'
import { procedure, router } from '../trpc'

const one = z.object({ sagaId })

export const sagasRouter = router({
  start: procedure('saga:start')
    .input(startSaga)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  startMany: procedure('saga:start')
    .input(z.object({ sagas: z.array(startSaga).min(1).max(1000) }))
    .mutation(
      async (): Promise<({ sagaId: string } | { error: { code: string; message: string } })[]> => {
        throw new Error('unwritten')
      },
    ),
  list: procedure('saga:read')
    .input(listSagas)
    .query(async (): Promise<Page<SagaListItem>> => {
      throw new Error('unwritten')
    }),
  counts: procedure('saga:read')
    .input(listSagas.omit({ cursor: true, limit: true, status: true }))
    .query(async (): Promise<Record<SagaListItem['status'], number>> => {
      throw new Error('unwritten')
    }),
  get: procedure('saga:read')
    .input(one)
    .query(async (): Promise<SagaDetail> => {
      throw new Error('unwritten')
    }),
  journal: procedure('saga:read')
    .input(
      z.object({
        sagaId,
        afterSeq: z.int().min(0).default(0),
        limit: z.int().min(1).max(1000).default(200),
      }),
    )
    .query(async (): Promise<{ entries: Entry[]; hasMore: boolean }> => {
      throw new Error('unwritten')
    }),
  pause: procedure('saga:operate')
    .input(sagaAction)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  resume: procedure('saga:operate')
    .input(sagaAction)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  cancel: procedure('saga:operate')
    .input(sagaAction)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  rollBack: procedure('saga:force')
    .input(sagaAction)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  retryStep: procedure('saga:operate')
    .input(stepAction)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  resolveStep: procedure('saga:operate')
    .input(stepAction)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  signal: procedure('saga:operate')
    .input(signalSaga)
    .mutation(async (): Promise<{ sagaId: string }> => {
      throw new Error('unwritten')
    }),
  complete: procedure('saga:operate')
    .input(z.object({ token: z.string().min(1).max(2000), outcome: z.json() }))
    .mutation(async (): Promise<{ accepted: true }> => {
      throw new Error('unwritten')
    }),
  live: procedure('saga:read')
    .input(
      z.object({
        sagaId,
        afterSeq: z.int().min(0).default(0),
        lastEventId: z.string().max(64).nullish(),
      }),
    )
    .subscription(async function* () {
      yield tracked('0', {} as Entry)
    }),
  feed: procedure('saga:read')
    .input(
      z
        .object({
          after: z.string().max(500).nullish(),
          lastEventId: z.string().max(500).nullish(),
        })
        .default({}),
    )
    .subscription(async function* () {
      yield tracked('0', {} as FeedEvent)
    }),
})
