/**
 * Batches of verbs on a real PostgreSQL, over two workers: what is asked together is stored in one round trip, and each
 * item has an answer of its own, wherever its saga runs.
 */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { SagaRequest } from '@/runtime'
import { shardOf } from '@/runtime/journal/store'
import { createDatabase } from '@/tests/support/database'
import { databaseWorker, Effects } from '@/tests/support/database-worker'
import { action, BY, saga } from '@/tests/support/dry-run'
import { memoryDefinitions } from '@/tests/support/memory-definitions'

const hears = saga({
  name: 'hears',
  start: 'first',
  steps: {
    first: { type: 'signal', signal: 'word', next: 'second' },
    second: { type: 'signal', signal: 'word', next: 'a' },
    a: action('a'),
  },
})
const asks = saga({
  name: 'asks',
  input: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
  start: 'gate',
  steps: { gate: { type: 'approval', question: 'Go on?', next: 'a' }, a: action('a') },
})
const by = { by: BY, reason: 'test' }

let url: string
let drop: () => Promise<void>
let first: ReturnType<typeof databaseWorker>
let second: ReturnType<typeof databaseWorker>
beforeAll(async () => {
  const database = await createDatabase(inject('databaseUrl'))
  url = database.url
  drop = database.drop
  const worker = () =>
    databaseWorker(url, new Effects(), {
      definitions: memoryDefinitions(hears, asks),
      pollMs: 50,
      verdictMs: 10_000,
    })
  first = worker()
  second = worker()
  await first.runtime.start()
  await second.runtime.start()
  await vi.waitFor(
    () => {
      const shards = [first, second].map(({ runtime }) => runtime.health().shards)
      expect(Math.min(...shards)).toBeGreaterThan(16)
      expect(shards.reduce((sum, n) => sum + n)).toBe(64)
    },
    { timeout: 20_000, interval: 50 },
  )
}, 60_000)
afterAll(async () => {
  await Promise.all([first?.end(), second?.end()])
  await drop?.()
})

const ids = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, n) => `${prefix}-${n}`)
const start = async (names: readonly string[], definition = 'hears') => {
  const answers = await first.runtime.startMany(
    names.map((id) => ({ definition, input: { n: 1 }, id })),
  )
  expect(answers).toEqual(names.map((sagaId) => ({ sagaId })))
  // Each has taken its start, wherever it runs.
  await vi.waitFor(
    async () => {
      const entities = await first.store.load([...names])
      expect(entities).toHaveLength(names.length)
    },
    { timeout: 10_000, interval: 50 },
  )
}
const status = async (sagaId: string) =>
  (await first.prisma.sagaExecution.findUnique({ where: { sagaId } }))?.status

