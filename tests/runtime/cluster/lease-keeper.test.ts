import { describe, expect, it } from 'vitest'
import { LeaseKeeper } from '@/runtime/cluster/lease-keeper'
import type { ClusterView, Moves } from '@/runtime/cluster/ownership'
import { rightfulOwner } from '@/runtime/cluster/ownership'
import type { Tenant } from '@/runtime/cluster/tenant'
import { SagaError } from '@/runtime/errors'
import { type Lease, type Renewal, SHARDS } from '@/runtime/journal/store'
import { flush, VirtualClock } from '../../support/virtual-clock'

const LEASE_MS = 4_000
const ALL = Array.from({ length: SHARDS }, (_, n) => n)
const owned = (ours: readonly number[]): ClusterView => ({
  members: ['w1', 'w2'].map((workerId) => ({
    workerId,
    ageMs: 60_000,
    address: null,
    leftMs: LEASE_MS,
    backlogMs: 0,
  })),
  owners: ALL.map((shard) => (ours.includes(shard) ? 'w1' : 'w2')),
})
const MINE = ALL.filter((shard) => rightfulOwner(shard, ['w1', 'w2']) === 'w1')
/** One more than it should have. */
const EXTRA = ALL.filter((shard) => !MINE.includes(shard)).slice(0, 1)

const lease = (epoch: number, shards: readonly number[]): Lease => ({
  workerId: 'w1',
  epoch,
  session: 1,
  shards,
})

class FakeTenant implements Tenant {
  readonly backlogMs = 0
  readonly drained: (readonly number[])[] = []
  abandoned = false
  readonly lease: Lease
  constructor(lease: Lease) {
    this.lease = lease
  }
  /** What holds a change of the lease up, as a commit under way does. */
  busy: Promise<void> = Promise.resolve()
  async recover(): Promise<void> {}
  async relet(change: () => Promise<Lease>): Promise<Lease> {
    await this.busy
    return change()
  }
  async drain(shards: readonly number[]): Promise<boolean> {
    this.drained.push(shards)
    return true
  }
  async reopen(): Promise<void> {}
  async stop(): Promise<void> {}
  abandon(): void {
    this.abandoned = true
  }
}

/** A keeper whose renewals and changes are answered when, and as, the test says. */
function stage() {
  const clock = new VirtualClock()
  const tenants: FakeTenant[] = []
  const renewals: ((answer: Renewal | Error) => void)[] = []
  const changes: { moves: Moves; answer(lease: Lease | Error): void }[] = []
  const asked = <T>(take: (answer: (value: T | Error) => void) => void) =>
    new Promise<T>((resolve, reject) =>
      take((value) => (value instanceof Error ? reject(value) : resolve(value))),
    )
  const keeper = new LeaseKeeper({
    store: {
      acquire: async () => ({ workerId: 'w1', epoch: 1, session: 1, shards: [...MINE, ...EXTRA] }),
      renew: () => asked<Renewal>((answer) => renewals.push(answer)),
      reassign: (_, moves) => asked<Lease>((answer) => changes.push({ moves, answer })),
      release: async () => {},
    },
    clock,
    logger: { info() {}, warn() {}, error() {} },
    workerId: 'w1',
    nextWorkerId: () => 'w1~2',
    leaseMs: LEASE_MS,
    drainMs: 100,
    open(lease) {
      const tenant = new FakeTenant(lease)
      tenants.push(tenant)
      return tenant
    },
    onFreed: () => {},
    onLost: () => true,
  })
  const renewal = (epoch: number, shards: readonly number[]): Renewal => ({
    ...lease(epoch, shards),
    view: owned(shards),
  })
  return { clock, keeper, tenants, renewals, changes, renewal }
}

