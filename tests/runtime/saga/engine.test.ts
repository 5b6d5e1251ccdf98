import { describe, expect, it } from 'vitest'
import { digestDocument } from '@/runtime/compiler/compile'
import { createRuntime, type RuntimeOptions } from '@/runtime/create-runtime'
import type { SagaDocument } from '@/runtime/definition/schema'
import { SagaError } from '@/runtime/errors'
import type { Outcome } from '@/runtime/journal/entry'
import { createMemoryStore, type MemoryStore } from '@/runtime/journal/memory-store'
import type { ParticipantCall } from '@/runtime/participant/participant'
import { systemIds } from '@/runtime/system'
import { action, BY, no, ok, saga } from '../../support/dry-run'
import { memoryDefinitions } from '../../support/memory-definitions'
import { VirtualClock } from '../../support/virtual-clock'

const three = saga({
  start: 'a',
  steps: { a: action('a', 'b'), b: action('b', 'c'), c: action('c') },
})
const by = { by: BY, reason: 'test' }

class Bench {
  readonly clock = new VirtualClock()
  readonly store: MemoryStore = createMemoryStore(this.clock)
  readonly calls: ParticipantCall[] = []
  readonly logs: string[] = []
  answer: (call: ParticipantCall) => Outcome | Promise<Outcome> = () => ok()
  readonly documents: SagaDocument[]
  constructor(...documents: SagaDocument[]) {
    this.documents = documents
  }
  runtime(more: Partial<RuntimeOptions> = {}) {
    const log = (message: string) => void this.logs.push(message)
    return createRuntime({
      store: this.store,
      definitions: memoryDefinitions(...this.documents),
      participants: {
        find: async () => ({
          call: async (call) => {
            this.calls.push(call)
            return this.answer(call)
          },
        }),
      },
      callbackTokens: {
        sign: (sagaId, call) => `${sagaId}|${call}`,
        verify: (token) => {
          const [sagaId = '', call = ''] = token.split('|')
          return call ? { sagaId, call } : null
        },
      },
      clock: this.clock,
      ids: systemIds,
      logger: { info: log, warn: log, error: log },
      ...more,
    })
  }
}
const never = () => new Promise<Outcome>(() => {})