describe('a batch', () => {
  it('is posted in one round trip, and every saga answers for itself, on whichever worker', async () => {
    const names = ids(400, 'many')
    await start(names)
    const post = vi.spyOn(first.store, 'post')
    const answers = await first.runtime.sendMany(
      names.map((sagaId): SagaRequest => ({ verb: 'pause', sagaId, ...by })),
    )
    expect(post.mock.calls.filter(([envelopes]) => envelopes.length > 0)).toHaveLength(1)
    post.mockRestore()
    expect(answers).toEqual(names.map((sagaId) => ({ sagaId })))
    const paused = await first.prisma.sagaExecution.count({
      where: { sagaId: { startsWith: 'many-' }, status: 'PAUSED' },
    })
    expect(paused).toBe(400)
    const owners = new Set(names.map((id) => shardOf(id)))
    expect(owners.size).toBeGreaterThan(40)
  })

  it('answers what cannot be done one by one, and does the rest', async () => {
    const names = ids(5, 'mixed')
    await start(names)
    await first.runtime.pause('mixed-1', by)
    const answers = await first.runtime.sendMany([
      { verb: 'pause', sagaId: 'mixed-0', ...by },
      { verb: 'pause', sagaId: 'mixed-1', ...by },
      { verb: 'pause', sagaId: 'mixed-nobody', ...by },
      { verb: 'pause', sagaId: 'mixed-\u0000', ...by },
      { verb: 'cancel', sagaId: 'mixed-2', ...by },
      { verb: 'retryStep', sagaId: 'mixed-3', step: 'nowhere', ...by },
      { verb: 'signal', sagaId: 'mixed-4', name: 'word', payload: 1 },
    ])
    expect(answers).toEqual([
      { sagaId: 'mixed-0' },
      { sagaId: 'mixed-1', error: { code: 'WRONG_STATE', message: expect.any(String) } },
      { sagaId: 'mixed-nobody', error: { code: 'NOT_FOUND', message: expect.any(String) } },
      { sagaId: 'mixed-\u0000', error: { code: 'INVALID_INPUT', message: expect.any(String) } },
      { sagaId: 'mixed-2' },
      { sagaId: 'mixed-3', error: { code: 'NOT_FOUND', message: expect.any(String) } },
      { sagaId: 'mixed-4' },
    ])
    expect(await status('mixed-0')).toBe('PAUSED')
    expect(await status('mixed-2')).toBe('ROLLED_BACK')
  })

  it('asked again under its keys gets the first answers and does nothing twice', async () => {
    await start(['again-0', 'again-1'])
    const requests: SagaRequest[] = [
      { verb: 'signal', sagaId: 'again-0', name: 'word', payload: 1, idempotencyKey: 'k' },
      { verb: 'cancel', sagaId: 'again-1', ...by, idempotencyKey: 'k' },
      { verb: 'pause', sagaId: 'again-1', ...by, idempotencyKey: 'k' },
    ]
    const answers = await first.runtime.sendMany(requests)
    expect(answers.map((answer) => 'error' in answer && answer.error.code)).toEqual([
      false,
      false,
      'WRONG_STATE',
    ])
    expect(await second.runtime.sendMany(requests)).toEqual(answers)
    expect(await first.runtime.sendMany([...requests, ...requests])).toEqual([
      ...answers,
      ...answers,
    ])
    const taken = (await first.runtime.journal('again-0')).map(({ message }) => message.type)
    expect(taken).toEqual(['start', 'signal'])
    await expect(first.runtime.signal('again-0', 'word', 2, BY, 'k')).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(await first.runtime.journal('again-0')).toHaveLength(2)
    await first.runtime.signal('again-0', 'word', 2, BY, 'another')
    await first.runtime.waitForEnd('again-0')
  })

  it('keeps the order of what is asked of one saga', async () => {
    await start(['order'])
    const answers = await first.runtime.sendMany(
      (['pause', 'resume', 'pause', 'resume', 'cancel'] as const).map((verb) => ({
        verb,
        sagaId: 'order',
        ...by,
      })),
    )
    expect(answers).toEqual(Array(5).fill({ sagaId: 'order' }))
  })

  it('of decisions opens each gate once, and names those that moved on', async () => {
    const names = ids(50, 'gate')
    await start(names, 'asks')
    const decide = (sagaId: string, seenSeq = 1): SagaRequest => ({
      verb: 'decide',
      sagaId,
      step: 'gate',
      decision: 'CONTINUE',
      reasoning: '',
      seenSeq,
      by: BY,
      idempotencyKey: 'once',
    })
    const requests = [...names.map((id) => decide(id)), decide('gate-0', 0)]
    const answers = await first.runtime.sendMany(requests)
    expect(answers.slice(0, 50)).toEqual(
      names.map((sagaId) => ({ sagaId, decisionId: expect.any(String) })),
    )
    expect(answers[50]).toMatchObject({ error: { code: 'MOVED_ON' } })
    expect(await second.runtime.sendMany(requests)).toEqual(answers)
    const decisions = await first.prisma.chairmanSagaDecision.count({
      where: { sagaId: { startsWith: 'gate-' } },
    })
    expect(decisions).toBe(50)
  })

  it('of more than 1,000 is refused whole, before anything is done', async () => {
    const many = Array.from({ length: 1_001 }, () => ({
      verb: 'pause' as const,
      sagaId: 'mixed-3',
      ...by,
    }))
    await expect(first.runtime.sendMany(many)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(await status('mixed-3')).toBe('RUNNING')
  })
})

describe('starting many', () => {
  it('answers bad ones one by one and starts the rest', async () => {
    const answers = await first.runtime.startMany([
      { definition: 'asks', input: { n: 1 }, id: 'begun-0' },
      { definition: 'asks', input: { n: 'one' }, id: 'begun-1' },
      { definition: 'nobody', input: null, id: 'begun-2' },
      ...ids(8, 'begun-\u0000').map((id) => ({ definition: 'asks', input: { n: 1 }, id })),
      { definition: 'asks', input: { n: 1 }, id: 'begun-3' },
      { definition: 'asks', input: { n: 1 }, id: 'begun-3' },
    ])
    expect(
      answers.map((answer) => ('error' in answer ? answer.error.code : answer.sagaId)),
    ).toEqual(
      ['begun-0', 'INVALID_INPUT', 'NOT_FOUND', ...Array(8).fill('INVALID_INPUT')].concat([
        'begun-3',
        'begun-3',
      ]),
    )
    await vi.waitFor(
      async () => {
        expect(await status('begun-0')).toBe('RUNNING')
        expect(await status('begun-3')).toBe('RUNNING')
      },
      { timeout: 10_000 },
    )
  })
})

describe('single verbs', () => {
  it('that come at the same time share a round trip', async () => {
    const names = ids(300, 'apart')
    await start(names)
    const post = vi.spyOn(first.store, 'post')
    await Promise.all(names.map((sagaId) => first.runtime.pause(sagaId, by)))
    expect(post.mock.calls.length).toBeLessThanOrEqual(3)
    post.mockRestore()
  })

  it('that the store cannot hold fail alone', async () => {
    await start(['alone'])
    const asked = await Promise.allSettled([
      first.runtime.pause('alone', by),
      first.runtime.pause('al\u0000ne', by),
    ])
    expect(asked.map((one) => one.status)).toEqual(['fulfilled', 'rejected'])
    expect(asked[1]).toMatchObject({ reason: { code: 'INVALID_INPUT' } })
  })
})