describe('the lease keeper', () => {
  it('does not plan on a view from before shards were moved', async () => {
    const { clock, keeper, tenants, renewals, changes, renewal } = stage()
    await keeper.start()
    await clock.advance(LEASE_MS / 4)
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    expect(changes[0]?.moves).toEqual({ take: [], give: EXTRA })
    // Asked before the move is answered, answered after it.
    keeper.nudge()
    await flush()
    changes.shift()?.answer(lease(2, MINE))
    await flush()
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    expect(tenants[0]?.drained).toEqual([EXTRA])
    expect(changes).toEqual([])
    await keeper.stop(0)
  })

  it('moves no shards for a tenant that had to go while they waited to be moved', async () => {
    const { clock, keeper, tenants, renewals, changes, renewal } = stage()
    await keeper.start()
    let free = () => {}
    const [first] = tenants as [FakeTenant]
    first.busy = new Promise((resolve) => {
      free = resolve
    })
    await clock.advance(LEASE_MS / 4)
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    keeper.nudge()
    await clock.advance(LEASE_MS)
    expect(first.abandoned).toBe(true)
    free()
    await flush()
    expect(changes).toEqual([])
    await clock.advance(LEASE_MS / 4)
    // One that was asked too long ago, and one that counts.
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await clock.advance(LEASE_MS / 4)
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    expect(changes.map(({ moves }) => moves)).toEqual([{ take: [], give: [] }])
    await keeper.stop(0)
  })

  it('takes no tenant in while it is not known which shards it would have', async () => {
    const { clock, keeper, tenants, renewals, changes, renewal } = stage()
    await keeper.start()
    await clock.advance(LEASE_MS / 4)
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    expect(changes).toHaveLength(1)
    keeper.nudge()
    // The move takes longer than the lease, which lapses; a renewal that was asked before the move tells the old shards.
    await clock.advance(LEASE_MS)
    keeper.nudge()
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    expect(tenants).toHaveLength(1)
    changes.shift()?.answer(lease(2, MINE))
    await flush()
    renewals.shift()?.(renewal(2, MINE))
    await flush()
    changes.shift()?.answer(lease(3, MINE))
    await flush()
    expect(tenants).toHaveLength(2)
    expect(tenants[1]?.lease).toMatchObject({ epoch: 3, shards: MINE })
    await keeper.stop(0)
  })

  it('lets a new tenant work under a new epoch, whatever an older renewal says', async () => {
    const { clock, keeper, tenants, renewals, changes, renewal } = stage()
    await keeper.start()
    await clock.advance(LEASE_MS / 4)
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    keeper.nudge()
    await flush()
    changes.shift()?.answer(lease(2, MINE))
    await flush()
    keeper.fenced(new SagaError('FENCED', 'refused'))
    renewals.shift()?.(renewal(1, [...MINE, ...EXTRA]))
    await flush()
    // The old tenant's commits are refused from then on, if they come at all.
    expect(changes).toMatchObject([{ moves: { take: [], give: [] } }])
    expect(tenants).toHaveLength(1)
    changes.shift()?.answer(lease(3, MINE))
    await flush()
    expect(tenants).toHaveLength(2)
    expect(tenants[1]?.lease).toMatchObject({ epoch: 3, shards: MINE })
    await keeper.stop(0)
  })

  it('asks again for a new epoch when it did not get one', async () => {
    const { clock, keeper, tenants, renewals, changes, renewal } = stage()
    await keeper.start()
    keeper.fenced(new SagaError('FENCED', 'refused'))
    renewals.shift()?.(renewal(1, MINE))
    await flush()
    changes.shift()?.answer(new SagaError('UNAVAILABLE', 'lost', { outcomeUnknown: true }))
    await clock.advance(LEASE_MS / 4)
    renewals.shift()?.(renewal(2, MINE))
    await flush()
    expect(tenants).toHaveLength(1)
    changes.shift()?.answer(lease(3, MINE))
    await flush()
    expect(tenants[1]?.lease).toMatchObject({ epoch: 3, shards: MINE })
    await keeper.stop(0)
  })
})
