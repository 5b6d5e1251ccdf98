/**
 * Random sequences of store operations, carried out on several stores side by side: memory, the simulated one without its
 * faults, PostgreSQL. Every answer is compared, and at the end everything that is stored.
 *
 * 1. Epochs, sessions and positions are each store's own numbers; compared is which of them are equal and how they follow.
 * 2. Time passes in jumps of minutes, on the virtual clock and, by moving what PostgreSQL has stored, there too. What is near
 *    in time is never compared, so the speed of the machine does not matter.
 * 3. An operation is made from what the first store answered before, the same for all.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Moves } from '@/runtime/cluster/ownership'
import { isSagaError } from '@/runtime/errors'
import {
  type Envelope,
  type Lease,
  type MailCursor,
  type PendingMessage,
  type Renewal,
  SHARDS,
  type Store,
  shardOf,
} from '@/runtime/journal/store'
import type { Harness } from '../runtime/journal/conformance'
import { ENTITIES, EntityPlan, T } from './differential-plan'
import { Random } from './random'

/** A store under comparison, and what its own numbers are. */
export interface Side extends Pick<Harness, 'saga' | 'gate' | 'decision'> {
  name: string
  store: Store
}

const WORKERS = ['a', 'b', 'c'] as const
/** Longer than any sequence takes, and never a sum of the jumps below. */
const TTLS = [2_900_000, 12_100_000] as const
const JUMPS = [500_000, 6_000_000] as const
const STEPS = 24

/** One side's numbers for what all sides have. */
class Numbers {
  readonly leases: Lease[] = []
  readonly cursors = new Map<string, MailCursor>()
  readonly positions = new Map<string, bigint>()
  readonly side: Side
  readonly #epochs: number[] = []

  constructor(side: Side) {
    this.side = side
  }

  /** Which epoch it is, counted in the order in which they were first seen. Later ones must be greater. */
  rank(epoch: number | undefined): number {
    if (epoch === undefined) return -1
    const known = this.#epochs.indexOf(epoch)
    if (known >= 0) return known
    const newest = this.#epochs[this.#epochs.length - 1] ?? 0
    if (epoch <= newest) throw new Error(`${this.side.name}: epoch ${epoch} after ${newest}`)
    return this.#epochs.push(epoch) - 1
  }
}

/** A reader's place in the mailbox: what it was given and has not seen acknowledged. */
interface Reading {
  shards: string
  has: Set<string>
}

type Ask = (numbers: Numbers) => Promise<unknown>

export class Comparison {
  readonly #sides: Numbers[]
  readonly #pass: (ms: number) => Promise<void>
  readonly #random: Random
  readonly #plan: EntityPlan
  readonly #readings = new Map<string, Reading>()
  /** What was asked and answered, for who has to find out why. */
  readonly trace: string[] = []

  /** `pass` lets time pass for all of them. */
  constructor(seed: number, sides: readonly Side[], pass: (ms: number) => Promise<void>) {
    this.#sides = sides.map((side) => new Numbers(side))
    this.#pass = pass
    this.#random = new Random(`differential ${seed}`)
    this.#plan = new EntityPlan(this.#random)
  }

  /** Throws when they differ. */
  async run(): Promise<void> {
    await this.#acquire()
    for (let n = 0; n < STEPS; n++) await this.#step()
    await this.#compareAll()
  }