describe('the engine', () => {
  it('runs a saga from start to end and journals each message once', async () => {
    const bench = new Bench(three)
    const runtime = bench.runtime()
    await runtime.start()
    const { sagaId } = await runtime.startSaga({ definition: 'test', input: { x: 1 } })
    await bench.clock.advance(1000)
    const journal = await runtime.journal(sagaId)
    expect(journal.map((entry) => entry.message.type)).toEqual([
      'start',
      'result',
      'result',
      'result',
    ])
    expect(bench.store.saga(sagaId)).toMatchObject({ status: 'COMPLETED', totalSteps: 3 })
    expect(await runtime.waitForEnd(sagaId)).toMatchObject({ status: 'COMPLETED' })
    await runtime.stop()
  })

  it('commits before it acts: no call leaves for an entry that is not stored', async () => {
    const bench = new Bench(three)
    const seen: number[] = []
    bench.answer = async (call) => {
      seen.push((await bench.store.read(call.sagaId, 0, 100)).length)
      return ok()
    }
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(1000)
    expect(seen).toEqual([1, 2, 3])
    await runtime.stop()
  })

  it('commits many sagas together', async () => {
    const bench = new Bench(three)
    let commits = 0
    const commit = bench.store.commit.bind(bench.store)
    bench.store.commit = async (lease, list) => {
      commits++
      return commit(lease, list)
    }
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startMany(
      Array.from({ length: 200 }, (_, n) => ({ definition: 'test', input: n, id: `s${n}` })),
    )
    await bench.clock.advance(2000)
    for (let n = 0; n < 200; n++) expect(bench.store.saga(`s${n}`)?.status).toBe('COMPLETED')
    expect(commits).toBeLessThan(40)
    await runtime.stop()
  })

  it('starts a saga once however often the same id is started', async () => {
    const bench = new Bench(three)
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'same' })
    await runtime.startSaga({ definition: 'test', input: null, id: 'same' })
    await bench.clock.advance(1000)
    expect(bench.calls).toHaveLength(3)
    await runtime.stop()
  })

  it('performs what was under way again after a crash, with the same key, once the lease ran out', async () => {
    const bench = new Bench(three)
    bench.answer = (call) => (call.step === 'b' ? never() : ok())
    const first = bench.runtime()
    await first.start()
    await first.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(1000)
    // A crash: the first worker's lease is not renewed any more, its calls never answer.
    bench.store.renew = async () => {
      throw new Error('unplugged')
    }
    bench.answer = () => ok()
    await bench.clock.advance(10_000)
    const second = bench.runtime()
    await second.start()
    await bench.clock.advance(1000)
    expect(bench.store.saga('one')?.status).toBe('COMPLETED')
    expect(bench.calls.map((call) => call.key)).toEqual(['one:a', 'one:b', 'one:b', 'one:c'])
    await second.stop()
  })

  it('compensates a call that a crash interrupted although its repetition says that nothing happened', async () => {
    const bench = new Bench(three)
    bench.answer = (call) => (call.step === 'b' ? never() : ok())
    const first = bench.runtime()
    await first.start()
    await first.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(1000)
    await first.stop()
    bench.answer = (call) => (call.operation === 'do_b' ? no('terminal', 'DISABLED') : ok())
    const second = bench.runtime()
    await second.start()
    await bench.clock.advance(1000)
    expect(bench.store.saga('one')?.status).toBe('ROLLED_BACK')
    expect(bench.calls.slice(-2).map((call) => call.operation)).toEqual(['undo_b', 'undo_a'])
    await second.stop()
  })

  it('keeps one saga that the store cannot hold from stopping the others', async () => {
    const bench = new Bench(three)
    const commit = bench.store.commit.bind(bench.store)
    bench.store.commit = async (lease, list) => {
      if (list.some((one) => one.entityId === 's7'))
        throw new SagaError('INVALID_INPUT', 'a value that cannot be stored')
      return commit(lease, list)
    }
    const runtime = bench.runtime()
    await runtime.start()
    void runtime.startMany(
      Array.from({ length: 20 }, (_, n) => ({ definition: 'test', input: n, id: `s${n}` })),
    )
    await bench.clock.advance(60_000)
    const ended = Array.from({ length: 20 }, (_, n) => bench.store.saga(`s${n}`)?.status)
    expect(ended.filter((status) => status === 'COMPLETED')).toHaveLength(19)
    expect(runtime.health().lastError).toContain('cannot be stored')
    await runtime.stop()
  })

  it('leaves a saga alone whose commits always lose a race, and tries it again with growing pauses', async () => {
    const bench = new Bench(three)
    const commit = bench.store.commit.bind(bench.store)
    let refused = 0
    let mended = false
    bench.store.commit = async (lease, list) => {
      if (!mended && list.some((one) => one.entityId === 'spoilt')) {
        refused++
        throw new SagaError('CONFLICT', 'somebody else was first')
      }
      return commit(lease, list)
    }
    const runtime = bench.runtime()
    await runtime.start()
    const ids = ['spoilt', ...Array.from({ length: 20 }, (_, n) => `s${n}`)]
    void runtime.startMany(ids.map((id) => ({ definition: 'test', input: null, id })))
    await bench.clock.advance(60_000)
    for (const id of ids.slice(1)) expect(bench.store.saga(id)?.status).toBe('COMPLETED')
    expect(runtime.health().stuck).toMatchObject({
      count: 1,
      sagas: [{ sagaId: 'spoilt', reason: 'somebody else was first' }],
    })
    // 6 commits before each of the pauses of 5, 10, 20 and 40 s.
    expect(refused).toBeLessThanOrEqual(24)
    mended = true
    await bench.clock.advance(60_000)
    expect(bench.store.saga('spoilt')?.status).toBe('COMPLETED')
    expect(runtime.health().stuck.count).toBe(0)
    await runtime.stop()
  })

  it('recovers beside sagas whose definition is missing, and brings them back when it is there', async () => {
    const waits = saga({
      start: 's',
      steps: { s: { type: 'signal', signal: 'go', timeoutMs: 1e9, next: 'a' }, a: action('a') },
    })
    const other = { ...three, name: 'other' }
    const bench = new Bench(waits, other)
    bench.answer = () => never()
    const first = bench.runtime({ batchMax: 5 })
    await first.start()
    await first.startSaga({ definition: 'test', input: null, id: 'orphan' })
    await first.startSaga({ definition: 'other', input: null, id: 'healthy' })
    await bench.clock.advance(1000)
    await first.stop()

    bench.answer = () => ok()
    const definitions = memoryDefinitions(other)
    const second = bench.runtime({ definitions, batchMax: 5 })
    await second.start()
    await bench.clock.advance(1000)
    expect(bench.store.saga('healthy')?.status).toBe('COMPLETED')
    // More mail than is held at once.
    const signals = Array.from({ length: 100 }, (_, n) => ({
      id: `go${n}`,
      entityId: 'orphan',
      message: { type: 'signal' as const, name: n === 99 ? 'go' : 'no', payload: n },
    }))
    await bench.store.post(signals)
    await bench.clock.advance(1000)
    expect(second.health().stuck.sagas[0]?.reason).toContain('No published definition has digest')
    await second.startSaga({ definition: 'other', input: null, id: 'later' })
    void second.pause('healthy', by).catch(() => {})
    await bench.clock.advance(1000)
    expect(bench.store.saga('later')?.status).toBe('COMPLETED')
    expect(second.health()).toMatchObject({ pendingMessages: 0, stuck: { count: 1 } })

    await definitions.publish({
      document: waits,
      digest: digestDocument(waits),
      source: '',
      by: BY,
    })
    await bench.clock.advance(20_000)
    expect(bench.store.saga('orphan')?.status).toBe('COMPLETED')
    await bench.clock.advance(60_000)
    expect(second.health().stuck.count).toBe(0)
    await second.stop()
  })

  it('keeps the mail of shards that it was to give up and kept', async () => {
    const waits = saga({
      start: 's',
      steps: {
        s: { type: 'signal', signal: 'go', timeoutMs: 1e9, next: 't' },
        t: { type: 'signal', signal: 'go', timeoutMs: 1e9 },
      },
    })
    const bench = new Bench(waits)
    const first = bench.runtime()
    const second = bench.runtime()
    await first.start()
    const ids = Array.from({ length: 30 }, (_, n) => `s${n}`)
    void first.startMany(ids.map((id) => ({ definition: 'test', input: null, id })))
    await bench.clock.advance(1000)
    const commit = bench.store.commit.bind(bench.store)
    bench.store.commit = async (lease, list) => {
      // Longer than a shard that goes is waited for.
      await new Promise<void>((resolve) => bench.clock.after(12_000, resolve))
      return commit(lease, list)
    }
    const go = (n: number) =>
      ids.map((id) => ({
        id: `${id}-${n}`,
        entityId: id,
        message: { type: 'signal' as const, name: 'go', payload: n },
      }))
    await bench.store.post(go(1))
    await bench.clock.advance(500)
    await bench.store.post(go(2))
    await bench.clock.advance(500)
    await second.start()
    await bench.clock.advance(11_000)
    expect(bench.logs).toContain('Shards are still at work and are kept for now')
    bench.store.commit = commit
    await bench.clock.advance(30_000)
    for (const id of ids) expect(bench.store.saga(id)?.status).toBe('COMPLETED')
    await first.stop()
    await second.stop()
  })

  it('stands by while another worker holds the lease, and its verbs work all the same', async () => {
    const bench = new Bench(three)
    bench.answer = () => never()
    const first = bench.runtime()
    const second = bench.runtime()
    await first.start()
    await second.start()
    expect([first.health().status, second.health().status]).toEqual(['active', 'standby'])
    await second.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(1000)
    const paused = second.pause('one', by)
    await bench.clock.advance(1000)
    await paused
    expect(bench.store.saga('one')?.status).toBe('PAUSED')
    await first.stop()
    await bench.clock.advance(5000)
    expect(second.health().status).toBe('active')
    await second.stop()
  })

  it('reads back after a commit whose outcome is unknown, and loses and doubles nothing', async () => {
    for (const reallyCommitted of [true, false]) {
      const bench = new Bench(three)
      const commit = bench.store.commit.bind(bench.store)
      let n = 0
      bench.store.commit = async (lease, list) => {
        if (++n % 2 === 0) {
          if (reallyCommitted) await commit(lease, list)
          throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' })
        }
        return commit(lease, list)
      }
      const runtime = bench.runtime()
      await runtime.start()
      await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
      await bench.clock.advance(20_000)
      expect(bench.store.saga('one')?.status).toBe('COMPLETED')
      const journal = await runtime.journal('one')
      expect(journal.map((entry) => entry.message.type)).toEqual([
        'start',
        'result',
        'result',
        'result',
      ])
      expect(new Set(bench.calls.map((call) => call.key)).size).toBe(3)
      await runtime.stop()
    }
  })

  it('fires durable timers, also those set before a restart', async () => {
    const waits = saga({
      start: 'w',
      steps: { w: { type: 'wait', forMs: 60_000, next: 'a' }, a: action('a') },
    })
    const bench = new Bench(waits)
    const first = bench.runtime()
    await first.start()
    await first.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(1000)
    await first.stop()
    await bench.clock.advance(30_000)
    const second = bench.runtime()
    await second.start()
    await bench.clock.advance(20_000)
    expect(bench.calls).toHaveLength(0)
    await bench.clock.advance(20_000)
    expect(bench.store.saga('one')?.status).toBe('COMPLETED')
    await second.stop()
  })

  it('keeps only so many waiting sagas in memory and wakes the others', async () => {
    const waits = saga({
      start: 's',
      steps: { s: { type: 'signal', signal: 'go', timeoutMs: 1e9 } },
    })
    const bench = new Bench(waits)
    const runtime = bench.runtime({ residentMax: 10 })
    await runtime.start()
    await runtime.startMany(
      Array.from({ length: 50 }, (_, n) => ({ definition: 'test', input: n, id: `s${n}` })),
    )
    await bench.clock.advance(1000)
    expect(runtime.health().resident).toBeLessThanOrEqual(10)
    const sent = Promise.all(Array.from({ length: 50 }, (_, n) => runtime.signal(`s${n}`, 'go', n)))
    await bench.clock.advance(2000)
    await sent
    expect(bench.store.saga('s7')?.status).toBe('COMPLETED')
    await runtime.stop()
  })

  it('tells the sender why a message is refused', async () => {
    const bench = new Bench(three)
    const runtime = bench.runtime()
    await runtime.start()
    const refused = expect(runtime.pause('nobody', by)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await bench.clock.advance(1000)
    await refused
    await runtime.stop()
  })

  it('completes a call that answered 202 when its token comes back', async () => {
    const bench = new Bench(three)
    bench.answer = (call) => (call.step === 'a' ? { pending: true } : ok())
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(1000)
    await runtime.completeCall(bench.calls[0]?.callbackToken ?? '', ok({ late: true }))
    await bench.clock.advance(1000)
    expect(bench.store.saga('one')?.status).toBe('COMPLETED')
    await runtime.stop()
  })

  it('treats a call that outlives its deadline as unknown', async () => {
    const hangs = saga({
      start: 'a',
      steps: { a: action('a', undefined, { timeoutMs: 1000, retry: { attemptsMax: 1 } }) },
    })
    const bench = new Bench(hangs)
    bench.answer = (call) => (call.kind === 'action' ? never() : ok())
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(5000)
    expect(bench.store.saga('one')).toMatchObject({ status: 'ROLLED_BACK', failureCode: 'TIMEOUT' })
    expect(bench.calls.at(-1)).toMatchObject({ kind: 'compensation', undoes: 'one:a' })
    await runtime.stop()
  })

  it('previews each decision as it then happens', async () => {
    const gated = saga({
      start: 'a',
      steps: {
        a: action('a', 'g'),
        g: { type: 'approval', question: 'Go?', timeoutMs: 1e9, next: 'b' },
        b: action('b'),
      },
    })
    const bench = new Bench(gated)
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(1000)
    const { previews, seq } = await runtime.previewDecision('one', 'g')
    expect(
      previews.map(({ decision, status, finalStatus }) => ({ decision, status, finalStatus })),
    ).toEqual([
      { decision: 'CONTINUE', status: 'RUNNING', finalStatus: 'COMPLETED' },
      { decision: 'PAUSE', status: 'PAUSED', finalStatus: 'PAUSED' },
      { decision: 'ABORT', status: 'COMPENSATING', finalStatus: 'ROLLED_BACK' },
      { decision: 'FORCE_COMPENSATION', status: 'COMPENSATING', finalStatus: 'ROLLED_BACK' },
    ])
    expect(previews[2]?.compensates).toEqual([
      { step: 'a', participant: 'svc', operation: 'undo_a', key: 'one:a:compensate', rank: 1 },
    ])
    const decided = runtime.decide({
      sagaId: 'one',
      step: 'g',
      decision: 'ABORT',
      reasoning: 'no',
      seenSeq: seq,
      by: BY,
    })
    await bench.clock.advance(1000)
    await decided
    expect(bench.store.saga('one')?.status).toBe('ROLLED_BACK')
    await runtime.stop()
  })

  it('compensates a child saga that nobody published by failing its step', async () => {
    const parent = saga({
      start: 'a',
      steps: { a: action('a', 'sub'), sub: { type: 'saga', saga: 'missing' } },
    })
    const bench = new Bench(parent)
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(2000)
    expect(bench.store.saga('one')).toMatchObject({
      status: 'ROLLED_BACK',
      failureCode: 'CHILD_UNKNOWN',
    })
    await runtime.stop()
  })

  it('retries a participant that fails, with back-off', async () => {
    const bench = new Bench(three)
    let tries = 0
    bench.answer = (call) => (call.step === 'b' && ++tries < 3 ? no('retryable') : ok())
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(10_000)
    expect(bench.store.saga('one')?.status).toBe('COMPLETED')
    expect(tries).toBe(3)
    await runtime.stop()
  })

  it('tries a stuck child again as a new saga, and its parent goes on', async () => {
    const child = saga({ name: 'part', start: 'x', steps: { x: action('x', 'y'), y: action('y') } })
    const parent = saga({
      start: 'p',
      steps: {
        p: { type: 'action', participant: 'svc', operation: 'pay', effect: 'pivot', next: 'sub' },
        sub: { type: 'saga', saga: 'part' },
      },
    })
    const bench = new Bench(parent, child)
    let mended = false
    bench.answer = (call) => (call.step === 'y' && !mended ? no('terminal', 'BROKEN') : ok())
    const runtime = bench.runtime()
    await runtime.start()
    await runtime.startSaga({ definition: 'test', input: null, id: 'one' })
    await bench.clock.advance(2000)
    expect(bench.store.saga('one')?.status).toBe('PAUSED')
    expect(bench.store.saga('one..sub')?.status).toBe('ROLLED_BACK')
    mended = true
    const retried = runtime.retryStep('one', 'sub', by)
    await bench.clock.advance(2000)
    await retried
    expect(bench.store.saga('one')?.status).toBe('COMPLETED')
    for (const id of ['one..sub', 'one..sub~2'])
      expect(bench.store.saga(id)).toMatchObject({ parentId: 'one', parentStep: 'sub' })
    await runtime.stop()
  })
})
