/**
 * Sagas: starting them, finding them, steering them, and following them live.
 *
 * Subscriptions are resumable: an event's id is the journal's position, and a client that lost its connection sends the
 * last one it saw (`lastEventId`).
 */
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { SagaError } from '@/runtime/errors'
import type { Actor, Entry, SagaStatus } from '@/runtime/journal/entry'
import { callbackBodySchema } from '@/runtime/participant/wire'
import type { StartRequest } from '@/runtime/runtime'
import type { Host } from '../../host'
import { awaitSaga, noSaga } from '../../product/await-saga'
import { getVersion } from '../../product/definitions'
import { countSagas, findSagaItem, findWaitsFor, listSagaItems } from '../../product/sagas'
import { steerSteps } from '../../product/steer-steps'
import { followSaga } from '../../realtime/follow-saga'
import type { CallerContext } from '../context'
import {
  count,
  type FeedEvent,
  listSagas,
  MANY_MAX,
  manySagasAction,
  manyStepsAction,
  type Page,
  type SagaAnswer,
  type SagaDetail,
  type SagaListItem,
  type StartAnswer,
  type StuckSagaItem,
  sagaAction,
  sagaId,
  signalSaga,
  startSaga,
  stepAction,
  type WaitsFor,
} from '../contract'
import { toTRPCError } from '../errors'
import { procedure, router, stillAllowed } from '../trpc'

const one = z.object({ sagaId })
/** Entries that come with a saga; the rest is paged. */
const FIRST_ENTRIES = 500
const eventId = z.string().max(500).nullish()