  #step(): Promise<unknown> {
    const roll = this.#random.next()
    if (roll < 0.06) return this.#acquire()
    if (roll < 0.14) return this.#renew()
    if (roll < 0.21) return this.#reassign()
    if (roll < 0.23) return this.#release()
    if (roll < 0.27) return this.#jump()
    if (roll < 0.37) return this.#post()
    if (roll < 0.52) return this.#pending()
    if (roll < 0.82) return this.#commit()
    if (roll < 0.86) return this.#load()
    if (roll < 0.9) return this.#active()
    if (roll < 0.95) return this.#timers()
    if (roll < 0.97) return this.#verdicts()
    if (roll < 0.99) return this.#stuck()
    return this.#read()
  }

  // ── Leases ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async #acquire(): Promise<void> {
    const workerId = this.#random.pick(WORKERS)
    const ttl = this.#random.pick(TTLS)
    const address = this.#random.chance(0.5) ? `udp://${workerId}` : undefined
    await this.#leased(`acquire ${workerId} ${ttl}`, ({ side }) =>
      side.store.acquire(workerId, ttl, address),
    )
  }

  async #renew(): Promise<void> {
    const which = this.#lease()
    const ttl = this.#random.pick(TTLS)
    const backlog = this.#random.int(0, 9)
    await this.#leased(`renew ${which} ${ttl}`, ({ side, leases }) =>
      side.store.renew(leases[which] as Lease, ttl, backlog),
    )
  }

  async #reassign(): Promise<void> {
    const which = this.#lease()
    const some = () =>
      Array.from({ length: SHARDS }, (_, n) => n).filter(() => this.#random.chance(0.4))
    const moves: Moves = { take: some(), give: this.#random.chance(0.5) ? some() : [] }
    await this.#leased(`reassign ${which} ${JSON.stringify(moves)}`, ({ side, leases }) =>
      side.store.reassign(leases[which] as Lease, moves),
    )
  }

  async #release(): Promise<void> {
    const which = this.#lease()
    await this.#ask(`release ${which}`, ({ side, leases }) =>
      side.store.release(leases[which] as Lease),
    )
  }

  async #jump(): Promise<void> {
    const ms = this.#random.pick(JUMPS)
    this.trace.push(`${ms} ms pass`)
    await this.#pass(ms)
  }

  /** A lease that somebody has or had, mostly a new one. */
  #lease(): number {
    const count = this.#sides[0]?.leases.length ?? 0
    return Math.max(0, count - 1 - Math.floor(this.#random.delay(1.2)))
  }

  async #leased(what: string, ask: (numbers: Numbers) => Promise<Lease | Renewal>): Promise<void> {
    const answers: Lease[] = []
    await this.#ask(what, async (numbers) => {
      const lease = await ask(numbers)
      answers.push(lease)
      return plainLease(numbers, lease)
    })
    if (answers.length === this.#sides.length)
      for (const [n, numbers] of this.#sides.entries()) {
        const { workerId, epoch, shards, session } = answers[n] as Lease
        numbers.leases.push({
          workerId,
          epoch,
          shards,
          ...(session === undefined ? {} : { session }),
        })
      }
  }

  async #stuck(): Promise<void> {
    const which = this.#lease()
    const sagas = ENTITIES.filter(() => this.#random.chance(0.2)).map((sagaId) => {
      const since = T + 1_000 * this.#plan.next()
      return { sagaId, reason: `${sagaId} is stuck`, since, retryAt: since + 5_000 }
    })
    const limit = this.#random.pick([2, 100])
    await this.#ask(
      `stuck ${which}: ${sagas.map(({ sagaId }) => sagaId).join(' ')} limit ${limit}`,
      async ({ side, leases }) => {
        await side.store.showStuck(leases[which] as Lease, sagas)
        return side.store.stuck(limit)
      },
    )
  }

  // ── Mail ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #post(): Promise<void> {
    const envelopes = Array.from({ length: this.#random.int(1, 4) }, () => this.#plan.envelope())
    await this.#ask(`post ${envelopes.map(({ id }) => id).join(' ')}`, async ({ side }) =>
      (await side.store.post(envelopes)).sort(),
    )
  }

  async #pending(): Promise<void> {
    const which = this.#lease()
    const lease = this.#sides[0]?.leases[which]
    if (!lease) return
    const shards = lease.shards.join()
    const known = this.#readings.get(lease.workerId)
    // A cursor is good for one set of shards; and now and then a reader forgets what it had, and looks again.
    const startsOver = known?.shards !== shards || this.#random.chance(0.2)
    const kept = [...(known?.has ?? [])].filter((id) => !this.#plan.taken.has(id))
    const reading = startsOver
      ? { shards, has: new Set(kept.filter(() => this.#random.chance(0.5))) }
      : { shards, has: new Set(kept) }
    this.#readings.set(lease.workerId, reading)
    const limit = this.#random.pick([1, 3, 100])
    const have = [...reading.has]
    const found = await this.#ask(
      `pending ${which} limit ${limit} has ${have.join(' ')}${startsOver ? ', anew' : ''}`,
      async ({ side, leases, cursors, positions }) => {
        const { messages, cursor } = await side.store.pending(
          leases[which] as Lease,
          startsOver ? null : (cursors.get(lease.workerId) ?? null),
          have.flatMap((id) => positions.get(id) ?? []),
          limit,
        )
        cursors.set(lease.workerId, cursor)
        for (const { id, position } of messages) positions.set(id, position)
        return inOrder(messages)
      },
    )
    for (const { id, entityId } of (found ?? []) as Envelope[]) {
      reading.has.add(id)
      this.#plan.given.set(id, entityId)
    }
  }

  async #verdicts(): Promise<void> {
    const ids = Array.from({ length: 6 }, () => `m${this.#random.int(0, this.#plan.newest)}`)
    await this.#ask(`verdicts ${ids.join(' ')}`, async ({ side }) =>
      [...(await side.store.verdicts(ids))].sort(byFirst),
    )
  }

  // ── Entities ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #commit(): Promise<void> {
    const which = this.#lease()
    const lease = this.#sides[0]?.leases[which]
    if (!lease) return
    const owned = ENTITIES.filter((id) => lease.shards.includes(shardOf(id)))
    const from = owned.length > 0 && this.#random.chance(0.95) ? owned : ENTITIES
    const ids = new Set(
      Array.from({ length: this.#random.int(1, 3) }, () => this.#random.pick(from) as string),
    )
    const parts = [...ids].map((id) => this.#plan.part(id))
    const what = parts.map(
      ({ commit, acks }) =>
        `${commit.entityId} ${commit.fromSeq}+${commit.entries.length} acks ${acks.join(' ')}`,
    )
    const done = await this.#ask(
      `commit ${which}: ${what.join(', ')}`,
      async ({ side, leases, positions }) => {
        const commits = parts.map(({ commit, acks }) => ({
          ...commit,
          acks: acks.map((id, n) => ({
            position: positions.get(id) ?? 10n ** 12n,
            verdict:
              n % 2 === 0
                ? { accepted: true as const }
                : { accepted: false as const, code: 'WRONG_STATE' as const, reason: `no ${id}` },
          })),
        }))
        await side.store.commit(leases[which] as Lease, commits)
        return 'done'
      },
    )
    if (done !== 'done') return
    this.#plan.committed(parts)
  }

  async #load(ids = ENTITIES.filter(() => this.#random.chance(0.5))): Promise<void> {
    await this.#ask(`load ${ids.join(' ')}`, async ({ side }) =>
      (await side.store.load([...ids, 'nobody']))
        .map(({ size: _, ...entity }) => entity)
        .sort((one, other) => (one.entityId < other.entityId ? -1 : 1)),
    )
  }

  async #active(): Promise<void> {
    const which = this.#lease()
    const after = this.#random.chance(0.3) ? (this.#random.pick(ENTITIES) ?? null) : null
    const limit = this.#random.pick([2, 100])
    await this.#ask(`active ${which} after ${after} limit ${limit}`, ({ side, leases }) =>
      side.store.active(leases[which] as Lease, after, limit),
    )
  }

  async #timers(): Promise<void> {
    const which = this.#lease()
    const until = T + 1_000 * this.#random.int(0, this.#plan.newest)
    const limit = this.#random.pick([2, 100])
    await this.#ask(`timers ${which} until +${until - T} limit ${limit}`, ({ side, leases }) =>
      side.store.timers(leases[which] as Lease, until, limit),
    )
  }

  async #read(): Promise<void> {
    const entityId = this.#random.pick(ENTITIES) as string
    const after = this.#random.int(0, 3)
    await this.#ask(`read ${entityId} after ${after}`, ({ side }) =>
      side.store.read(entityId, after, 100),
    )
  }

  async #compareAll(): Promise<void> {
    await this.#load(ENTITIES)
    const ids = [...this.#plan.seqs.keys()]
    const gates = this.#plan.gates.map(({ id }) => id)
    await this.#ask('journals', ({ side }) =>
      Promise.all(ids.map((id) => side.store.read(id, 0, 100))),
    )
    await this.#ask('sagas', ({ side }) => Promise.all(ids.map((id) => side.saga(id))))
    await this.#ask('gates', ({ side }) => Promise.all(gates.map((id) => side.gate(id))))
    await this.#ask('decisions', ({ side }) =>
      Promise.all(this.#plan.decisions.map((id) => side.decision(id))),
    )
    // Whatever is left, as a new owner of everything would find it.
    for (const _ of JUMPS) await this.#pass(JUMPS[1] * 2)
    const everything = Array.from({ length: SHARDS }, (_, n) => n)
    await this.#leased('acquire last', ({ side }) => side.store.acquire('last', TTLS[0]))
    const acquired = (this.#sides[0]?.leases.length ?? 0) - 1
    await this.#leased('reassign last', ({ side, leases }) =>
      side.store.reassign(leases[acquired] as Lease, { take: everything, give: [] }),
    )
    const last = acquired + 1
    await this.#ask('pending last', async ({ side, leases }) =>
      inOrder((await side.store.pending(leases[last] as Lease, null, [], 1_000)).messages),
    )
    await this.#ask('timers last', ({ side, leases }) =>
      side.store.timers(leases[last] as Lease, T * 2, 1_000),
    )
    await this.#ask('active last', ({ side, leases }) =>
      side.store.active(leases[last] as Lease, null, 1_000),
    )
  }

  /** Asks every side; throws when they answer differently. Undefined when all refused. */
  async #ask(what: string, ask: Ask): Promise<unknown> {
    const answers: { name: string; value?: unknown; refusal?: string }[] = []
    for (const numbers of this.#sides) {
      const { name } = numbers.side
      answers.push(
        await ask(numbers).then(
          (value) => ({ name, value }),
          (error: unknown) => ({ name, refusal: refusalOf(error) }),
        ),
      )
    }
    const [first, ...others] = answers
    this.trace.push(`${what} → ${first?.refusal ?? JSON.stringify(first?.value)?.slice(0, 300)}`)
    for (const other of others)
      if (other.refusal !== first?.refusal || !isDeepStrictEqual(other.value, first?.value))
        throw new Error(
          [
            ...this.trace.slice(0, -1),
            `${what}:`,
            ...answers.map(
              ({ name, value, refusal }) => `  ${name}: ${refusal ?? JSON.stringify(value)}`,
            ),
          ].join('\n'),
        )
    return first?.value
  }
}

