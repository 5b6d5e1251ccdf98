/** The specification's step and compensation executions, as the views read them from the journal. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Entry, Fact, Message } from '@/runtime/journal/entry'
import { createPostgresDefinitionStore } from '@/runtime/postgres/definition-store'
import { createPostgresStore } from '@/runtime/postgres/postgres-store'
import { createPrisma } from '@/runtime/postgres/prisma'
import { createDatabase } from '@/tests/support/database'
import { documentOf, request } from '../definition/definition-store-conformance'
import { commitOf, sagaRow, TTL } from '../journal/conformance'

let prisma: ReturnType<typeof createPrisma>
let drop: () => Promise<void>

beforeAll(async () => {
  const database = await createDatabase(inject('databaseUrl'))
  drop = database.drop
  prisma = createPrisma(database.url)
})
afterAll(async () => {
  await prisma.$disconnect()
  await drop()
})

const T = Date.UTC(2026, 0, 1)
const error = { kind: 'retryable', code: 'BUSY', message: 'try later' } as const
const result = (output: unknown): Message => ({
  type: 'result',
  call: 'c',
  outcome: { ok: true, output },
})
const started = (step: string, attempt: number): Fact => ({
  t: 'step.started',
  step,
  attempt,
  participant: 'budget',
  operation: 'reserve',
  input: { amount: 5 },
})
const undoing = (step: string, attempt: number): Fact => ({
  t: 'compensation.started',
  step,
  attempt,
  key: 'k',
  participant: 'budget',
  operation: 'release',
})

/** Stores a saga whose nth entry, 100 ms after the one before, has these facts. */
async function sagaWith(entries: [Message, Fact[]][]): Promise<string> {
  const id = `s-${randomUUID()}`
  const definition = { name: `d-${randomUUID()}`, version: 1, digest: randomUUID() }
  const document = documentOf(definition.name)
  Object.assign(document.steps.zebra ?? {}, { title: 'Reserve the budget' })
  await createPostgresDefinitionStore(prisma).publish(request(document, definition.digest))
  const store = createPostgresStore(prisma)
  const lease = await store.acquire('w1', TTL)
  await store.commit(lease, [
    commitOf(id, 0, entries.length, {
      entries: entries.map(
        ([message, facts], i): Entry => ({
          entityId: id,
          seq: i + 1,
          at: T + i * 100,
          message,
          facts,
        }),
      ),
      saga: { ...sagaRow(id), definition },
    }),
  ])
  return id
}

const tick: Message = { type: 'timer', timer: 't' }
const at = (entry: number) => new Date(T + (entry - 1) * 100)

describe('a step execution', () => {
  it('has every field of a step that succeeded at its second attempt', async () => {
    const sagaId = await sagaWith([
      [tick, [{ t: 'saga.started', total: 2 }, started('zebra', 1)]],
      [result(null), [{ t: 'step.failed', step: 'zebra', attempt: 1, error, final: false }]],
      [tick, [started('zebra', 2)]],
      [
        result({ ok: 'a\u0000\u0000 \\u0000 \\\u0000' }),
        [{ t: 'step.succeeded', step: 'zebra', attempt: 2 }],
      ],
    ])
    expect(await prisma.sagaStepExecution.findMany({ where: { sagaId } })).toEqual([
      {
        sagaId,
        stepId: 'zebra',
        stepName: 'Reserve the budget',
        stepType: 'ACTION',
        status: 'COMPLETED',
        participant: 'budget',
        operation: 'reserve',
        parameters: { amount: 5 },
        result: { ok: 'a\ufffd\ufffd \\u0000 \\\ufffd' },
        error: null,
        startedAt: at(1),
        completedAt: at(4),
        durationMs: 300,
        retryCount: 1,
        maxRetries: 5,
      },
    ])
    expect(await prisma.sagaProgress.findUnique({ where: { sagaId } })).toEqual({
      sagaId,
      currentStep: 1,
      retryCount: 1,
      maxRetries: 5,
      version: 4,
    })
  })

  it.each<[string, Fact[]]>([
    ['RUNNING', [started('a', 1)]],
    ['RUNNING', [started('a', 1), { t: 'step.waiting', step: 'a', for: 'callback' }]],
    [
      'PENDING',
      [
        started('a', 1),
        { t: 'step.failed', step: 'a', attempt: 1, error, retryAt: 1, final: false },
      ],
    ],
    ['FAILED', [started('a', 1), { t: 'step.failed', step: 'a', attempt: 1, error, final: true }]],
    ['SKIPPED', [started('a', 1), { t: 'step.stopped', step: 'a' }]],
    ['COMPLETED', [started('a', 1), { t: 'step.succeeded', step: 'a', attempt: 1, output: 7 }]],
  ])('is %s after %j', async (status, facts) => {
    const sagaId = await sagaWith([[tick, facts]])
    const [row] = await prisma.sagaStepExecution.findMany({ where: { sagaId } })
    const failed = facts.some((fact) => fact.t === 'step.failed')
    expect(row).toMatchObject({
      status,
      error: failed ? 'BUSY: try later' : null,
      result: status === 'COMPLETED' ? 7 : null,
    })
    expect(row?.completedAt === null).toBe(status === 'RUNNING' || status === 'PENDING')
  })

  it('of a join does not borrow the output of the branch that came last', async () => {
    const sagaId = await sagaWith([
      [tick, [{ t: 'step.started', step: 'both', attempt: 1 }, started('zebra', 1)]],
      [
        result('of zebra'),
        [
          { t: 'step.succeeded', step: 'zebra', attempt: 1 },
          { t: 'step.succeeded', step: 'both', attempt: 1 },
        ],
      ],
    ])
    const rows = await prisma.sagaStepExecution.findMany({ where: { sagaId } })
    expect(new Map(rows.map((r) => [r.stepId, r.result]))).toEqual(
      new Map<string, unknown>([
        ['both', null],
        ['zebra', 'of zebra'],
      ]),
    )
  })
})