export const sagasRouter = router({
  start: procedure('saga:start')
    .input(startSaga)
    .mutation(
      ({ ctx, input }): Promise<{ sagaId: string }> =>
        ctx.host.runtime.startSaga(startRequest(input, ctx.principal.actor)),
    ),

  startMany: procedure('saga:start')
    .input(z.object({ sagas: z.array(startSaga).min(1).max(MANY_MAX) }))
    .mutation(
      ({ ctx, input }): Promise<StartAnswer[]> =>
        ctx.host.runtime.startMany(
          input.sagas.map((saga) => startRequest(saga, ctx.principal.actor)),
        ),
    ),

  list: procedure('saga:read')
    .input(listSagas)
    .query(({ ctx, input }): Promise<Page<SagaListItem>> => listSagaItems(ctx.host.db, input)),

  counts: procedure('saga:read')
    .input(listSagas.omit({ cursor: true, limit: true, status: true }))
    .query(({ ctx, input }): Promise<Record<SagaStatus, number>> => countSagas(ctx.host.db, input)),

  stuck: procedure('saga:read').query(
    async ({ ctx }): Promise<StuckSagaItem[]> =>
      (await ctx.host.runtime.stuck()).map(({ sagaId, reason, since, retryAt }) => ({
        sagaId,
        reason,
        since: new Date(since),
        retryAt: new Date(retryAt),
      })),
  ),

  get: procedure('saga:read')
    .input(one)
    .query(async ({ ctx, input }): Promise<SagaDetail> => {
      const { db, runtime } = ctx.host
      await awaitSaga(ctx.host, input.sagaId)
      const [item, row] = await Promise.all([
        findSagaItem(db, input.sagaId),
        db.sagaExecution.findUnique({ where: { sagaId: input.sagaId } }),
      ])
      if (!item || !row) throw noSaga(input.sagaId)
      const [version, entries, head, children] = await Promise.all([
        getVersion(db, item.definition, item.version),
        runtime.journal(input.sagaId, 0, FIRST_ENTRIES),
        db.journalEntry.findFirst({
          where: { entityId: input.sagaId },
          orderBy: { seq: 'desc' },
          select: { seq: true },
        }),
        db.sagaExecution.count({ where: { parentId: input.sagaId } }),
      ])
      const last = entries.at(-1)?.seq ?? 0
      return {
        ...item,
        digest: row.definitionDigest,
        document: version.document,
        source: version.source,
        layout: version.layout,
        input: row.input,
        output: row.output,
        timeoutAt: row.timeoutAt,
        parentStep: row.parentStep,
        seq: Math.max(last, head?.seq ?? 0),
        entries,
        hasMoreEntries: (head?.seq ?? 0) > last,
        children,
      }
    }),

  /** Asked again and again by who follows a saga: what waits below it is not in its own journal. */
  waitsFor: procedure('saga:read')
    .input(one)
    .query(({ ctx, input }): Promise<WaitsFor | null> => findWaitsFor(ctx.host.db, input.sagaId)),

  journal: procedure('saga:read')
    .input(
      z.object({
        sagaId,
        afterSeq: count.default(0),
        limit: z.int().min(1).max(1000).default(200),
      }),
    )
    .query(async ({ ctx, input }): Promise<{ entries: Entry[]; hasMore: boolean }> => {
      const read = await ctx.host.runtime.journal(input.sagaId, input.afterSeq, input.limit + 1)
      return { entries: read.slice(0, input.limit), hasMore: read.length > input.limit }
    }),

  pause: procedure('saga:operate')
    .input(sagaAction)
    .mutation(async ({ ctx, input }): Promise<One> => {
      await ctx.host.runtime.pause(input.sagaId, because(ctx, input))
      return { sagaId: input.sagaId }
    }),

  resume: procedure('saga:operate')
    .input(sagaAction)
    .mutation(async ({ ctx, input }): Promise<One> => {
      await ctx.host.runtime.resume(input.sagaId, because(ctx, input))
      return { sagaId: input.sagaId }
    }),

  cancel: procedure('saga:operate')
    .input(sagaAction)
    .mutation(async ({ ctx, input }): Promise<One> => {
      await ctx.host.runtime.cancel(input.sagaId, because(ctx, input))
      return { sagaId: input.sagaId }
    }),

  rollBack: procedure('saga:force')
    .input(sagaAction)
    .mutation(async ({ ctx, input }): Promise<One> => {
      await ctx.host.runtime.rollBack(input.sagaId, because(ctx, input))
      return { sagaId: input.sagaId }
    }),

  retryStep: procedure('saga:operate')
    .input(stepAction)
    .mutation(async ({ ctx, input }): Promise<One> => {
      await ctx.host.runtime.retryStep(input.sagaId, input.step, because(ctx, input))
      return { sagaId: input.sagaId }
    }),

  resolveStep: procedure('saga:operate')
    .input(stepAction)
    .mutation(async ({ ctx, input }): Promise<One> => {
      await ctx.host.runtime.resolveStep(input.sagaId, input.step, because(ctx, input))
      return { sagaId: input.sagaId }
    }),

  giveUp: procedure('saga:operate')
    .input(stepAction)
    .mutation(async ({ ctx, input }): Promise<One> => {
      await ctx.host.runtime.giveUp(input.sagaId, input.step, because(ctx, input))
      return { sagaId: input.sagaId }
    }),

  signal: procedure('saga:operate')
    .input(signalSaga)
    .mutation(async ({ ctx, input }): Promise<One> => {
      const { sagaId, name, payload, idempotencyKey } = input
      await ctx.host.runtime.signal(sagaId, name, payload, ctx.principal.actor, idempotencyKey)
      return { sagaId }
    }),

  pauseMany: procedure('saga:operate')
    .input(manySagasAction)
    .mutation(({ ctx, input }): Promise<SagaAnswer[]> => onMany(ctx, 'pause', input)),

  resumeMany: procedure('saga:operate')
    .input(manySagasAction)
    .mutation(({ ctx, input }): Promise<SagaAnswer[]> => onMany(ctx, 'resume', input)),

  cancelMany: procedure('saga:operate')
    .input(manySagasAction)
    .mutation(({ ctx, input }): Promise<SagaAnswer[]> => onMany(ctx, 'cancel', input)),

  retryMany: procedure('saga:operate')
    .input(manyStepsAction)
    .mutation(
      ({ ctx, input }): Promise<SagaAnswer[]> =>
        steerSteps(ctx.host, { verb: 'retryStep', by: ctx.principal.actor, ...input }),
    ),

  resolveMany: procedure('saga:operate')
    .input(manyStepsAction)
    .mutation(
      ({ ctx, input }): Promise<SagaAnswer[]> =>
        steerSteps(ctx.host, { verb: 'resolveStep', by: ctx.principal.actor, ...input }),
    ),

  signalMany: procedure('saga:operate')
    .input(z.object({ signals: z.array(signalSaga).min(1).max(MANY_MAX) }))
    .mutation(
      ({ ctx, input }): Promise<SagaAnswer[]> =>
        ctx.host.runtime.sendMany(
          input.signals.map((signal) => ({ verb: 'signal', ...signal, by: ctx.principal.actor })),
        ),
    ),

  /** The later result of a call that a participant answered with 202; the same as POST /api/callback/<token>. */
  complete: procedure('saga:operate')
    .input(z.object({ token: z.string().min(1).max(8192), outcome: callbackBodySchema }))
    .mutation(async ({ ctx, input }): Promise<{ accepted: true }> => {
      const { token, outcome } = input
      await ctx.host.runtime.completeCall(
        token,
        outcome.ok ? { ok: true, output: outcome.output ?? null } : outcome,
      )
      return { accepted: true }
    }),

  live: procedure('saga:read')
    .input(z.object({ sagaId, afterSeq: count.default(0), lastEventId: eventId }))
    .subscription(async function* ({ ctx, input, signal }) {
      const { host } = ctx
      const ending = untilClosing(host, signal)
      try {
        await awaitSaga(host, input.sagaId)
        const entries = followSaga({
          runtime: host.runtime,
          watch: host.watch,
          sagaId: input.sagaId,
          afterSeq: seqOf(input.lastEventId) ?? input.afterSeq,
          signal: ending,
          idle: () => stillAllowed(ctx, 'saga:read'),
        })
        for await (const entry of entries) yield tracked(String(entry.seq), entry)
      } catch (error) {
        if (hasGone(host, signal)) return
        throw streamError(error, ending)
      }
    }),

  feed: procedure('saga:read')
    .input(z.object({ after: z.string().max(100).nullish(), lastEventId: eventId }).default({}))
    .subscription(async function* ({ ctx, input, signal }) {
      const { host } = ctx
      const ending = untilClosing(host, signal)
      try {
        const lines = host.feed.follow(input.lastEventId ?? input.after ?? null, {
          signal: ending,
          idle: () => stillAllowed(ctx, 'saga:read'),
        })
        for await (const { cursor, event } of lines)
          yield tracked(cursor, event satisfies FeedEvent)
      } catch (error) {
        if (hasGone(host, signal)) return
        throw streamError(error, ending)
      }
    }),
})

