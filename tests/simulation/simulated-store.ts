/**
 * The store as workers see it from afar: the reference store (runtime/journal/memory-store.ts) behind connections that
 * are slow, get lost before or after a commit, and break all together when the database restarts. What PostgreSQL does
 * and memory does not is added here:
 *
 * 1. A slow sender's message becomes visible after later ones, at its own, lower position.
 * 2. What a lease has been given is remembered by the reading process, once the answer has reached it.
 *
 * Every call of the port goes through `request`, whatever its name. Everything carried out is shown to the witness.
 */
import { SagaError } from '@/runtime/errors'
import { createMemoryStore, type MemoryStore } from '@/runtime/journal/memory-store'
import {
  type EntityCommit,
  type Envelope,
  type Lease,
  type PendingMessage,
  SHARDS,
  type Store,
} from '@/runtime/journal/store'
import { LinkError, request, Server } from './network'
import type { Process } from './process'
import type { Random } from './random'
import type { Witness } from './witness'
import type { World } from './world'

type Method = (...args: never[]) => Promise<unknown>

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, n) => n)
/** Looks at the mailbox without being a worker. */
const NOBODY: Lease = { workerId: 'nobody', epoch: 0, shards: ALL_SHARDS }

export class SimulatedStore {
  readonly inner: MemoryStore
  readonly server = new Server()
  protected readonly world: World
  protected readonly witness: Witness
  protected readonly random: Random
  /** Messages that are written and not visible yet. */
  readonly #hidden = new Set<string>()

  constructor(world: World, witness: Witness) {
    this.world = world
    this.witness = witness
    this.random = world.random.fork('store')
    this.inner = createMemoryStore(world.clock)
  }

  /** The port as one process sees it. */
  connect(from: Process): Store {
    const given = new Set<string>()
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
          run: () => this.run(name, method as Method, args, given),
        }).then(
          (value) => {
            if (name === 'pending') remember(given, args as never, value as PendingMessage[])
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
  protected async run(
    name: string,
    method: Method,
    args: unknown[],
    given: Set<string>,
  ): Promise<unknown> {
    switch (name) {
      case 'acquire':
      case 'renew':
      case 'reassign': {
        const lease = (await method(...(args as never[]))) as Lease
        this.witness.owns(lease)
        return lease
      }
      case 'commit': {
        const [lease, commits] = args as [Lease, EntityCommit[]]
        await this.commit(lease, commits)
        return
      }
      case 'post':
        return this.#post(args[0] as Envelope[])
      case 'pending':
        return this.pending(...(args as [Lease, bigint, number]), given)
      default:
        return method(...(args as never[]))
    }
  }

  protected async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    await this.inner.commit(lease, commits)
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
      for (const id of fresh) this.#hidden.add(id)
      await this.world.sleep(lateMs)
      for (const id of fresh) this.#hidden.delete(id)
    }
    return fresh
  }

  /** Owned messages that are visible, after `after` or not given to this reader yet, oldest first. */
  protected async pending(
    lease: Lease,
    after: bigint,
    limit: number,
    given: Set<string>,
  ): Promise<PendingMessage[]> {
    const visible = await this.visible(lease)
    return visible
      .filter((one) => one.position > after || !given.has(keyOf(lease, one.position)))
      .slice(0, limit)
  }

  protected async visible(lease: Lease): Promise<PendingMessage[]> {
    const all = await this.inner.pending({ ...NOBODY, shards: lease.shards }, -1n, Infinity)
    const visible = all.filter((one) => !this.#hidden.has(one.id))
    for (const { id, position } of visible) this.witness.located(id, position)
    return visible
  }

  /** Mail that nobody has taken yet. */
  async waiting(): Promise<PendingMessage[]> {
    return this.inner.pending(NOBODY, -1n, Infinity)
  }
}

/** Not part of the port: tests look there. */
const LOOK_UPS = new Set(['saga', 'gate', 'decision'])

const keyOf = (lease: Lease, position: bigint) => `${lease.epoch} ${position}`

function remember(given: Set<string>, [lease]: [Lease], messages: PendingMessage[]): void {
  for (const { position } of messages) given.add(keyOf(lease, position))
}

function unavailable(what: string, outcomeUnknown: boolean): SagaError {
  return new SagaError('UNAVAILABLE', `Could not ${what}: the connection was lost`, {
    outcomeUnknown,
  })
}

function describe(name: string, args: readonly unknown[]): string {
  if (name !== 'commit') return JSON.stringify(args.slice(0, 1), plain)?.slice(1, 90) ?? ''
  const [lease, commits] = args as [Lease, EntityCommit[]]
  const each = commits.map(
    (one) =>
      `${one.entityId} ${one.fromSeq}+${one.entries.length}` +
      ` [${one.entries.map((entry) => entry.message.type).join(' ')}]` +
      `${one.acks.length ? ` acks ${one.acks.map((ack) => ack.position).join(' ')}` : ''}`,
  )
  return `epoch ${lease.epoch}: ${each.join(', ')}`
}

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
