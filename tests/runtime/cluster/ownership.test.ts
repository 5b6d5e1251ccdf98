import { describe, expect, it } from 'vitest'
import {
  type ClusterView,
  type Member,
  OWNERSHIP,
  planMoves,
  rightfulOwner,
} from '@/runtime/cluster/ownership'

const SHARDS = 64
const shards = Array.from({ length: SHARDS }, (_, shard) => shard)
const OLD = 60_000
const LEASE_MS = 3_000

const member = (workerId: string, ageMs = OLD, leftMs = LEASE_MS): Member => ({
  workerId,
  ageMs,
  leftMs,
  address: null,
  backlogMs: 0,
})

/** A cluster in which every worker acts on the same view, round after round. */
class World {
  members: Member[] = []
  owners: (string | null)[] = shards.map(() => null)

  view(): ClusterView {
    const live = new Set(this.members.map((one) => one.workerId))
    return {
      members: this.members,
      owners: this.owners.map((owner) => (owner !== null && live.has(owner) ? owner : null)),
    }
  }

  /** One round: all plan on the same view, then all act. Returns the number of shards that changed hands or were freed. */
  round(): number {
    const view = this.view()
    this.owners = [...view.owners]
    let changed = 0
    for (const { workerId, leftMs } of this.members) {
      // A silent one does nothing; had it renewed its lease, it would not be silent.
      if (leftMs < LEASE_MS / 2) continue
      const { take, give } = planMoves(view, workerId, LEASE_MS)
      for (const shard of give) {
        expect(this.owners[shard]).toBe(workerId)
        this.owners[shard] = null
        changed++
      }
      for (const shard of take) {
        expect(this.owners[shard]).toBeNull()
        this.owners[shard] = workerId
        changed++
      }
    }
    return changed
  }

  settle(): number {
    for (let rounds = 0; rounds < 100; rounds++) if (this.round() === 0) return rounds
    throw new Error('the cluster does not settle')
  }

  count(workerId: string): number {
    return this.owners.filter((owner) => owner === workerId).length
  }
}

function settled(...names: string[]): World {
  const world = new World()
  world.members = names.map((name) => member(name))
  world.settle()
  return world
}

describe('who owns a shard', () => {
  it('is one of the members, the same in whatever order they are named', () => {
    const names = ['a', 'b', 'c', 'd']
    for (const shard of shards) {
      const owner = rightfulOwner(shard, names)
      expect(names).toContain(owner)
      expect(rightfulOwner(shard, [...names].reverse())).toBe(owner)
    }
    expect(rightfulOwner(0, [])).toBeNull()
  })

  it('spreads evenly enough, also over names that differ in one letter', () => {
    for (const names of [
      ['worker-1', 'worker-2', 'worker-3'],
      ['0190-aaaa', '0190-aaab', '0190-aaac', '0190-aaad'],
    ]) {
      const counts = names.map(
        (name) =>
          Array.from({ length: 10_000 }, (_, n) => rightfulOwner(n, names)).filter(
            (owner) => owner === name,
          ).length,
      )
      for (const count of counts) {
        expect(count).toBeGreaterThan((10_000 / names.length) * 0.9)
        expect(count).toBeLessThan((10_000 / names.length) * 1.1)
      }
    }
  })

  it('changes only for the shards of a member that leaves', () => {
    for (const shard of shards) {
      const before = rightfulOwner(shard, ['a', 'b', 'c'])
      const after = rightfulOwner(shard, ['a', 'b'])
      if (before !== 'c') expect(after).toBe(before)
    }
  })
})

