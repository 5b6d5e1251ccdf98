import { afterEach, describe, expect, it } from 'vitest'
import { rightfulOwner } from '@/runtime/cluster/ownership'
import { SagaError } from '@/runtime/errors'
import type { Outcome } from '@/runtime/journal/entry'
import { SHARDS, shardOf } from '@/runtime/journal/store'
import { action, ok, saga } from '../../support/dry-run'
import { Fleet, type FleetWorker } from '../../support/fleet'

const three = saga({
  start: 'a',
  steps: { a: action('a', 'b'), b: action('b', 'c'), c: action('c') },
})
const LEASE_MS = 3_000
const never = () => new Promise<Outcome>(() => {})
const ids = (count: number, prefix = 's') =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)
const requests = (names: string[]) => names.map((id) => ({ definition: 'test', input: null, id }))

let fleet: Fleet
afterEach(() => fleet.stop())

async function started(...names: string[]): Promise<FleetWorker[]> {
  fleet = new Fleet(three)
  return fleet.up(...names)
}

const statuses = (names: string[]) => {
  const counts: Record<string, number> = {}
  for (const id of names) {
    const status = fleet.store.saga(id)?.status ?? 'NONE'
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

const shardsOf = (worker: FleetWorker) => worker.runtime.health().shards

describe('many workers', () => {
  it('share the shards by rendezvous, and each runs its own sagas', async () => {
    const workers = await started('w1', 'w2', 'w3')
    const owners = await fleet.owners()
    owners.forEach((owner, shard) => {
      expect(owner).toBe(rightfulOwner(shard, ['w1', 'w2', 'w3']))
    })
    expect(workers.reduce((sum, worker) => sum + shardsOf(worker), 0)).toBe(SHARDS)
    const names = ids(60)
    await workers[0]?.runtime.startMany(requests(names))
    await fleet.clock.advance(5_000)
    expect(statuses(names)).toEqual({ COMPLETED: 60 })
    for (const call of fleet.calls) expect(call.worker).toBe(owners[shardOf(call.sagaId)])
    expect(fleet.calls).toHaveLength(180)
  })

  it('tell each other which sagas cannot go on, until those can', async () => {
    const [first, second] = await started('w1', 'w2')
    const owners = await fleet.owners()
    const commit = fleet.store.commit.bind(fleet.store)
    const [sagaId = ''] = ids(200).filter((id) => owners[shardOf(id)] === 'w2')
    let broken = true
    let away = 2
    const show = fleet.store.showStuck.bind(fleet.store)
    fleet.store.showStuck = async (...args) => {
      if (away-- > 0) throw new SagaError('UNAVAILABLE', 'The store is away')
      return show(...args)
    }
    fleet.store.commit = async (lease, commits) => {
      if (broken && commits.some(({ entityId }) => entityId === sagaId))
        throw new SagaError('INVALID_INPUT', 'the store cannot\u0000hold it')
      return commit(lease, commits)
    }
    void second?.runtime.startSaga({ definition: 'test', input: null, id: sagaId }).catch(() => {})
    await fleet.clock.advance(3_000)
    const said = { sagaId, workerId: 'w2', reason: 'the store cannot hold it' }
    expect(await first?.runtime.stuck()).toMatchObject([said])
    expect(await second?.runtime.stuck()).toMatchObject([said])
    expect(first?.runtime.health().stuck.count).toBe(0)
    expect(second?.runtime.health().stuck.count).toBe(1)
    broken = false
    void first?.runtime.startSaga({ definition: 'test', input: null, id: sagaId })
    await fleet.clock.advance(30_000)
    expect(await first?.runtime.stuck()).toEqual([])
    expect(statuses([sagaId])).toEqual({ COMPLETED: 1 })
  })

  it('move shards to a newcomer in rounds, while sagas run, and lose and double nothing', async () => {
    const [first] = await started('w1')
    fleet.answer = () => new Promise((resolve) => fleet.clock.after(200, () => resolve(ok())))
    const second = fleet.add('w2')
    await second.runtime.start()
    const names: string[] = []
    for (let round = 0; round < 80; round++) {
      const batch = ids(5, `r${round}-`)
      names.push(...batch)
      await first?.runtime.startMany(requests(batch))
      await fleet.clock.advance(100)
    }
    await fleet.clock.advance(20_000)
    expect(shardsOf(second)).toBeGreaterThan(20)
    expect(statuses(names)).toEqual({ COMPLETED: names.length })
    // The calls under way were short, so each shard waited for its own before it went.
    expect([...fleet.effects.values()].every((count) => count === 1)).toBe(true)
    expect(new Set(fleet.calls.map((call) => call.worker)).size).toBe(2)
  })

  it('hand a long call over: the next owner performs it again with the same key, the late result changes nothing', async () => {
    const [first] = await started('w1')
    let finish: ((outcome: Outcome) => void)[] = []
    fleet.answer = (_, worker) =>
      worker.name === 'w1' ? new Promise((resolve) => finish.push(resolve)) : ok()
    const names = ids(40)
    await first?.runtime.startMany(requests(names))
    await fleet.clock.advance(1_000)
    const second = fleet.add('w2')
    await second.runtime.start()
    await fleet.clock.advance(15_000)
    const moved = names.filter((id) => rightfulOwner(shardOf(id), ['w1', 'w2']) === 'w2')
    expect(moved.length).toBeGreaterThan(5)
    expect(statuses(moved)).toEqual({ COMPLETED: moved.length })
    for (const id of moved) expect(fleet.effects.get(`${id}:a`)).toBe(2)
    for (const settle of finish) settle(ok())
    finish = []
    fleet.answer = () => ok()
    await fleet.clock.advance(2_000)
    expect(statuses(names)).toEqual({ COMPLETED: names.length })
    for (const id of moved)
      expect((await fleet.store.read(id, 0, 100)).map((entry) => entry.message.type)).toEqual([
        'start',
        'result',
        'result',
        'result',
      ])
  })

  it('take over a dead worker in less than five seconds, each its share', async () => {
    const workers = await started('w1', 'w2', 'w3')
    fleet.answer = (_, worker) => (worker.name === 'w2' ? never() : ok())
    const names = ids(60)
    await workers[0]?.runtime.startMany(requests(names))
    await fleet.clock.advance(1_000)
    const stuck = names.filter((id) => fleet.store.saga(id)?.status !== 'COMPLETED')
    expect(stuck.length).toBeGreaterThan(10)
    const dead = workers[1] as FleetWorker
    dead.fault = 'hang'
    dead.freeze()
    await fleet.clock.advance(4_500)
    expect(statuses(names)).toEqual({ COMPLETED: 60 })
    const owners = await fleet.owners()
    owners.forEach((owner, shard) => {
      expect(owner).toBe(rightfulOwner(shard, ['w1', 'w3']))
    })
  })

  it('take over at once when a lease runs out, not at their next renewal', async () => {
    const workers = await started('w1', 'w2', 'w3')
    const dead = workers[1] as FleetWorker
    // Whatever the phase of everybody's renewals: the lease was renewed up to a quarter of it ago.
    await fleet.clock.advance(333)
    dead.fault = 'hang'
    dead.freeze()
    await fleet.clock.advance(LEASE_MS + 150)
    const owners = await fleet.owners()
    owners.forEach((owner, shard) => {
      expect(owner).toBe(rightfulOwner(shard, ['w1', 'w3']))
    })
  })

  it('take over several that die together', async () => {
    const workers = await started('w1', 'w2', 'w3', 'w4')
    fleet.answer = (_, worker) => (['w2', 'w3'].includes(worker.name) ? never() : ok())
    const names = ids(80)
    await workers[0]?.runtime.startMany(requests(names))
    await fleet.clock.advance(1_000)
    for (const dead of workers.slice(1, 3)) {
      dead.fault = 'hang'
      dead.freeze()
    }
    await fleet.clock.advance(LEASE_MS + 500)
    expect(statuses(names)).toEqual({ COMPLETED: 80 })
  })

  it('leave nothing to an heir that has died as well and is not known to be dead yet', async () => {
    const workers = await started('w1', 'w2', 'w3')
    fleet.answer = (_, worker) => (worker.name === 'w1' ? ok() : never())
    const names = ids(60)
    await workers[0]?.runtime.startMany(requests(names))
    await fleet.clock.advance(1_000)
    const [, first, second] = workers as [FleetWorker, FleetWorker, FleetWorker]
    const owners = await fleet.owners()
    first.fault = 'hang'
    first.freeze()
    await fleet.clock.advance(1_000)
    second.fault = 'hang'
    second.freeze()
    await fleet.clock.advance(LEASE_MS - 1_000 + 500)
    // The second one's lease runs on, but not over what the first one left.
    const left = names.filter((id) => owners[shardOf(id)] === 'w2')
    expect(left.length).toBeGreaterThan(10)
    expect(statuses(left)).toEqual({ COMPLETED: left.length })
  })

  it('take over a dead worker while shards of their own are still being drained for a newcomer', async () => {
    fleet = new Fleet(three)
    const first = fleet.add('w1', { drainMs: 60_000 })
    await first.runtime.start()
    const dead = fleet.add('w2')
    await dead.runtime.start()
    await fleet.clock.advance(20_000)
    fleet.answer = (_, worker) => (worker.name === 'w3' ? ok() : never())
    const names = ids(40)
    await first.runtime.startMany(requests(names))
    await fleet.clock.advance(500)
    await fleet.add('w3').runtime.start()
    await fleet.clock.advance(3_000)
    // w1 drains, and will for a minute: its calls do not end.
    dead.fault = 'hang'
    dead.freeze()
    await fleet.clock.advance(LEASE_MS + 500)
    const owners = await fleet.owners()
    expect(owners.filter((owner) => owner === null || owner === 'w2')).toEqual([])
  })

  it('take over a second dead worker while they still bring back the sagas of the first', async () => {
    const workers = await started('w1', 'w2', 'w3')
    fleet.answer = (_, worker) => (worker.name === 'w1' ? ok() : never())
    const names = ids(60)
    await workers[0]?.runtime.startMany(requests(names))
    await fleet.clock.advance(1_000)
    const owners = await fleet.owners()
    const active = fleet.store.active.bind(fleet.store)
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let readings = 0
    fleet.store.active = async (...args) => {
      if (++readings === 1) await held
      return active(...args)
    }
    for (const dead of workers.slice(1)) {
      dead.fault = 'hang'
      dead.freeze()
      await fleet.clock.advance(LEASE_MS + 500)
    }
    expect(workers[0] && shardsOf(workers[0])).toBe(SHARDS)
    const second = names.filter((id) => owners[shardOf(id)] === 'w3')
    expect(second.length).toBeGreaterThan(10)
    expect(statuses(second)).toEqual({ COMPLETED: second.length })
    goOn()
    await fleet.clock.advance(500)
    expect(statuses(names)).toEqual({ COMPLETED: 60 })
  })

  it('take over a dead worker although a commit of their own, from before they lapsed, is never answered', async () => {
    const [first, dead] = (await started('w1', 'w2')) as [FleetWorker, FleetWorker]
    const owners = await fleet.owners()
    const mine = ids(100).find((id) => owners[shardOf(id)] === 'w1') as string
    const commit = fleet.store.commit
    fleet.store.commit = () => new Promise(() => {})
    first.runtime.startMany(requests([mine])).catch(() => {})
    await fleet.clock.advance(100)
    dead.fault = 'hang'
    dead.freeze()
    // Now it waits for its commit, to take the shards of the other.
    await fleet.clock.advance(LEASE_MS + 500)
    fleet.store.commit = commit
    first.fault = 'cut'
    await fleet.clock.advance(LEASE_MS)
    first.fault = 'none'
    await fleet.clock.advance(1_000)
    expect(shardsOf(first)).toBe(SHARDS)
  })

  it('a worker that slept over its lease writes nothing, calls nothing, and joins again', async () => {
    const workers = await started('w1', 'w2')
    let finish: ((outcome: Outcome) => void)[] = []
    fleet.answer = (_, worker) =>
      worker.name === 'w2' ? new Promise((resolve) => finish.push(resolve)) : ok()
    const names = ids(40)
    await workers[0]?.runtime.startMany(requests(names))
    await fleet.clock.advance(1_000)
    const asleep = workers[1] as FleetWorker
    asleep.freeze()
    for (const settle of finish) settle(ok())
    finish = []
    await fleet.clock.advance(LEASE_MS * 2)
    expect(statuses(names)).toEqual({ COMPLETED: 40 })
    const before = fleet.calls.length
    asleep.thaw()
    fleet.answer = () => ok()
    await fleet.clock.advance(100)
    expect(fleet.calls).toHaveLength(before)
    await fleet.clock.advance(20_000)
    const health = asleep.runtime.health()
    expect(health).toMatchObject({ status: 'active', reason: null, workers: 2 })
    expect(health.workerId).not.toBe('w2')
    for (const id of names) expect(await fleet.store.read(id, 0, 100)).toHaveLength(4)
  })

  it('a worker that cannot renew stops calling before others may take over, whatever the time of day does', async () => {
    const ticking = saga({
      start: 'a',
      steps: {
        a: action('a', undefined, {
          retry: { attemptsMax: 1000, delayMs: 50, delayMaxMs: 50, jitter: 0 },
        }),
      },
    })
    for (const skew of [-3_600_000, 3_600_000]) {
      fleet = new Fleet(ticking)
      const [worker] = await fleet.up('w1')
      fleet.answer = () => ({ ok: false, kind: 'retryable', code: 'BUSY', message: 'busy' })
      await worker?.runtime.startSaga({ definition: 'test', input: null, id: 'one' })
      await fleet.clock.advance(1_000)
      const renew = fleet.store.renew
      fleet.store.renew = () => new Promise(() => {})
      const cutAt = fleet.clock.monotonic()
      await fleet.clock.advance(500)
      fleet.clock.skew(skew)
      await fleet.clock.advance(LEASE_MS * 3)
      expect(worker?.runtime.health()).toMatchObject({
        status: 'degraded',
        reason: 'the lease could not be renewed within 3000 ms',
      })
      const last = Math.max(...fleet.calls.map((call) => call.at))
      expect(last - cutAt).toBeLessThan(LEASE_MS)
      // Set back, its retries are not due for an hour; set forward, it did go on until then.
      if (skew > 0) expect(last - cutAt).toBeGreaterThan(1_000)
      fleet.store.renew = renew
      await fleet.stop()
    }
  })

  it('never has two renewals under way', async () => {
    const workers = await started('w1', 'w2', 'w3')
    const slow = fleet.store.renew.bind(fleet.store)
    fleet.store.renew = async (...args) => {
      await new Promise<void>((resolve) => fleet.clock.after(1_500, resolve))
      return slow(...args)
    }
    await fleet.clock.advance(30_000)
    for (const worker of workers) expect(worker.renewalsMax).toBe(1)
  })

  it('survive an outage of the store without losing their shards to each other, and say why they wait', async () => {
    const workers = await started('w1', 'w2', 'w3')
    const names = ids(60)
    fleet.answer = () => new Promise((resolve) => fleet.clock.after(300, () => resolve(ok())))
    await workers[0]?.runtime.startMany(requests(names))
    const before = await fleet.owners()
    for (const worker of workers) worker.fault = 'cut'
    await fleet.clock.advance(2_000)
    for (const worker of workers)
      expect(worker.runtime.health()).toMatchObject({
        status: 'degraded',
        reason: 'the database cannot be reached',
      })
    for (const worker of workers) worker.fault = 'none'
    await fleet.clock.advance(5_000)
    expect(await fleet.owners()).toEqual(before)
    expect(statuses(names)).toEqual({ COMPLETED: 60 })
    for (const worker of workers)
      expect(worker.runtime.health()).toMatchObject({ status: 'active', reason: null })
  })

  it('go on after an outage that was longer than every lease', async () => {
    const workers = await started('w1', 'w2', 'w3')
    const names = ids(60)
    fleet.answer = () => new Promise((resolve) => fleet.clock.after(300, () => resolve(ok())))
    await workers[0]?.runtime.startMany(requests(names))
    for (const worker of workers) worker.fault = 'cut'
    await fleet.clock.advance(60_000)
    for (const worker of workers) worker.fault = 'none'
    await fleet.clock.advance(30_000)
    expect(statuses(names)).toEqual({ COMPLETED: 60 })
    for (const id of names) expect(await fleet.store.read(id, 0, 100)).toHaveLength(4)
    for (const worker of workers)
      expect(worker.runtime.health()).toMatchObject({ status: 'active' })
  })

  it('find out what became of a move whose answer was lost', async () => {
    for (const carriedOut of [true, false]) {
      fleet = new Fleet(three)
      const [first] = await fleet.up('w1')
      const reassign = fleet.store.reassign.bind(fleet.store)
      let lost = 0
      fleet.store.reassign = async (lease, moves) => {
        if (lost++ % 2 === 1) return reassign(lease, moves)
        if (carriedOut) await reassign(lease, moves)
        throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
      }
      const second = fleet.add('w2')
      await second.runtime.start()
      const names: string[] = []
      for (let round = 0; round < 60; round++) {
        const batch = ids(3, `${carriedOut}${round}-`)
        names.push(...batch)
        await first?.runtime.startMany(requests(batch))
        await fleet.clock.advance(200)
      }
      await fleet.clock.advance(30_000)
      expect(lost).toBeGreaterThan(2)
      expect(statuses(names)).toEqual({ COMPLETED: names.length })
      const owners = await fleet.owners()
      owners.forEach((owner, shard) => {
        expect(owner).toBe(rightfulOwner(shard, ['w1', 'w2']))
      })
      await fleet.stop()
    }
  })

  it('fire a timer once, at whoever owns it when it is due', async () => {
    const waits = saga({
      start: 'w',
      steps: { w: { type: 'wait', forMs: 10_000, next: 'a' }, a: action('a') },
    })
    fleet = new Fleet(waits)
    const [first] = await fleet.up('w1')
    const names = ids(40)
    await first?.runtime.startMany(requests(names))
    await fleet.clock.advance(500)
    await fleet.add('w2').runtime.start()
    await fleet.clock.advance(30_000)
    expect(statuses(names)).toEqual({ COMPLETED: 40 })
    for (const id of names)
      expect((await fleet.store.read(id, 0, 100)).map((entry) => entry.message.type)).toEqual([
        'start',
        'timer',
        'result',
      ])
    expect(new Set(fleet.calls.map((call) => call.worker)).size).toBe(2)
  })

  it('give their shards back at once when they stop, with the calls under way finished', async () => {
    fleet = new Fleet(three)
    const stopping = fleet.add('w1', { stopMs: 2_000 })
    const staying = fleet.add('w2')
    await stopping.runtime.start()
    await staying.runtime.start()
    await fleet.clock.advance(20_000)
    fleet.answer = (_, worker) =>
      new Promise((resolve) =>
        fleet.clock.after(worker.name === 'w1' ? 500 : 10, () => resolve(ok())),
      )
    const names = ids(40)
    await staying.runtime.startMany(requests(names))
    await fleet.clock.advance(300)
    const stopped = stopping.runtime.stop()
    await fleet.clock.advance(1_700)
    await stopped
    await fleet.clock.advance(1_000)
    expect(statuses(names)).toEqual({ COMPLETED: 40 })
    expect([...fleet.effects.values()].every((count) => count === 1)).toBe(true)
    expect(shardsOf(staying)).toBe(SHARDS)
  })
})
