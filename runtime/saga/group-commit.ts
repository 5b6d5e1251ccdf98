/**
 * Group commit: what is decided while commits are in flight goes together into the next one. The load makes the batches:
 * alone, a turn is stored at once; under load, hundreds are stored for the price of one.
 *
 * 1. An entity is in a commit at most once, and in the next only after its last one was settled: the engine sees to it.
 * 2. Two commits are in flight at once, so that the store has work while the other is flushed, answered and acted upon.
 *    They share no entity, so their order does not matter.
 * 3. Now and then none is. Each commit holds the lease's row shared, and PostgreSQL lets a new sharer pass a writer who
 *    waits: in an unbroken chain of overlapping commits nobody could end the lease.
 * 4. One that must be alone (the store refused a commit it was in) is first and last in its commit.
 * 5. Of commits with statements of transactional steps one is in flight at a time: what these lock is not ours to know,
 *    and two of them could wait for each other.
 */
import { type Clock, monotonic } from '../ports'
import type { Work } from './take-turn'

export interface GroupCommitOptions {
  clock: Clock
  /** Entities in one commit. */
  max: number
  send(work: Work[]): Promise<void>
  /** It is durable. The next commit is already on its way. */
  committed(work: readonly Work[]): void
  /** It is not, or may not be. Its place stays taken until this resolves. */
  failed(work: readonly Work[], error: unknown): Promise<void>
  /** After either of them. */
  settled(work: readonly Work[]): void
  /** There is room for more. */
  room(): void
}

const IN_FLIGHT_MAX = 2
/** How long commits may overlap without a gap: who ends the lease of a worker that works on waits at most so long. */
const CHAIN_MS = 200

export class GroupCommit {
  readonly #options: GroupCommitOptions
  readonly #inFlight = new Set<Promise<void>>()
  #waiting: Work[] = []
  /** Entities in flight. */
  #storing = 0
  /** Since when there has always been one in flight. */
  #chainSince = 0
  #effectInFlight = false
  #stopped = false

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  /** Deciding further ahead than one commit would only make entities wait longer for it. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#options.max
  }

  /** Entities that are being stored, or wait for it. */
  get size(): number {
    return this.#storing + this.#waiting.length
  }

  add(work: Work): void {
    this.#waiting.push(work)
  }

  /** Hands to the store what waits, unless it is still busy with what came before. */
  flush(): void {
    while (!this.#stopped && this.#waiting.length > 0 && this.#mayBegin()) {
      const together = this.#togetherMax()
      if (together === 0) return
      if (this.#inFlight.size === 0) this.#chainSince = monotonic(this.#options.clock)
      this.#begin(this.#waiting.splice(0, together))
    }
  }

  /** Nothing more is sent. Resolves when what is in flight has been settled. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#inFlight)
  }

  #mayBegin(): boolean {
    const { size } = this.#inFlight
    if (size === 0) return true
    return size < IN_FLIGHT_MAX && monotonic(this.#options.clock) - this.#chainSince < CHAIN_MS
  }

  #togetherMax(): number {
    const alone = this.#waiting.findIndex(({ resident }) => resident.alone)
    const together = alone < 0 ? this.#options.max : Math.max(1, alone)
    if (!this.#effectInFlight) return together
    const effect = this.#waiting.findIndex(hasEffect)
    return effect < 0 ? together : Math.min(together, effect)
  }

  #begin(work: Work[]): void {
    const effect = work.some(hasEffect)
    if (effect) this.#effectInFlight = true
    this.#storing += work.length
    const inFlight: Promise<void> = this.#commit(work, () => {
      if (!this.#inFlight.delete(inFlight)) return
      if (effect) this.#effectInFlight = false
      this.#storing -= work.length
      this.flush()
    }).then(() => this.#options.room())
    this.#inFlight.add(inFlight)
  }

  async #commit(work: Work[], ended: () => void): Promise<void> {
    const { send, committed, failed, settled } = this.#options
    try {
      await send(work)
      // The store takes the next while this process performs what follows from these.
      ended()
      committed(work)
    } catch (error) {
      await failed(work, error)
    }
    settled(work)
    ended()
  }
}

const hasEffect = ({ commit }: Work) => commit.statements !== undefined
