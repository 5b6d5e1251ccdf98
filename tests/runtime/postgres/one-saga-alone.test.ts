/**
 * On a real PostgreSQL: values that its columns, its statements or its parser cannot hold set their own saga aside, by name,
 * and its neighbours in the same commit are stored.
 */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { Message } from '@/runtime/journal/entry'
import { bigints, instants, ints } from '@/runtime/postgres/columns'
import { createDatabase } from '@/tests/support/database'
import { databaseWorker, Effects } from '@/tests/support/database-worker'
import { action, BY, saga } from '@/tests/support/dry-run'
import { memoryDefinitions } from '@/tests/support/memory-definitions'

const healthy = saga({ name: 'healthy', start: 'a', steps: { a: action('a') } })
const until = saga({
  name: 'until',
  start: 'w',
  steps: { w: { type: 'wait', until: 'input.at' } },
})
let url: string
let drop: () => Promise<void>
beforeAll(async () => {
  const database = await createDatabase(inject('databaseUrl'))
  url = database.url
  drop = database.drop
}, 60_000)
afterAll(() => drop?.())

describe('a saga whose decision PostgreSQL cannot hold', () => {
  it('is set aside alone with a reason, starts are taken, and it can be cancelled', async () => {
    const worker = databaseWorker(url, new Effects(), {
      definitions: memoryDefinitions(healthy, until),
      pollMs: 20,
      backlogMaxMs: 500,
    })
    const { runtime, store } = worker
    await runtime.start()
    const odd = { fraction: 1_800_000_000_000.5, far: 1e300, wraps: 1e19, over: 9.3e18 }
    const start = (id: string, input: unknown) => {
      const message: Message = {
        type: 'start',
        definition: { name: 'until', version: 0, digest: '' },
        input,
      }
      return { id: `start:${id}`, entityId: id, message }
    }
    await store.post(Object.entries(odd).map(([id, at]) => start(id, { at })))
    const ids = Array.from({ length: 20 }, (_, n) => `h${n}`)
    await runtime.startMany(ids.map((id) => ({ definition: 'healthy', input: null, id })))
    for (const id of ids) await runtime.waitForEnd(id, AbortSignal.timeout(10_000))
    await vi.waitFor(
      async () => {
        const stuck = await runtime.stuck()
        expect(stuck.map(({ sagaId }) => sagaId).sort()).toEqual(Object.keys(odd).sort())
        for (const { reason } of stuck) expect(reason).toMatch(/no instant .*; cancel the saga/)
      },
      { timeout: 10_000, interval: 20 },
    )
    expect(runtime.health()).toMatchObject({ status: 'active', backlogMs: 0 })
    expect(await runtime.run({ definition: 'healthy', input: null })).toMatchObject({
      status: 'COMPLETED',
    })
    for (const id of Object.keys(odd)) {
      await runtime.cancel(id, { by: BY, reason: 'test' })
      const { status } = await runtime.waitForEnd(id, AbortSignal.timeout(10_000))
      expect(status).toBe('ROLLED_BACK')
    }
    await worker.end()
  }, 60_000)
})

describe('a column of numbers', () => {
  for (const value of [1.5, Number.NaN, 1e300, Number.POSITIVE_INFINITY, 9.3e18])
    it(`refuses ${value} rather than store another number`, () => {
      for (const column of [ints, bigints, instants])
        expect(() => column([1, value])).toThrow(`${value} cannot be stored`)
    })

  it('holds the first and last instants that JavaScript and PostgreSQL share, and none beyond', () => {
    expect(instants([8.64e15, -210_866_803_200_000, null])).not.toBeNull()
    expect(() => instants([8.64e15 + 1])).toThrow('cannot be stored')
    expect(() => instants([-210_866_803_200_001])).toThrow('cannot be stored')
    expect(() => ints([2 ** 31])).toThrow('32 bits')
  })
})