/** Its numbers by rank, and of what it sees only what does not hang on the moment. */
function plainLease(numbers: Numbers, lease: Lease | Renewal) {
  const { workerId, epoch, session, shards } = lease
  const members =
    'view' in lease
      ? lease.view.members
          .map(({ workerId: id, address, backlogMs }) => ({ id, address, backlogMs }))
          .sort((one, other) => (one.id < other.id ? -1 : 1))
      : null
  return {
    workerId,
    session: numbers.rank(session),
    epoch: numbers.rank(epoch),
    shards: [...shards],
    members,
    owners: 'view' in lease ? lease.view.owners : null,
  }
}

const inOrder = (messages: readonly PendingMessage[]) =>
  messages.map(({ position: _, at: __, ageMs: ___, ...envelope }) => envelope)

const byFirst = ([one]: [string, unknown], [other]: [string, unknown]) => (one < other ? -1 : 1)

/** What the sender learns: the code, and whose commit it was. */
function refusalOf(error: unknown): string {
  if (!isSagaError(error)) throw error
  const { entityIds, positions } = error.details as { entityIds?: string[]; positions?: string[] }
  const whose = entityIds ? [...entityIds].sort().join(' ') : positions ? 'taken before' : ''
  return `${error.code} ${whose}`.trim()
}
