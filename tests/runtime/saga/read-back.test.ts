import { expect, it } from 'vitest'
import { SagaError } from '@/runtime/errors'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import { SHARDS, type Store } from '@/runtime/journal/store'
import { Definitions } from '@/runtime/saga/definitions'
import { readBack } from '@/runtime/saga/read-back'
import { emptyResident } from '@/runtime/saga/resident'
import { takeTurn } from '@/runtime/saga/take-turn'
import { action, saga } from '../../support/dry-run'
import { memoryDefinitions } from '../../support/memory-definitions'
import { VirtualClock } from '../../support/virtual-clock'

/** Two sagas of two definitions, stored by their first entries. */
async function stored() {
  const clock = new VirtualClock()
  const store: Store = createMemoryStore(clock)
  const documents = ['one', 'two'].map((name) =>
    saga({ name, start: 'a', steps: { a: action('a') } }),
  )
  const known = memoryDefinitions(...documents)
  const definitions = new Definitions(known, clock)
  const lease = await store.acquire('w', 60_000)
  expect(lease.shards).toHaveLength(SHARDS)
  for (const { name } of documents) {
    const found = await definitions.byName(name)
    if (!found) throw new Error(`no ${name}`)
    const resident = Object.assign(emptyResident(name), { seq: 0, saga: found.saga })
    const message = { type: 'start' as const, definition: found.ref, input: null }
    resident.queue = [{ message, since: 0, resolved: true }]
    const { work } = takeTurn(resident, { now: () => 1, turnMax: 10, snapshotEvery: 20 })
    if (work) await store.commit(lease, [work.commit])
  }
  return { clock, store, known }
}

it('hands over each saga as soon as it is read, also when a later one cannot be', async () => {
  const { clock, store, known } = await stored()
  const definitions = new Definitions(
    {
      ...known,
      async byDigest(digest) {
        const found = await known.byDigest(digest)
        if (found?.document.name === 'two') throw new SagaError('UNAVAILABLE', 'away')
        return found
      },
    },
    clock,
  )
  const restored: string[] = []
  const reading = readBack([emptyResident('one'), emptyResident('two')], {
    store,
    definitions,
    restored: ({ id, seq }) => void restored.push(`${id} ${seq}`),
    leave: () => {
      throw new Error('nothing is wrong with either of them')
    },
  })
  await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(restored).toEqual(['one 1'])
})
