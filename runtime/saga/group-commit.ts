/**
 * Group commit: one commit is in flight at a time, and what is decided meanwhile goes into the next one. The load makes
 * the batches: alone, a turn is stored at once; under load, hundreds are stored for the price of one.
 *
 * 1. An entity is in a commit at most once, and in the next only after its last one was settled: the engine sees to it.
 * 2. One that must be alone (the store refused a commit it was in) is first and last in its commit.
 */
import type { Work } from './take-turn'

export interface GroupCommitOptions {
  /** Entities in one commit. */
  max: number
  send(work: Work[]): Promise<void>
  /** It is durable. The next commit is already on its way. */
  committed(work: readonly Work[]): void
  /** It is not, or may not be. The next commit waits for this. */
  failed(work: readonly Work[], error: unknown): Promise<void>
  /** After either of them. */
  settled(work: readonly Work[]): void
  /** There is room for more. */
  room(): void
}

export class GroupCommit {
  readonly #options: GroupCommitOptions
  #waiting: Work[] = []
  #inFlight: Promise<void> | null = null
  #stopped = false

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  /** Deciding further ahead than one commit would only make entities wait longer for it. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#options.max
  }

  add(work: Work): void {
    this.#waiting.push(work)
  }

  /** Hands to the store what waits, unless it is still busy with what came before. */
  flush(): void {
    if (this.#inFlight || this.#waiting.length === 0 || this.#stopped) return
    const work = this.#waiting.splice(0, this.#togetherMax())
    const inFlight = this.#commit(work).then(() => {
      if (this.#inFlight === inFlight) this.#inFlight = null
      this.flush()
      this.#options.room()
    })
    this.#inFlight = inFlight
  }

  /** Nothing more is sent. Resolves when what is in flight has been settled. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#inFlight
  }

  #togetherMax(): number {
    const alone = this.#waiting.findIndex((one) => one.resident.alone)
    return alone < 0 ? this.#options.max : Math.max(1, alone)
  }

  async #commit(work: Work[]): Promise<void> {
    try {
      await this.#options.send(work)
      // The store takes the next while this process performs what follows from these.
      this.#inFlight = null
      this.flush()
      this.#options.committed(work)
    } catch (error) {
      await this.#options.failed(work, error)
    }
    this.#options.settled(work)
  }
}
