import { afterEach, describe, expect, it } from 'vitest'
import { shardOf } from '@/runtime/journal/store'
import { action, saga } from '../../support/dry-run'
import { Fleet } from '../../support/fleet'
import { flush } from '../../support/virtual-clock'

const one = saga({ start: 'a', steps: { a: action('a') } })
const ids = (count: number, prefix = 's') =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const requests = (names: string[]) => names.map((id) => ({ definition: 'test', input: null, id }))

let fleet: Fleet
afterEach(() => fleet.stop())

/** Makes each commit take so long, in virtual time. */
function slowDown(ms: number): { ms: number } {
  const commit = fleet.store.commit.bind(fleet.store)
  const delay = { ms }
  fleet.store.commit = async (...args) => {
    if (delay.ms > 0) await new Promise<void>((resolve) => fleet.clock.after(delay.ms, resolve))
    return commit(...args)
  }
  return delay
}

/** In which order the sagas' starts were stored. */
async function startOrder(): Promise<string[]> {
  const feed = await fleet.store.feed(null, 100_000)
  return feed.filter(({ entry }) => entry.seq === 1).map(({ entry }) => entry.entityId)
}

describe('admission', () => {
  it('refuses new sagas while the backlog is too old, says when to try again, and recovers as it drains', async () => {
    fleet = new Fleet(one)
    const worker = fleet.add('w1', { batchMax: 10, backlogMaxMs: 5_000 })
    await worker.runtime.start()
    const delay = slowDown(1_000)
    const early = worker.runtime.startMany(requests(ids(200)))
    await fleet.clock.advance(1_000)
    await flush()
    expect(worker.runtime.health()).toMatchObject({ status: 'active', reason: null })
    const accepted = worker.runtime.startSaga({ definition: 'test', input: null, id: 'in-time' })
    await fleet.clock.advance(5_000)
    expect(worker.runtime.health()).toMatchObject({ status: 'degraded' })
    expect(worker.runtime.health().reason).toContain('new sagas are refused')
    await expect(
      worker.runtime.startSaga({ definition: 'test', input: null, id: 'late' }),
    ).rejects.toMatchObject({ code: 'OVERLOADED', details: { sagaId: 'late' } })
    const refusal = await worker.runtime
      .startSaga({ definition: 'test', input: null, id: 'late' })
      .catch((error) => error.details.retryAfterMs)
    expect(refusal).toBeGreaterThanOrEqual(500)
    expect(refusal).toBeLessThanOrEqual(30_000)
    const [answer] = await worker.runtime.startMany(requests(['late']))
    expect(answer).toMatchObject({ error: { code: 'OVERLOADED', retryAfterMs: refusal } })
    expect(fleet.store.saga('late')).toBeUndefined()
    // What was accepted is served, whatever came after; and what is not new is never refused.
    delay.ms = 0
    await fleet.clock.advance(5_000)
    await Promise.all([early, accepted])
    expect(fleet.store.saga('in-time')?.status).toBe('COMPLETED')
    expect(worker.runtime.health()).toMatchObject({ status: 'active', reason: null })
    await worker.runtime.startSaga({ definition: 'test', input: null, id: 'late' })
    await fleet.clock.advance(1_000)
    expect(fleet.store.saga('late')?.status).toBe('COMPLETED')
  })

  it('knows from the cluster how far behind the others are', async () => {
    fleet = new Fleet(one)
    const [first, second] = await fleet.up('w1', 'w2')
    const owners = await fleet.owners()
    const names = ids(500).filter((id) => owners[shardOf(id)] === 'w2')
    const mine = ids(500).find((id) => owners[shardOf(id)] === 'w1') as string
    const commit = fleet.store.commit.bind(fleet.store)
    fleet.store.commit = async (lease, ...rest) => {
      if (lease.workerId === 'w2')
        await new Promise<void>((resolve) => fleet.clock.after(20_000, resolve))
      return commit(lease, ...rest)
    }
    void second?.runtime.startMany(requests(names.slice(0, 20)))
    await fleet.clock.advance(8_000)
    const answers = await first?.runtime.startMany(requests([names[100] as string, mine]))
    expect(answers).toMatchObject([{ error: { code: 'OVERLOADED' } }, { sagaId: mine }])
    await fleet.clock.advance(60_000)
  })

  it('lets no new saga pass those that wait in the mailbox, however it hears of it', async () => {
    fleet = new Fleet(one)
    const old = ids(100, 'old')
    const before = fleet.add('gone')
    await before.runtime.startMany(requests(old))
    const worker = fleet.add('w1', { batchMax: 5, backlogMaxMs: 60_000 })
    slowDown(10)
    await worker.runtime.start()
    await fleet.clock.advance(15)
    const fresh = ids(20, 'new')
    const started = worker.runtime.startMany(requests(fresh))
    await fleet.clock.advance(20_000)
    await started
    const order = await startOrder()
    expect(order).toHaveLength(120)
    expect(order.slice(0, 100)).toEqual(old)
    expect(new Set(order.slice(100))).toEqual(new Set(fresh))
  })
})
