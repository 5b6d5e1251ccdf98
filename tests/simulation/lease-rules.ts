/**
 * Who may write and act, by the store's own account, checked at the moment somebody does:
 *
 * 1. Who commits holds the entity's shard under the newest epoch that the store gave (FENCED_WRITER).
 * 2. A shard is taken from nobody whose lease has neither run out nor been given back (TAKEN_EARLY).
 * 3. A call leaves only the process that holds the saga's shard, also when another may have taken it a moment ago
 *    (CALLED_ELSEWHERE). Except after a change of shards that was carried out long after its connection broke: until its
 *    next renewal nothing can tell that process, and the service's idempotency key is what keeps the effect single.
 */
import { type Lease, SHARDS, shardOf } from '@/runtime/journal/store'
import type { Process } from './process'
import type { World } from './world'

interface Held {
  lease: Lease
  expiresAt: number
}

export class LeaseRules {
  readonly #world: World
  readonly #held = new Map<string, Held>()
  readonly #owners = new Array<Lease | null>(SHARDS).fill(null)
  readonly #names = new Map<Process, Set<string>>()
  readonly #unaware = new Set<Process>()
  /** Since when each shard has had no live owner. */
  readonly #freeSince = new Array<number>(SHARDS).fill(0)
  /** Shards that went from one worker to another. */
  moves = 0

  constructor(world: World) {
    this.#world = world
  }

  acquired(from: Process, lease: Lease, ttlMs: number): void {
    const names = this.#names.get(from) ?? new Set()
    names.add(lease.workerId)
    this.#names.set(from, names)
    this.#unaware.delete(from)
    this.#take(lease)
    this.#held.set(lease.workerId, { lease, expiresAt: this.#world.clock.now() + ttlMs })
  }

  /** Its answer has reached the process. */
  told(from: Process, lease: Lease): void {
    if (this.#held.get(lease.workerId)?.lease.epoch === lease.epoch) this.#unaware.delete(from)
  }

  renewed(lease: Lease, ttlMs: number): void {
    this.#held.set(lease.workerId, { lease, expiresAt: this.#world.clock.now() + ttlMs })
  }

  /** `late`: the caller was told long ago that its connection is lost. */
  reassigned(from: Process, lease: Lease, late: boolean): void {
    if (late) this.#unaware.add(from)
    this.#take(lease)
    const held = this.#held.get(lease.workerId)
    if (held) held.lease = lease
  }

  released(lease: Lease): void {
    const held = this.#held.get(lease.workerId)
    if (!held || sessionOf(held.lease) !== sessionOf(lease)) return
    this.#held.delete(lease.workerId)
    this.#free(lease.workerId)
  }

  #take(lease: Lease): void {
    const now = this.#world.clock.now()
    for (const shard of lease.shards) {
      const before = this.#owners[shard]
      if (!before || before.workerId === lease.workerId) continue
      const held = this.#held.get(before.workerId)
      if (held && held.expiresAt >= now)
        this.#world.violate(
          'TAKEN_EARLY',
          `${nameOf(lease)} took shard ${shard} from ${nameOf(before)}, whose lease has ${held.expiresAt - now} ms left`,
        )
    }
    this.#free(lease.workerId)
    for (const shard of lease.shards) {
      if (this.#owners[shard]?.workerId !== lease.workerId) this.moves++
      this.#owners[shard] = lease
    }
  }

  #free(workerId: string): void {
    const now = this.#world.clock.now()
    for (const [shard, owner] of this.#owners.entries())
      if (owner?.workerId === workerId) {
        this.#owners[shard] = null
        this.#freeSince[shard] = now
      }
  }

  /** Nobody has ended it, and it has the shards that it says. */
  isCurrent(lease: Lease): boolean {
    const held = this.#held.get(lease.workerId)
    return (
      held?.lease.epoch === lease.epoch &&
      lease.shards.every((shard) => this.#owners[shard]?.epoch === lease.epoch)
    )
  }

  commits(lease: Lease, entityId: string): void {
    const owner = this.#owners[shardOf(entityId)]
    if (owner?.workerId !== lease.workerId || owner.epoch !== lease.epoch)
      this.#world.violate(
        'FENCED_WRITER',
        `${nameOf(lease)} committed ${entityId}, whose shard is owned by ${owner ? nameOf(owner) : 'nobody'}`,
      )
  }

  calls(from: Process, sagaId: string, call: string): void {
    if (this.#unaware.has(from)) return
    const owner = this.#owners[shardOf(sagaId)]
    if (owner && this.#names.get(from)?.has(owner.workerId)) return
    this.#world.violate(
      'CALLED_ELSEWHERE',
      `${from.name} sent ${sagaId} ${call}, whose shard is owned by ${owner ? nameOf(owner) : 'nobody'}`,
    )
  }

  /** Long after all faults stopped every shard has a live owner. */
  judge(idleMs: number): void {
    const now = this.#world.clock.now()
    for (const [shard, owner] of this.#owners.entries()) {
      const held = owner && this.#held.get(owner.workerId)
      const freeSince = held ? held.expiresAt : (this.#freeSince[shard] ?? 0)
      if (now - freeSince > idleMs)
        this.#world.violate(
          'SHARD_ORPHANED',
          `nobody has owned shard ${shard} for ${now - freeSince} ms`,
        )
    }
  }
}

const sessionOf = ({ session, epoch }: Lease) => session ?? epoch

const nameOf = ({ workerId, epoch }: Lease) => `${workerId} (epoch ${epoch})`
