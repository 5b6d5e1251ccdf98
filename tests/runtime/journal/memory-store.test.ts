import { expect, it } from 'vitest'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import { commitOf, entry, storeConformance, TTL } from './conformance'

/** A clock that stands still until it is told. */
function stoppedClock() {
  let now = 0
  return {
    now: () => now,
    after: () => () => {},
    pass: (ms: number) => {
      now += ms
    },
  }
}

storeConformance('the memory store', async () => {
  const clock = stoppedClock()
  const store = createMemoryStore(clock)
  return {
    store,
    // everybody else renews, so only this lease runs out
    async expire() {
      clock.pass(TTL + 1)
    },
    saga: async (id) => store.saga(id),
    gate: async (id) => store.gate(id),
    decision: async (id) => store.decision(id),
  }
})

it('keeps what it was given, not a reference to it', async () => {
  const store = createMemoryStore(stoppedClock())
  const lease = await store.acquire('w1', TTL)
  const mine = entry('s1', 1)
  await store.commit(lease, [commitOf('s1', 0, 1, { entries: [mine] })])
  mine.facts.push({ t: 'saga.started', total: 1 })
  const [read] = await store.read('s1', 0, 1)
  expect(read?.facts).toEqual([])
  read?.facts.push({ t: 'saga.started', total: 2 })
  expect((await store.read('s1', 0, 1))[0]?.facts).toEqual([])
})
