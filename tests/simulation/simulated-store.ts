/**
 * The store as workers see it from afar: the reference store (runtime/journal/memory-store.ts) behind connections that
 * are slow, get lost before or after a commit, and break all together when the database restarts. What PostgreSQL does
 * and memory does not is added here:
 *
 * 1. A slow sender's message becomes visible after later ones, at its own, lower position.
 * 2. Statements are part of a commit (bank.ts).
 *
 * Every call of the port goes through `request`, whatever its name. Everything carried out is shown to the witness.
 */
import { SagaError } from '@/runtime/errors'
import type { createMemoryStore, MemoryStore } from '@/runtime/journal/memory-store'
import {
  type EntityCommit,
  type Envelope,
  type Lease,
  type PendingMessage,
  SHARDS,
  type Store,
} from '@/runtime/journal/store'
import type { Bank } from './bank'
import { LinkError, request, Server } from './network'
import type { Process } from './process'
import type { Random } from './random'
import type { Witness } from './witness'
import type { World } from './world'

type Method = (...args: never[]) => Promise<unknown>

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, n) => n)
/** Looks at the mailbox without being a worker. */
const NOBODY: Lease = { workerId: 'nobody', epoch: 0, shards: ALL_SHARDS }

interface Surroundings {
  world: World
  witness: Witness
  bank: Bank
  /** The reference store; planted bugs bring their own. */
  createInner: typeof createMemoryStore
}

/** A request that has reached the server. */
export interface Carried {
  name: string
  method: Method
  args: unknown[]
  from: Process
  late: boolean
}

export class SimulatedStore {
  readonly inner: MemoryStore
  readonly server = new Server()
  protected readonly world: World
  protected readonly witness: Witness
  protected readonly bank: Bank
  protected readonly random: Random
  /** Messages that are written and not visible yet. */
  readonly #hidden = new Map<string, bigint>()

  constructor({ world, witness, bank, createInner }: Surroundings) {
    this.world = world
    this.witness = witness
    this.bank = bank
    this.random = world.random.fork('store')
    this.inner = createInner(world.clock)
  }

  /** The port as one process sees it. */
  connect(from: Process): Store {
    const port: Record<string, Method> = {}
    for (const [name, method] of Object.entries(this.inner)) {
      if (LOOK_UPS.has(name)) continue
      port[name] = (...args) =>
        request({
          world: this.world,
          from,
          server: this.server,
          faults: this.world.swarm.store,
          random: this.random,
          what: () => `store.${name} ${describe(name, args)}`,
          run: (late) => this.run({ name, method: method as Method, args, from, late }),
        }).then(
          (value) => {
            if (name === 'renew') this.witness.leases.told(from, value as Lease)
            return value
          },
          (error: unknown) => {
            throw error instanceof LinkError ? unavailable(name, error.sent) : error
          },
        )
    }
    return port as unknown as Store
  }

  /** Carried out at the server, whole and at once. */
  protected async run({ name, method, args, from, late }: Carried): Promise<unknown> {
    const { leases } = this.witness
    switch (name) {
      case 'acquire': {
        const lease = (await method(...(args as never[]))) as Lease
        leases.acquired(from, lease, args[1] as number)
        return lease
      }
      case 'renew': {
        const lease = (await method(...(args as never[]))) as Lease
        leases.renewed(lease, args[1] as number)
        return lease
      }
      case 'reassign': {
        const lease = (await method(...(args as never[]))) as Lease
        leases.reassigned(from, lease, late)
        return lease
      }
      case 'release':
        await method(...(args as never[]))
        leases.released(args[0] as Lease)
        return
      case 'commit': {
        const [lease, commits] = args as [Lease, EntityCommit[]]
        await this.commit(lease, commits)
        return
      }
      case 'post':
        return this.#post(args[0] as Envelope[])
      case 'pending':
        return this.pending(...(args as Parameters<Store['pending']>))
      default:
        return method(...(args as never[]))
    }
  }

