/**
 * Who is who: an id names one saga, whoever asks; a child's id cannot be taken; orders come from the one who may give them.
 */
import { describe, expect, it } from 'vitest'
import { createRuntime, type RuntimeOptions } from '@/runtime/create-runtime'
import type { SagaDocument } from '@/runtime/definition/schema'
import type { Message } from '@/runtime/journal/entry'
import { createMemoryStore, type MemoryStore } from '@/runtime/journal/memory-store'
import { systemIds } from '@/runtime/system'
import { action, BY, DryRun, ok, saga } from '../../support/dry-run'
import { memoryDefinitions } from '../../support/memory-definitions'
import { VirtualClock } from '../../support/virtual-clock'

const part = saga({ name: 'part', start: 'x', steps: { x: action('x') } })
const whole = saga({ start: 'sub', steps: { sub: { type: 'saga', saga: 'part' } } })

class Bench {
  readonly clock = new VirtualClock()
  readonly store: MemoryStore = createMemoryStore(this.clock)
  readonly documents: SagaDocument[]
  readonly operations: string[] = []
  constructor(...documents: SagaDocument[]) {
    this.documents = documents
  }
  async runtime(more: Partial<RuntimeOptions> = {}) {
    const runtime = createRuntime({
      store: this.store,
      definitions: memoryDefinitions(...this.documents),
      participants: {
        find: async () => ({
          call: async ({ operation }) => {
            this.operations.push(operation)
            return ok()
          },
        }),
      },
      callbackTokens: { sign: (id, call) => `${id}|${call}`, verify: () => null },
      clock: this.clock,
      ids: systemIds,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      ...more,
    })
    await runtime.start()
    return runtime
  }
}

describe("a child's id", () => {
  it('cannot be chosen by a caller, and ids with single dots and tildes can', async () => {
    const bench = new Bench(whole, part)
    const runtime = await bench.runtime()
    for (const id of ['ord-1..sub', '..', 'a..'])
      await expect(runtime.startSaga({ definition: 'part', input: {}, id })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining('two dots in a row'),
      })
    for (const id of ['ord-1.sub', 'ord-1.lines.0~2'])
      await runtime.startSaga({ definition: 'part', input: {}, id })
    await runtime.startSaga({ definition: 'test', input: {}, id: 'ord-1' })
    await bench.clock.advance(2000)
    expect(bench.store.saga('ord-1')?.status).toBe('COMPLETED')
    expect(bench.store.saga('ord-1..sub')).toMatchObject({ status: 'COMPLETED', parentId: 'ord-1' })
    await runtime.stop()
  })

  it('that is taken all the same fails its parent, and the saga that has it stays as it is', async () => {
    const bench = new Bench(whole, part)
    const runtime = await bench.runtime()
    // Format 1 gave children such ids, and its sagas may still run.
    await runtime.startSaga({ definition: 'part', input: {}, id: 'old.sub' })
    await bench.clock.advance(1000)
    const message: Message = {
      type: 'start',
      definition: { name: 'test', version: 0, digest: '' },
      input: {},
    }
    await bench.store.post([{ id: 'start:old', entityId: 'old', message }])
    await bench.clock.advance(1000)
    expect(bench.store.saga('old')).toMatchObject({
      status: 'ROLLED_BACK',
      failureCode: 'CHILD_REFUSED',
    })
    expect(bench.store.saga('old.sub')).toMatchObject({ status: 'COMPLETED', parentId: null })
    expect(bench.operations).toEqual(['do_x'])
    await runtime.stop()
  })

  it('that another parent gives a child is refused, and the same start once more is not', () => {
    const run = new DryRun([whole, part], () => 'hang').start('test')
    const [start] = run.entries('s..sub')
    expect(run.send('s..sub', start?.message as Message)).toEqual({
      accepted: true,
      changed: false,
    })
    expect(
      run.send('s..sub', {
        ...(start?.message as Extract<Message, { type: 'start' }>),
        parent: { sagaId: 'other', step: 'sub' },
      }),
    ).toEqual({
      accepted: false,
      code: 'ALREADY_EXISTS',
      reason:
        'Saga s..sub has been started already, as a child of s; choose another id, or send the same start again',
    })
  })
})

describe('an unwind', () => {
  it("is taken from the saga's own parent only", () => {
    const run = new DryRun([whole, part], () => 'hang').start('test')
    const unwind = { type: 'unwind', reason: 'r', force: true } as const
    for (const from of ['other', 's..sub', undefined])
      expect(
        run.send('s..sub', { ...unwind, ...(from === undefined ? {} : { from }) }),
      ).toMatchObject({ accepted: false, code: 'FORBIDDEN' })
    expect(run.send('s', { ...unwind, from: 's' })).toMatchObject({ code: 'FORBIDDEN' })
    expect(run.send('s', unwind)).toMatchObject({ code: 'FORBIDDEN' })
    expect(run.send('s..sub', { ...unwind, from: 's' })).toMatchObject({ accepted: true })
  })
})

