/**
 * A runtime on a real PostgreSQL, within this process and in real time, with participants that remember what they did by
 * idempotency key, as the participant kit's inbox does.
 */
import { createRuntime, type RuntimeOptions } from '@/runtime/create-runtime'
import type { Outcome } from '@/runtime/journal/entry'
import type { ParticipantCall } from '@/runtime/participant/participant'
import { createPostgresStore } from '@/runtime/postgres/postgres-store'
import { createPrisma, type PrismaOptions } from '@/runtime/postgres/prisma'
import { systemClock, systemIds } from '@/runtime/system'
import { action, ok, saga } from './dry-run'
import { memoryDefinitions } from './memory-definitions'

export const threeSteps = saga({
  start: 'a',
  steps: { a: action('a', 'b'), b: action('b', 'c'), c: action('c') },
})

/** The world outside of all workers: what was done, once per key. */
export class Effects {
  readonly done = new Map<string, Outcome>()
  calls = 0

  perform({ key }: ParticipantCall): Outcome {
    this.calls++
    const before = this.done.get(key)
    if (before) return before
    const outcome = ok({ n: this.done.size })
    this.done.set(key, outcome)
    return outcome
  }
}

export function databaseWorker(
  url: string,
  effects: Effects,
  more: Partial<RuntimeOptions> & { prisma?: PrismaOptions } = {},
) {
  const { prisma: limits, ...options } = more
  const prisma = createPrisma(url, {
    poolMax: 4,
    connectTimeoutMs: 4_000,
    statementTimeoutMs: 3_000,
    queryTimeoutMs: 1_500,
    ...limits,
  })
  const leases = createPrisma(url, {
    poolMax: 2,
    connectTimeoutMs: 4_000,
    statementTimeoutMs: 1_000,
    queryTimeoutMs: 1_000,
  })
  const logs: string[] = []
  const log = (message: string, fields?: Record<string, unknown>) =>
    void logs.push(`${message} ${fields?.error ?? ''}`)
  const store = createPostgresStore(prisma, { leases })
  const runtime = createRuntime({
    store,
    definitions: memoryDefinitions(threeSteps),
    participants: { find: async () => ({ call: async (call) => effects.perform(call) }) },
    callbackTokens: { sign: (sagaId, call) => `${sagaId}|${call}`, verify: () => null },
    clock: systemClock,
    ids: systemIds,
    logger: { info: log, warn: log, error: log },
    ...options,
  })
  return {
    runtime,
    store,
    prisma,
    logs,
    async end() {
      await runtime.stop()
      await Promise.all([prisma.$disconnect(), leases.$disconnect()])
    },
  }
}