  /** Whole or not at all, statements included. */
  protected async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    const statement = this.bank.refused(commits)
    if (statement) {
      // With a lease that is not live, it is that what is wrong.
      await this.inner.commit(lease, [])
      throw new SagaError('CONFLICT', statement.message, { statement })
    }
    await this.write(lease, commits)
    this.bank.carryOut(commits)
  }

  protected async write(lease: Lease, commits: EntityCommit[]): Promise<void> {
    await this.inner.commit(lease, commits.map(withoutStatements))
    this.witness.committed(lease, commits)
  }

  async #post(envelopes: Envelope[]): Promise<string[]> {
    const { hidden, hiddenMs } = this.world.swarm.store
    const fresh = await this.inner.post(envelopes)
    const isLate = fresh.length > 0 && this.random.chance(hidden)
    const lateMs = isLate ? this.random.between(0, hiddenMs) : 0
    for (const envelope of envelopes)
      if (fresh.includes(envelope.id)) this.witness.posted(envelope, lateMs)
    if (isLate) {
      this.world.faults++
      for (const { id, position } of await this.waiting())
        if (fresh.includes(id)) this.#hidden.set(id, position)
      await this.world.sleep(lateMs)
      for (const id of fresh) this.#hidden.delete(id)
    }
    return fresh
  }

  /** Owned messages that are visible and not in `have`, oldest first; what is hidden holds the cursor back. */
  protected async pending(
    ...[lease, cursor, have, limit]: Parameters<Store['pending']>
  ): Promise<Awaited<ReturnType<Store['pending']>>> {
    const settled = cursor?.settled ?? 0n
    const everyone = { ...NOBODY, shards: lease.shards }
    const found = await this.inner.pending(everyone, { settled }, have, Infinity)
    const visible = found.messages.filter(({ id }) => !this.#hidden.has(id))
    for (const { id, position } of visible) this.witness.located(id, position)
    const messages = this.ordered(visible).slice(0, limit)
    // A transaction elsewhere may hold it back for longer.
    const isAll = messages.length < limit && this.random.chance(0.5)
    const next = isAll ? this.settled(found.cursor.settled) : settled
    this.world.note(lease.workerId, () => {
      const given = messages.map(({ position, id }) => `${position} ${id.slice(-12)}`)
      return `← mail after ${settled}, has ${have.join(' ')}: ${given.join(', ')}; settled ${next}`
    })
    return { messages, cursor: { settled: next } }
  }

  protected ordered(messages: PendingMessage[]): PendingMessage[] {
    return messages
  }

  /** Nothing can appear at a position up to this any more. */
  protected settled(newest: bigint): bigint {
    let settled = newest
    for (const position of this.#hidden.values()) if (position <= settled) settled = position - 1n
    return settled
  }

  /** Mail that nobody has taken yet. */
  async waiting(): Promise<PendingMessage[]> {
    return (await this.inner.pending(NOBODY, null, [], Infinity)).messages
  }
}

/** Not part of the port: tests look there. */
const LOOK_UPS = new Set(['saga', 'gate', 'decision'])

function withoutStatements(commit: EntityCommit): EntityCommit {
  const { statements: _, ...rest } = commit
  return rest
}

function unavailable(what: string, outcomeUnknown: boolean): SagaError {
  return new SagaError('UNAVAILABLE', `Could not ${what}: the connection was lost`, {
    outcomeUnknown,
  })
}

function describe(name: string, args: readonly unknown[]): string {
  const [first, second] = args
  const lease = isLease(first) ? `epoch ${first.epoch}` : ''
  if (name === 'reassign') return `${lease}: ${JSON.stringify(second)}`
  if (name !== 'commit') return lease || JSON.stringify(first).slice(0, 90)
  const each = (second as EntityCommit[]).map(
    (one) =>
      `${one.entityId} ${one.fromSeq}+${one.entries.length}` +
      ` [${one.entries.map((entry) => entry.message.type).join(' ')}]` +
      `${one.acks.length ? ` acks ${one.acks.map((ack) => ack.position).join(' ')}` : ''}`,
  )
  return `${lease}: ${each.join(', ')}`
}

const isLease = (value: unknown): value is Lease =>
  typeof value === 'object' && value !== null && 'epoch' in value