type One = { sagaId: string }

function startRequest(input: z.infer<typeof startSaga>, by: Actor): StartRequest {
  const { definition, version, id, ventureId } = input
  return {
    definition,
    input: input.input,
    by,
    ...(version === undefined ? {} : { version }),
    ...(id === undefined ? {} : { id }),
    ...(ventureId === undefined ? {} : { ventureId }),
  }
}

const because = (
  ctx: CallerContext,
  { reason, idempotencyKey }: { reason: string; idempotencyKey?: string | undefined },
) => ({ by: ctx.principal.actor, reason, idempotencyKey })

/** A saga's answer for each id given. */
function onMany(
  ctx: CallerContext,
  verb: 'pause' | 'resume' | 'cancel',
  { sagaIds, ...why }: z.infer<typeof manySagasAction>,
): Promise<SagaAnswer[]> {
  const by = because(ctx, why)
  return ctx.host.runtime.sendMany(sagaIds.map((sagaId) => ({ verb, sagaId, ...by })))
}

/** The stream's end: its client's, or this process's. */
function untilClosing(host: Host, signal: AbortSignal | undefined): AbortSignal {
  return signal ? AbortSignal.any([signal, host.closing]) : host.closing
}

/** Its client has: the stream just ends, for nobody awaits what would be thrown. */
function hasGone(host: Host, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && !host.closing.aborted
}

/** An abort ends the stream without an answer: a client that is still there reconnects and resumes. */
function streamError(error: unknown, ending: AbortSignal): unknown {
  // servers abort with reasons of their own; to tRPC only an AbortError is one
  return ending.aborted
    ? new DOMException('The stream was ended', 'AbortError')
    : toTRPCError(error)
}

function seqOf(lastEventId: string | null | undefined): number | null {
  if (lastEventId == null) return null
  if (/^\d{1,9}$/.test(lastEventId)) return Number(lastEventId)
  throw new SagaError(
    'INVALID_INPUT',
    `"${lastEventId.slice(0, 40)}" is no event id of this stream.`,
  )
}