describe('a start under an id that is used', () => {
  const doors: [string, Partial<RuntimeOptions> | null][] = [
    ['by the worker that owns it', null],
    ['by way of the mailbox', { workerId: 'other' }],
  ]
  it.each(doors)('%s is answered alike when it is the same, else refused', async (_, other) => {
    const bench = new Bench(whole, part)
    const owner = await bench.runtime()
    const first = { definition: 'part', input: { a: 1, b: [2] }, id: 'dup' }
    await owner.startSaga(first)
    await bench.clock.advance(1000)
    // Another process that owns nothing yet.
    const asked = other ? createStandby(bench) : owner
    expect(await asked.startSaga({ ...first, input: { b: [2], a: 1 } })).toEqual({ sagaId: 'dup' })
    for (const [change, why] of [
      [{ input: { a: 2, b: [2] } }, 'with another input'],
      [{ definition: 'test' }, 'as part'],
      [{ ventureId: 'v' }, 'for venture none'],
    ] as const)
      await expect(asked.startSaga({ ...first, ...change })).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        message: `Saga dup has been started already, ${why}; choose another id, or send the same start again`,
      })
    expect(await asked.startSaga(first)).toEqual({ sagaId: 'dup' })
    await bench.clock.advance(1000)
    expect(bench.operations).toEqual(['do_x'])
    await owner.stop()
  })

  it.each(doors)('%s is refused in one batch too', async (_, other) => {
    const bench = new Bench(whole, part)
    const owner = await bench.runtime()
    const asked = other ? createStandby(bench) : owner
    const start = { definition: 'part', id: 'one' }
    const answers = await asked.startMany([
      { ...start, input: 1 },
      { ...start, input: 2 },
      { ...start, input: 1 },
    ])
    expect(answers).toMatchObject([
      { sagaId: 'one' },
      { error: { code: 'ALREADY_EXISTS' } },
      { sagaId: 'one' },
    ])
    await bench.clock.advance(1000)
    expect(bench.operations).toEqual(['do_x'])
    await owner.stop()
  })

  /** A runtime that was not started: it owns no shard, and everything it is asked goes through the mailbox. */
  function createStandby(bench: Bench) {
    return createRuntime({
      store: bench.store,
      definitions: memoryDefinitions(...bench.documents),
      participants: { find: async () => undefined },
      callbackTokens: { sign: () => '', verify: () => null },
      clock: bench.clock,
      ids: systemIds,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
    })
  }
})

describe('an idempotency key', () => {
  const waits = saga({
    start: 'w',
    steps: { w: { type: 'signal', signal: 'go', next: 'v' }, v: { type: 'signal', signal: 'go' } },
  })
  it('that comes again with other arguments is refused, also in one batch', async () => {
    const bench = new Bench(waits)
    const runtime = await bench.runtime()
    await runtime.startSaga({ definition: 'test', input: {}, id: 'one' })
    const key = { idempotencyKey: 'k' }
    const asked = runtime.sendMany([
      { verb: 'signal', sagaId: 'one', name: 'go', payload: { n: 1 }, ...key },
      { verb: 'signal', sagaId: 'one', name: 'go', payload: { n: 2 }, ...key },
      { verb: 'pause', sagaId: 'one', by: BY, reason: 'one', idempotencyKey: 'p' },
    ])
    await bench.clock.advance(1000)
    expect(await asked).toMatchObject([
      { sagaId: 'one' },
      { error: { code: 'CONFLICT', message: expect.stringContaining('another signal') } },
      { sagaId: 'one' },
    ])
    const again = runtime.sendMany([
      { verb: 'signal', sagaId: 'one', name: 'go', payload: { n: 1 }, ...key },
      { verb: 'signal', sagaId: 'one', name: 'go', payload: { n: 3 }, ...key },
      {
        verb: 'pause',
        sagaId: 'one',
        by: { ...BY, name: 'Else' },
        reason: 'one',
        idempotencyKey: 'p',
      },
      { verb: 'pause', sagaId: 'one', by: BY, reason: 'two', idempotencyKey: 'p' },
    ])
    await bench.clock.advance(1000)
    const answers = await again
    expect(answers.map((one) => ('error' in one ? one.error.code : 'ok'))).toEqual([
      'ok',
      'CONFLICT',
      'ok',
      'CONFLICT',
    ])
    await runtime.stop()
  })

  it('under which a gate was decided is refused for another decision', async () => {
    const gate = saga({
      start: 'g',
      steps: { g: { type: 'approval', question: 'Go?', roles: ['chairman'] } },
    })
    const bench = new Bench(gate)
    const runtime = await bench.runtime()
    await runtime.startSaga({ definition: 'test', input: {}, id: 'one' })
    const decide = (decision: 'CONTINUE' | 'ABORT') =>
      runtime.decide({
        ...{ sagaId: 'one', step: 'g', decision, reasoning: 'so', seenSeq: 1 },
        ...{ by: BY, idempotencyKey: 'k' },
      })
    const first = decide('CONTINUE')
    await bench.clock.advance(1000)
    const same = decide('CONTINUE')
    expect(await same).toEqual(await first)
    await expect(decide('ABORT')).rejects.toMatchObject({ code: 'CONFLICT' })
    await runtime.stop()
  })
})