describe('a compensation execution', () => {
  it('has every field of one that was exhausted, then resolved by hand', async () => {
    const facts: [Message, Fact[]][] = [
      [tick, [undoing('zebra', 1)]],
      [result(null), [{ t: 'compensation.failed', step: 'zebra', attempt: 1, error }]],
      [tick, [undoing('zebra', 2)]],
      [
        result(null),
        [
          { t: 'compensation.failed', step: 'zebra', attempt: 2, error },
          { t: 'compensation.exhausted', step: 'zebra', strategy: 'MANUAL_COMPENSATION' },
        ],
      ],
    ]
    const sagaId = await sagaWith(facts)
    const row = {
      sagaId,
      stepId: 'zebra',
      stepName: 'Reserve the budget',
      stepType: 'COMPENSATION',
      status: 'FAILED',
      participant: 'budget',
      operation: 'release',
      parameters: null,
      result: null,
      error: 'BUSY: try later',
      startedAt: at(1),
      completedAt: at(4),
      durationMs: 300,
      retryCount: 1,
      maxRetries: 8,
    }
    expect(await prisma.compensationExecution.findMany({ where: { sagaId } })).toEqual([row])
    expect(await prisma.sagaStepExecution.findMany({ where: { sagaId } })).toEqual([])

    const by = { kind: 'user', id: 'u1', name: 'Ada' } as const
    const resolved = await sagaWith([
      ...facts,
      [
        { type: 'resolve', step: 'zebra', by, reason: 'done by hand' },
        [{ t: 'compensation.resolved', step: 'zebra', by }],
      ],
    ])
    expect(await prisma.compensationExecution.findMany({ where: { sagaId: resolved } })).toEqual([
      {
        ...row,
        sagaId: resolved,
        status: 'SKIPPED',
        error: null,
        completedAt: at(5),
        durationMs: 400,
      },
    ])
  })

  it('that succeeded has the answer as its result', async () => {
    const sagaId = await sagaWith([
      [tick, [undoing('zebra', 1)]],
      [result({ released: 5 }), [{ t: 'compensation.succeeded', step: 'zebra', attempt: 1 }]],
    ])
    expect(await prisma.compensationExecution.findMany({ where: { sagaId } })).toMatchObject([
      { status: 'COMPLETED', result: { released: 5 }, retryCount: 0, durationMs: 100 },
    ])
  })
})

it('both read one saga through its key, whatever else there is', async () => {
  const plan = await prisma.$queryRaw<{ 'QUERY PLAN': string }[]>`
    EXPLAIN SELECT * FROM step_facts('x', 'step')`
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('journal_pkey')
})