describe('a plan', () => {
  it('gives everything to the only worker, however new', () => {
    const world = new World()
    world.members = [member('a', 0)]
    expect(planMoves(world.view(), 'a', LEASE_MS)).toEqual({ take: shards, give: [] })
  })

  it('moves nothing to or from a worker that comes and goes within two seconds', () => {
    const world = settled('a', 'b')
    const before = [...world.owners]
    world.members.push(member('flapping', OWNERSHIP.stableAfterMs - 1))
    expect(world.round()).toBe(0)
    world.members.pop()
    expect(world.round()).toBe(0)
    expect(world.owners).toEqual(before)
  })

  it('moves its share to a worker that stays, and nothing else', () => {
    const world = settled('a', 'b')
    const before = [...world.owners]
    world.members.push(member('c'))
    world.settle()
    expect(world.count('c')).toBeGreaterThan(8)
    world.owners.forEach((owner, shard) => {
      if (owner !== 'c') expect(owner).toBe(before[shard])
    })
  })

  it('frees at most sixteen shards at a time, those under way included', () => {
    const world = settled('a')
    world.members.push(member('b'), member('c'), member('d'))
    const { give } = planMoves(world.view(), 'a', LEASE_MS)
    expect(give).toHaveLength(OWNERSHIP.movesMax)
    for (const shard of give.slice(0, 10)) world.owners[shard] = null
    expect(planMoves(world.view(), 'a', LEASE_MS).give).toHaveLength(OWNERSHIP.movesMax - 10)
    expect(world.settle()).toBeGreaterThan(2)
  })

  it('shares the shards of a dead worker out among all that live, at once', () => {
    const world = settled('a', 'b', 'c')
    const orphans = shards.filter((shard) => world.owners[shard] === 'c')
    world.members = world.members.filter((one) => one.workerId !== 'c')
    world.round()
    for (const shard of orphans) expect(['a', 'b']).toContain(world.owners[shard])
    expect(new Set(orphans.map((shard) => world.owners[shard])).size).toBe(2)
  })

  it('hands nothing to a member that has been silent for half of its lease, and its share when it is back', () => {
    const world = settled('a', 'b', 'c')
    const before = [...world.owners]
    const heirs = shards.map((shard) => rightfulOwner(shard, ['a', 'b']))
    const silent = LEASE_MS / 2 - 1
    world.members = [member('a'), member('b', OLD, silent)]
    world.round()
    // It keeps what it has, for its lease may yet be renewed.
    for (const shard of shards) expect(world.owners[shard]).toBe(before[shard] === 'b' ? 'b' : 'a')
    expect(world.round()).toBe(0)
    world.members = [member('a'), member('b')]
    world.settle()
    expect(world.owners).toEqual(heirs)
  })

  it('gives no shard to a member that has fallen silent', () => {
    const world = settled('a')
    world.members.push(member('b', OLD, LEASE_MS / 2 - 1))
    expect(world.round()).toBe(0)
    world.members = [member('a'), member('b')]
    expect(world.round()).toBe(OWNERSHIP.movesMax)
  })

  it('lets a silent worker look after itself: it may be the only one that can still write', () => {
    const world = settled('a', 'b')
    world.members = [member('a', OLD, 1)]
    const { take } = planMoves(world.view(), 'a', LEASE_MS)
    expect(take).toEqual(shards.filter((shard) => world.owners[shard] === 'b'))
  })

  it('lets a worker that owns shards count although it is new: one that restarted keeps them', () => {
    const world = settled('a', 'b')
    const before = [...world.owners]
    world.members = [member('a'), member('b', 10)]
    expect(world.round()).toBe(0)
    expect(world.owners).toEqual(before)
  })

  it('ends with every shard at its owner, whatever comes and goes', () => {
    let seed = 1
    const random = () => {
      seed = Math.imul(seed, 1_664_525) + 1_013_904_223
      return (seed >>> 0) / 2 ** 32
    }
    for (let run = 0; run < 50; run++) {
      const world = new World()
      for (let step = 0; step < 30; step++) {
        if (random() < 0.5 || world.members.length === 0)
          world.members.push(member(`w${run}-${step}`, random() < 0.5 ? 0 : OLD))
        else world.members.splice(Math.floor(random() * world.members.length), 1)
        if (world.members.length > 0) world.round()
      }
      world.members = world.members.length
        ? world.members.map((m) => member(m.workerId))
        : [member('z')]
      world.settle()
      const names = world.members.map((one) => one.workerId)
      for (const shard of shards) expect(world.owners[shard]).toBe(rightfulOwner(shard, names))
    }
  })
})
