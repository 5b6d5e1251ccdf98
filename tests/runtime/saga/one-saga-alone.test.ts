/**
 * One saga's trouble is its own. Whatever a decision or a commit throws, that saga alone is set aside and named as stuck with
 * a reason, its neighbours complete, and nobody's start is refused; and the operator can end it.
 *
 * Format 1 is the way to values that newer rules refuse by themselves: its sagas are decided by the rules they began under.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRuntime, type RuntimeOptions } from '@/runtime/create-runtime'
import type { SagaDocument } from '@/runtime/definition/schema'
import { SagaError } from '@/runtime/errors'
import type { Message, Outcome } from '@/runtime/journal/entry'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import type { ParticipantCall } from '@/runtime/participant/participant'
import { takeIn } from '@/runtime/saga/commit-failure'
import { emptyResident } from '@/runtime/saga/resident'
import { systemIds } from '@/runtime/system'
import { action, BY, no, ok, saga } from '../../support/dry-run'
import { memoryDefinitions } from '../../support/memory-definitions'
import { oddSaga } from '../../support/odd-saga'
import { VirtualClock } from '../../support/virtual-clock'

const healthy = saga({
  name: 'healthy',
  start: 'a',
  steps: { a: action('a', 'b'), b: action('b') },
})
const until = saga({
  name: 'until',
  start: 'hold',
  steps: { hold: action('hold', 'w'), w: { type: 'wait', until: 'steps.hold.at' } },
})
const untilInput = saga({
  name: 'until-input',
  start: 'w',
  steps: { w: { type: 'wait', until: 'input.at' } },
})
const by = { by: BY, reason: 'test' }

class Bench {
  readonly clock = new VirtualClock()
  readonly store = createMemoryStore(this.clock)
  answer: (call: ParticipantCall) => Outcome = () => ok()
  readonly #documents: SagaDocument[]
  constructor(...documents: SagaDocument[]) {
    this.#documents = [healthy, ...documents]
  }

  runtime(more: Partial<RuntimeOptions> = {}) {
    return createRuntime({
      store: this.store,
      definitions: memoryDefinitions(...this.#documents),
      participants: { find: async () => ({ call: async (call) => this.answer(call) }) },
      callbackTokens: { sign: (id, call) => `${id}|${call}`, verify: () => null },
      clock: this.clock,
      ids: systemIds,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      ...more,
    })
  }

  /** Under the rules of the first format. */
  async startOld(name: string, id: string, input: unknown): Promise<void> {
    const message: Message = { type: 'start', definition: { name, version: 0, digest: '' }, input }
    await this.store.post([{ id: `start:${id}`, entityId: id, message }])
  }
}

/** Resolves after so much virtual time, with what came of it meanwhile. */
async function within<T>(bench: Bench, ms: number, work: Promise<T>): Promise<T> {
  const settled = work.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error
    },
  )
  await bench.clock.advance(ms)
  return (await settled)()
}

