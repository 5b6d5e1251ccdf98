/**
 * The stores that simulations and tests run on behave as PostgreSQL does: random sequences of operations, every answer
 * compared (differential.ts). One sequence again: `STORE_SEED=17 npx vitest run --config tests/vitest.config.ts --project
 * node tests/simulation/store-differential.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import { createPostgresStore } from '@/runtime/postgres/postgres-store'
import { createPrisma } from '@/runtime/postgres/prisma'
import { listRows } from '../runtime/postgres/list-rows'
import { createDatabase } from '../support/database'
import { Bank } from './bank'
import { Comparison, type Side } from './differential'
import { Process } from './process'
import { SimulatedStore } from './simulated-store'
import { Witness } from './witness'
import { World } from './world'

const SEQUENCES = 200
const PER_TEST = 40
const only = process.env.STORE_SEED

let database: Awaited<ReturnType<typeof createDatabase>>
let prisma: ReturnType<typeof createPrisma>

beforeAll(async () => {
  database = await createDatabase(inject('databaseUrl'))
  prisma = createPrisma(database.url)
})
afterAll(async () => {
  await prisma.$disconnect()
  await database.drop()
})

describe('memory, the simulation and PostgreSQL answer alike', () => {
  if (only !== undefined) it(`in sequence ${only}`, () => compare(Number(only)))
  else
    for (let first = 1; first <= SEQUENCES; first += PER_TEST)
      it(`in sequences ${first} to ${first + PER_TEST - 1}`, { timeout: 120_000 }, async () => {
        for (let seed = first; seed < first + PER_TEST; seed++) await compare(seed)
      })
})

it('would see a store that differs', async () => {
  const sides = (store: Side['store']): Side[] => {
    const world = quietWorld(1)
    return [memory(world), { ...memory(world), name: 'another', store }]
  }
  const world = quietWorld(1)
  const { store } = memory(world)
  const forgetful = { ...store, timers: async () => [] }
  const differing = async () => {
    for (let seed = 1; seed <= 20; seed++)
      await new Comparison(seed, sides(forgetful), (ms) => world.clock.advance(ms)).run()
  }
  await expect(differing()).rejects.toThrow('another:')
})

async function compare(seed: number): Promise<void> {
  await prisma.$executeRawUnsafe(EMPTY)
  const world = quietWorld(seed)
  const mine = memory(world)
  const sides: Side[] = [mine, simulated(world), postgres()]
  let since = performance.now()
  /** PostgreSQL's clock cannot be set: what it has stored moves instead, less what really passed. */
  const pass = async (ms: number) => {
    const now = performance.now()
    const shift = ms - (now - since)
    since = now
    await world.clock.advance(ms)
    await prisma.$executeRaw`
      UPDATE heartbeat SET lease_expires_at = lease_expires_at - ${shift} * interval '1 ms'`
    await prisma.$executeRaw`
      UPDATE worker SET started_at = started_at - ${shift} * interval '1 ms'`
  }
  try {
    await new Comparison(seed, sides, pass).run()
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new Error(
      `${text}\nagain: STORE_SEED=${seed} npx vitest run --config tests/vitest.config.ts --project node tests/simulation/store-differential.test.ts`,
      { cause: error },
    )
  }
}

const EMPTY = `
  DO $$ BEGIN
    DELETE FROM chairman_saga_decision; DELETE FROM gate; DELETE FROM saga_execution; DELETE FROM timer; DELETE FROM mailbox;
    DELETE FROM journal; DELETE FROM entity; DELETE FROM lease_history; DELETE FROM worker;
    UPDATE shard SET worker_id = NULL WHERE worker_id IS NOT NULL;
  END $$`

/** Without faults. */
function quietWorld(seed: number): World {
  const world = new World(seed, false)
  world.heal()
  return world
}

function memory(world: World): Side {
  const store = createMemoryStore(world.clock)
  return {
    name: 'memory',
    store,
    saga: async (id) => store.saga(id),
    gate: async (id) => store.gate(id),
    decision: async (id) => store.decision(id),
  }
}

function simulated(world: World): Side {
  const witness = new Witness(world)
  const bank = new Bank(world)
  const simulation = new SimulatedStore({ world, witness, bank, createInner: createMemoryStore })
  const port = simulation.connect(new Process('p', world.clock, world.random, 0))
  /** Requests and replies take time, which has to pass. */
  const store = new Proxy(port, {
    get: (target, method: keyof typeof port) => {
      const ask = target[method] as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        const answer = ask(...args)
        answer.catch(() => {})
        await world.clock.advance(20)
        return answer
      }
    },
  })
  const { inner } = simulation
  return {
    name: 'simulated',
    store,
    saga: async (id) => inner.saga(id),
    gate: async (id) => inner.gate(id),
    decision: async (id) => inner.decision(id),
  }
}

function postgres(): Side {
  return {
    name: 'postgres',
    store: createPostgresStore(prisma, { restartGraceMs: 0 }),
    ...listRows(prisma),
  }
}
