/**
 * Reads the mailbox: when hinted at, and now and then anyway. It knows what it has of it, so that nothing is taken twice,
 * and holds no more than a bounded number of messages at once: the rest wait in the store, oldest first.
 *
 * 1. Mail for an entity that is left alone is put aside: it stays in the store and takes nobody's place here.
 * 2. When shards change, or an entity is dropped, reading starts over: whatever is not held here is read again, and the
 *    answer to what was asked before that is not looked at.
 */
import type { Lease, MailCursor, PendingMessage, Store } from '../journal/store'
import type { Clock, Logger } from '../ports'

export interface InboxOptions {
  store: Store
  clock: Clock
  logger: Logger
  /** How often to look when nothing hints at it. */
  pollMs: number
  /** Messages held at once. */
  max: number
  lease(): Lease
  /** `aside`: it stays in the store for now. `elsewhere`: its shard is not ours any more. */
  take(message: PendingMessage): 'taken' | 'aside' | 'elsewhere'
  read(): void
  failed(error: unknown): void
}

export class Inbox {
  readonly #options: InboxOptions
  readonly #held = new Set<bigint>()
  readonly #aside = new Set<bigint>()
  #cursor: MailCursor | null = null
  /** How often reading has started over. */
  #starts = 0
  #reading: Promise<void> | null = null
  #again = false
  #behind = false
  #cancelPoll = () => {}
  #stopped = false

  constructor(options: InboxOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#held.size
  }
  /** More mail waits in the store than fits in here: what is new has to queue up behind it. */
  get isBehind(): boolean {
    return this.#behind
  }

  /** Something was posted: look now rather than at the next poll. */
  hint(): void {
    if (this.#stopped) return
    if (this.#reading) {
      this.#again = true
      return
    }
    this.#reading = this.#read().finally(() => {
      this.#reading = null
      if (!this.#again) return
      this.#again = false
      this.hint()
    })
  }

  /** Looks now. Resolves when what had been posted before has been taken, or could not be read. */
  async look(): Promise<void> {
    this.hint()
    // A reading that was under way may have passed by what was posted meanwhile; the next one does not.
    for (let n = 0; n < 2; n++) await this.#reading
  }

  /** Looks every `pollMs` from now on. */
  poll(): void {
    this.#cancelPoll()
    if (this.#stopped) return
    const { clock, pollMs } = this.#options
    this.#cancelPoll = clock.after(pollMs, () => {
      this.hint()
      this.poll()
    })
  }

  /** It is acknowledged, or nobody here holds it any more. */
  release(position: bigint): void {
    this.#held.delete(position)
    if (this.#behind && this.#held.size < this.#options.max / 2) this.hint()
  }

  /** It stays in the store until reading starts over. */
  putAside(position: bigint): void {
    this.#held.delete(position)
    this.#aside.add(position)
  }

  /** Whatever is not held here is read again. */
  startOver(): void {
    this.#starts++
    this.#cursor = null
    this.#aside.clear()
  }

  /** Resolves when nothing more is read. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelPoll()
    await this.#reading
  }

  async #read(): Promise<void> {
    const { store, logger, max, lease, read, failed } = this.#options
    try {
      while (!this.#stopped) {
        if (this.#held.size >= max) {
          this.#behind = true
          return
        }
        const start = this.#starts
        const have = [...this.#held, ...this.#aside]
        const { messages, cursor } = await store.pending(lease(), this.#cursor, have, max)
        read()
        // Older mail that was held when this was asked may be let go by now: it has to come first.
        if (start !== this.#starts) continue
        this.#advance(cursor)
        for (const message of messages) this.#take(message)
        this.#behind = messages.length >= max
        if (!this.#behind) return
      }
    } catch (error) {
      failed(error)
      logger.warn('The mailbox could not be read; trying again', { error })
    }
  }

  #advance(cursor: MailCursor): void {
    this.#cursor = cursor
    for (const position of this.#aside) if (position <= cursor.settled) this.#aside.delete(position)
  }

  #take(message: PendingMessage): void {
    const { position } = message
    if (this.#stopped || this.#held.has(position)) return
    this.#held.add(position)
    const how = this.#options.take(message)
    if (how !== 'taken') this.#held.delete(position)
    if (how === 'aside') this.#aside.add(position)
  }
}