describe('a saga whose decision cannot be stored', () => {
  for (const at of [1_800_000_000_000.5, 1e19, 1e300, 9.3e18])
    it(`is set aside alone when its timer is due at ${at}, again after a restart, and can be cancelled`, async () => {
      const bench = new Bench(until)
      bench.answer = (call) => (call.step === 'hold' ? ok({ at }) : ok())
      const first = bench.runtime()
      await first.start()
      await bench.startOld('until', 'odd', null)
      await bench.clock.advance(8_000)
      await check(first, 'before')
      await first.stop()

      const second = bench.runtime()
      await second.start()
      await bench.clock.advance(500)
      await check(second, 'after')
      await within(bench, 2_000, second.cancel('odd', by))
      await bench.clock.advance(30_000)
      expect(bench.store.saga('odd')?.status).toBe('ROLLED_BACK')
      expect(second.health().stuck.count).toBe(0)
      await second.stop()

      async function check(runtime: ReturnType<Bench['runtime']>, id: string) {
        expect(runtime.health()).toMatchObject({ status: 'active', backlogMs: 0 })
        const [stuck] = await runtime.stuck()
        expect(stuck?.sagaId).toBe('odd')
        expect(stuck?.reason).toMatch(/no instant .*; cancel the saga, or roll it back/)
        await within(bench, 1_000, runtime.startSaga({ definition: 'healthy', input: null, id }))
        expect(bench.store.saga(id)?.status).toBe('COMPLETED')
      }
    })

  it('is ended by a cancel that comes while its start is set aside', async () => {
    const bench = new Bench(untilInput)
    const runtime = bench.runtime()
    await runtime.start()
    await bench.startOld('until-input', 'odd', { at: 1e300 })
    await bench.clock.advance(1_000)
    expect(await runtime.stuck()).toMatchObject([{ sagaId: 'odd' }])
    await within(bench, 2_000, runtime.cancel('odd', by))
    expect(bench.store.saga('odd')?.status).toBe('ROLLED_BACK')
    await runtime.stop()
  })

  it('has its start refused by a cancel when that can never be stored, and its parent is told', async () => {
    const parent = saga({
      name: 'parent',
      start: 'child',
      steps: { child: { type: 'saga', saga: 'until-input' } },
    })
    const bench = new Bench(untilInput, parent)
    const { commit } = bench.store
    bench.store.commit = async (lease, list) => {
      for (const { entityId, entries } of list)
        if (entityId.startsWith('p') && entityId !== 'p' && entries.length > 0)
          throw new RangeError('Invalid string length')
      return commit.call(bench.store, lease, list)
    }
    const runtime = bench.runtime()
    await runtime.start()
    await within(bench, 1_000, runtime.startSaga({ definition: 'parent', input: {}, id: 'p' }))
    const [stuck] = await runtime.stuck()
    expect(stuck?.reason).toBe('Invalid string length')
    const refused = within(bench, 2_000, runtime.cancel(stuck?.sagaId ?? '', by))
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await bench.clock.advance(1_000)
    expect(bench.store.saga('p')?.status).toBe('ROLLED_BACK')
    expect(runtime.health().stuck.count).toBe(0)
    await runtime.stop()
  })

  for (const [what, error] of [
    ['a RangeError', new RangeError('Maximum call stack size exceeded')],
    ['a TypeError', new TypeError('Do not know how to serialize a BigInt')],
    ['an error without a word', new Error('?')],
    ['a bound', new SagaError('LIMIT_EXCEEDED', 'row is too large')],
    ['an error that names it', new SagaError('INVALID_INPUT', 'no', { entityId: 's7' })],
  ] as const)
    it(`is set aside alone when its commit throws ${what}`, async () => {
      const bench = new Bench()
      const { commit } = bench.store
      bench.store.commit = async (lease, list) => {
        if (list.some((one) => one.entityId === 's7')) throw error
        return commit.call(bench.store, lease, list)
      }
      const runtime = bench.runtime()
      await runtime.start()
      const ids = Array.from({ length: 20 }, (_, n) => `s${n}`)
      void runtime.startMany(ids.map((id) => ({ definition: 'healthy', input: null, id })))
      await bench.clock.advance(4_000)
      const ended = ids.filter((id) => bench.store.saga(id)?.status === 'COMPLETED')
      expect(ended).toEqual(ids.filter((id) => id !== 's7'))
      expect(runtime.health()).toMatchObject({
        status: 'active',
        backlogMs: 0,
        stuck: { count: 1, sagas: [{ sagaId: 's7', reason: error.message }] },
      })
      await runtime.stop()
    })

  it('does not keep the others from being brought back when it cannot be read', async () => {
    const waits = saga({ name: 'waits', start: 'a', steps: { a: action('a') } })
    const bench = new Bench(waits)
    bench.answer = () => no('retryable')
    const first = bench.runtime({
      participants: { find: async () => ({ call: () => new Promise(() => {}) }) },
    })
    await first.start()
    const ids = ['s0', 's1', 's2', 's3']
    void first.startMany(ids.map((id) => ({ definition: 'waits', input: null, id })))
    await bench.clock.advance(1_000)
    await first.stop()
    bench.answer = () => ok()
    const { load } = bench.store
    bench.store.load = async (list) => {
      if (list.includes('s2')) throw new RangeError('Invalid string length')
      return load.call(bench.store, list)
    }
    const second = bench.runtime()
    void second.start()
    await bench.clock.advance(2_000)
    const ended = ids.filter((id) => bench.store.saga(id)?.status === 'COMPLETED')
    expect(ended).toEqual(['s0', 's1', 's3'])
    expect(await second.stuck()).toMatchObject([{ sagaId: 's2' }])
    await second.stop()
  })
})

describe('a failed commit', () => {
  const batch = () => ['a', 'b', 'c'].map(emptyResident)

  it('pauses all of its sagas when the store is not there, however often', () => {
    const together = batch()
    for (let n = 0; n < 50; n++)
      expect(takeIn(together, new SagaError('UNAVAILABLE', 'away'))).toEqual({
        pauseMs: 200,
        leave: null,
      })
    expect(together.some(({ alone }) => alone)).toBe(false)
  })

  it('leaves the saga that the error names, and tries the others together again', () => {
    const together = batch()
    const error = new SagaError('INVALID_INPUT', 'no', { entityId: 'b' })
    expect(takeIn(together, error)).toEqual({ pauseMs: 0, leave: together[1] })
    expect(together.some(({ alone }) => alone)).toBe(false)
  })
})

describe('odd values at every place of a saga that takes one', () => {
  it('let its neighbours complete and starts be taken, and the odd saga ends or is named as stuck', async () => {
    await fc.assert(
      fc.asyncProperty(oddSaga, fc.constantFrom(1, 2), async (odd, format) => {
        const bench = new Bench(...odd.documents)
        bench.answer = (call) => (call.sagaId === 'odd' ? odd.answer(call.attempt) : ok())
        const runtime = bench.runtime()
        await runtime.start()
        const message: Message = {
          type: 'start',
          definition: { name: 'odd', version: 0, digest: '' },
          input: odd.value(),
          ...(format === 2 ? { format: 2 } : {}),
        }
        // What is too deep to be written is refused at the door.
        const taken = await bench.store
          .post([{ id: 'start:odd', entityId: 'odd', message }])
          .then(() => true)
          .catch((error) => {
            if (!(error instanceof RangeError)) throw error
            return false
          })
        void runtime.startMany(
          ['h0', 'h1', 'h2'].map((id) => ({ definition: 'healthy', input: null, id })),
        )
        await bench.clock.advance(300)
        void runtime.signal('odd', 'word', odd.value()).catch(() => {})
        await bench.clock.advance(1_500)
        const late = runtime.startSaga({ definition: 'healthy', input: null, id: 'h3' })
        await within(bench, 1_000, late)
        for (const id of ['h0', 'h1', 'h2', 'h3'])
          expect(bench.store.saga(id)?.status).toBe('COMPLETED')
        const health = runtime.health()
        expect(health).toMatchObject({ status: 'active', backlogMs: 0 })
        await bench.clock.advance(1_000)
        const status = bench.store.saga('odd')?.status
        const stuck = (await runtime.stuck()).find(({ sagaId }) => sagaId === 'odd')
        const refused = (await bench.store.verdicts(['start:odd'])).get('start:odd')
        const known = status !== undefined || stuck !== undefined || refused !== undefined
        expect(known).toBe(taken)
        if (stuck) expect(stuck.reason).not.toBe('')
        await runtime.stop()
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
