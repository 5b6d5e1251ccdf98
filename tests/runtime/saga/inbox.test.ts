import { expect, it } from 'vitest'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import type { Store } from '@/runtime/journal/store'
import { Inbox } from '@/runtime/saga/inbox'
import { BY } from '../../support/dry-run'
import { flush, VirtualClock } from '../../support/virtual-clock'

const letter = (id: string) => ({
  id,
  entityId: 's',
  message: { type: 'pause' as const, by: BY, reason: id },
})

it('brings what it let go of before anything newer, also when it was reading just then', async () => {
  const clock = new VirtualClock()
  const memory = createMemoryStore(clock)
  const lease = await memory.acquire('w', 60_000)
  let slow = 0
  const store: Store = {
    ...memory,
    async pending(...args) {
      const answer = await memory.pending(...args)
      if (slow > 0) await new Promise<void>((resolve) => clock.after(slow, resolve))
      return answer
    },
  }
  const taken: { id: string; position: bigint }[] = []
  const inbox = new Inbox({
    store,
    clock,
    logger: { info() {}, warn() {}, error() {} },
    pollMs: 60_000,
    max: 10,
    lease: () => lease,
    take: ({ id, position }) => {
      taken.push({ id, position })
      return 'taken'
    },
    read: () => {},
    failed: () => {},
  })
  await memory.post([letter('first')])
  inbox.hint()
  await flush()
  await memory.post([letter('second')])
  slow = 100
  inbox.hint()
  await clock.advance(50)
  // Its entity is dropped while an answer is on its way that leaves it out.
  for (const { position } of taken) inbox.release(position)
  inbox.startOver()
  taken.length = 0
  await clock.advance(500)
  expect(taken.map(({ id }) => id)).toEqual(['first', 'second'])
  await inbox.stop()
})
