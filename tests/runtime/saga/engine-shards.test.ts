/**
 * Shards that come and go, seen from one engine: what is closed is opened again, what is held back goes on, and nothing that
 * waits is forgotten. The lease is the test's own; two engines share the store.
 */
import { describe, expect, it } from 'vitest'
import type { Outcome } from '@/runtime/journal/entry'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import { type Lease, SHARDS, shardOf } from '@/runtime/journal/store'
import type { ParticipantCall } from '@/runtime/participant/participant'
import { Definitions } from '@/runtime/saga/definitions'
import { Engine } from '@/runtime/saga/engine'
import { Performer } from '@/runtime/saga/perform'
import { action, ok, saga } from '../../support/dry-run'
import { memoryDefinitions } from '../../support/memory-definitions'
import { VirtualClock } from '../../support/virtual-clock'

const ALL = Array.from({ length: SHARDS }, (_, n) => n)
const quiet = { info() {}, warn() {}, error() {} }
const DOCUMENT = saga({
  start: 's',
  steps: { s: { type: 'signal', signal: 'go', timeoutMs: 1e9, next: 'a' }, a: action('a') },
})

async function stage({ residentMax = 100 } = {}) {
  const clock = new VirtualClock()
  const store = createMemoryStore(clock)
  const definitions = new Definitions(memoryDefinitions(DOCUMENT), clock)
  const calls: ParticipantCall[] = []
  const world = { answer: async (_: ParticipantCall): Promise<Outcome> => ok() }
  const lease = await store.acquire('w', 1e9)
  const performer: Performer = new Performer({
    participants: {
      find: async () => ({
        call: (call) => {
          calls.push(call)
          return world.answer(call)
        },
      }),
    },
    clock,
    logger: quiet,
    callsMax: 10,
    callbackToken: () => '',
    traceparent: () => '',
    done: (sagaId, call, outcome) => engine.deliver(sagaId, { type: 'result', call, outcome }),
    mayCall: () => true,
  })
  const engine: Engine = new Engine(
    {
      store,
      definitions,
      clock,
      logger: quiet,
      batchMax: 100,
      turnMax: 100,
      residentMax,
      snapshotEvery: 20,
      pollMs: 250,
      timerHorizonMs: 4_000,
      onCommit: () => {},
      onEnded: () => {},
      onVerdict: () => {},
      onPosted: () => {},
      onFenced: () => {},
    },
    lease,
    performer,
  )
  await engine.recover(lease)
  const start = async (id: string) => {
    const found = await definitions.byName('test')
    if (!found) throw new Error('not published')
    void engine.submit(id, { type: 'start', definition: found.ref, input: null })
    await clock.advance(10)
  }
  const go = async (id: string) => {
    const message = { type: 'signal' as const, name: 'go', payload: null }
    await store.post([{ id: `go-${id}`, entityId: id, message }])
    engine.hint()
    await clock.advance(10)
  }
  const status = (id: string) => store.saga(id)?.status
  return { clock, store, engine, calls, world, lease, start, go, status }
}

describe('a shard', () => {
  it('that comes back after it was closed without being ours is worked on again', async () => {
    const { clock, store, engine, lease, start, go, status } = await stage()
    const shard = shardOf('one')
    await start('one')
    const give = { take: [], give: [shard] }
    await engine.relet(() => store.reassign(lease, give))
    // A drain that nothing follows.
    await engine.drain([shard], 0)
    let now: Lease = lease
    await engine.relet(async () => {
      now = await store.reassign(lease, { take: [shard], give: [] })
      return now
    })
    await engine.recover(now, [shard])
    await go('one')
    await clock.advance(1_000)
    expect(status('one')).toBe('COMPLETED')
    await engine.stop()
  })

  it('that is kept after all goes on with the mail that came meanwhile, also of sagas beyond those kept in memory', async () => {
    const { clock, engine, start, go, status } = await stage({ residentMax: 1 })
    for (const id of ['one', 'two', 'three']) await start(id)
    const shards = ALL.filter((shard) => shard === shardOf('one'))
    await engine.drain(shards, 0)
    await go('one')
    await go('two')
    await go('three')
    await clock.advance(1_000)
    expect(status('one')).toBe('RUNNING')
    expect(status('two')).toBe('COMPLETED')
    await engine.reopen(shards)
    await clock.advance(1_000)
    expect(status('one')).toBe('COMPLETED')
    expect(engine.pending).toBe(0)
    await engine.stop()
  })

  it('that is kept after all does not have its calls under way performed again', async () => {
    const { clock, engine, calls, world, start, go, status } = await stage()
    let answer: (outcome: Outcome) => void = () => {}
    world.answer = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    await start('one')
    await go('one')
    expect(calls).toHaveLength(1)
    await engine.drain([shardOf('one')], 0)
    await engine.reopen([shardOf('one')])
    await clock.advance(1_000)
    expect(calls).toHaveLength(1)
    answer(ok())
    await clock.advance(1_000)
    expect(status('one')).toBe('COMPLETED')
    await engine.stop()
  })

  it('that is given away while a saga of it is read performs none of its calls', async () => {
    const { clock, store, engine, calls, world, lease, start, go } = await stage()
    world.answer = () => new Promise(() => {})
    await start('one')
    await go('one')
    const shard = shardOf('one')
    await engine.relet(() => store.reassign(lease, { take: [], give: [shard] }))
    calls.length = 0
    const now = await store.reassign(lease, { take: [shard], give: [] })
    await engine.relet(async () => now)
    const load = store.load.bind(store)
    store.load = async (ids) => {
      await new Promise<void>((resolve) => clock.after(500, resolve))
      return load(ids)
    }
    const recovered = engine.recover(now, [shard])
    await clock.advance(100)
    await engine.relet(() => store.reassign(now, { take: [], give: [shard] }))
    await clock.advance(2_000)
    await recovered
    expect(calls).toEqual([])
    await engine.stop()
  })
})
