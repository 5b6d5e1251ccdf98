/**
 * One reader of the journal's feed for all who follow it: lists in every open tab.
 *
 * 1. Each event has the store's cursor; a follower resumes after the last one it saw, without gap or repetition.
 * 2. The newest 5,000 events are kept; a follower further back reads its own backlog until it meets them.
 * 3. The pump reads only while somebody follows: after commits of this process, at most ten times a second, and once
 *    a second for those of others.
 */
import { SagaError } from '@/runtime/errors'
import type { Entry, SagaStatus } from '@/runtime/journal/entry'
import type { FeedItem } from '@/runtime/journal/store'
import type { Logger } from '@/runtime/ports'
import type { Runtime } from '@/runtime/runtime'
import type { FeedEvent } from '../api/contract'
import { Follower } from './entity-watch'

const KEPT_MAX = 5_000
const PAGE = 500
const POLL_MS = 1_000
const READ_EVERY_MS = 100
const FOLLOWERS_MAX = 500

export interface FeedLine {
  cursor: string
  event: FeedEvent
}

export interface FeedPumpOptions {
  runtime: Pick<Runtime, 'feed' | 'onCommit'>
  /** The cursor after which the feed shows only what is committed from now on. */
  tail: () => Promise<string>
  log: Logger
}

export class FeedPump {
  readonly #options: FeedPumpOptions
  readonly #followers = new Set<Follower>()
  readonly #stop: () => void
  /** Events after `#base`, oldest first; `#index` finds the place after a cursor, counted from the pump's start. */
  #lines: FeedLine[] = []
  #index = new Map<string, number>()
  #dropped = 0
  /** After the last event read; empty until it is known where now is. */
  #cursor = ''
  #started: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #dueAt = 0

  constructor(options: FeedPumpOptions) {
    this.#options = options
    this.#stop = options.runtime.onCommit(() => this.#schedule(READ_EVERY_MS))
  }

  /**
   * Every event after `after`, for ever; ends by throwing the signal's reason. Without `after`, from now on: the first
   * event is then `ready`, which has the cursor of now and tells the follower to read again what it read before.
   */
  async *follow(
    after: string | null,
    { signal, idle }: { signal: AbortSignal; idle: () => Promise<void> },
  ): AsyncGenerator<FeedLine, never, undefined> {
    const follower = await this.#join()
    try {
      let cursor = after ?? this.#cursor
      if (after === null) yield { cursor, event: ready() }
      for (;;) {
        signal.throwIfAborted()
        follower.rest()
        const lines = this.#after(cursor) ?? (await this.#backlog(cursor))
        for (const line of lines) {
          cursor = line.cursor
          yield line
        }
        if (lines.length > 0) continue
        await follower.changed(signal, IDLE_MS)
        await idle()
      }
    } finally {
      this.#leave(follower)
    }
  }

  get size(): number {
    return this.#followers.size
  }

  close(): void {
    this.#stop()
    clearTimeout(this.#timer)
  }

  /** The kept events after a cursor; undefined when that place is not among them. */
  #after(cursor: string): FeedLine[] | undefined {
    const place = this.#index.get(cursor)
    return place === undefined ? undefined : this.#lines.slice(place - this.#dropped)
  }

  async #backlog(cursor: string): Promise<FeedLine[]> {
    return (await this.#options.runtime.feed(cursor, PAGE)).map(toLine)
  }

  async #join(): Promise<Follower> {
    if (this.#followers.size >= FOLLOWERS_MAX)
      throw new SagaError(
        'OVERLOADED',
        `${FOLLOWERS_MAX} feeds are open on this server. Close some, or try again later.`,
        { retryAfterMs: 5_000 },
      )
    const follower = new Follower(() => {})
    this.#followers.add(follower)
    try {
      this.#started ??= this.#start()
      await this.#started
    } catch (error) {
      this.#started = null
      this.#leave(follower)
      throw error
    }
    return follower
  }

  #leave(follower: Follower): void {
    this.#followers.delete(follower)
    if (this.#followers.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#started = null
  }

  async #start(): Promise<void> {
    this.#cursor = ''
    this.#cursor = await this.#options.tail()
    this.#lines = []
    this.#dropped = 0
    this.#index = new Map([[this.#cursor, 0]])
    this.#schedule(POLL_MS)
  }

  #schedule(delayMs: number): void {
    if (this.#followers.size === 0 || this.#cursor === '') return
    const dueAt = performance.now() + delayMs
    if (this.#timer !== undefined && this.#dueAt <= dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => this.#read(), delayMs)
  }

  async #read(): Promise<void> {
    const run = this.#started
    let full = false
    try {
      const items = await this.#options.runtime.feed(this.#cursor, PAGE)
      if (run !== this.#started) return // everybody left meanwhile; a new start has its own cursor
      full = items.length === PAGE
      for (const item of items) this.#keep(toLine(item))
      if (items.length > 0) for (const follower of this.#followers) follower.wake()
    } catch (error) {
      this.#options.log.warn('Could not read the feed; trying again', { error })
    }
    this.#timer = undefined
    this.#schedule(full ? 0 : POLL_MS)
  }

  #keep(line: FeedLine): void {
    this.#lines.push(line)
    this.#cursor = line.cursor
    this.#index.set(line.cursor, this.#dropped + this.#lines.length)
    if (this.#lines.length < KEPT_MAX * 2) return
    // dropped in bulk, so that keeping one costs little
    const gone = this.#lines.splice(0, this.#lines.length - KEPT_MAX)
    this.#dropped += gone.length
    for (const [cursor, place] of this.#index) {
      if (place >= this.#dropped) break
      this.#index.delete(cursor)
    }
  }
}

/** How often an idle follower looks whether it may still listen. */
const IDLE_MS = 10_000

const ready = (): FeedEvent => ({
  sagaId: '',
  seq: 0,
  at: Date.now(),
  type: 'ready',
  status: null,
})

function toLine({ cursor, entry }: FeedItem): FeedLine {
  const { entityId, seq, at, message } = entry
  return {
    cursor,
    event: { sagaId: entityId, seq, at, type: message.type, status: statusIn(entry) },
  }
}

/** The status that an entry brought, if it changed it. */
function statusIn({ facts }: Entry): SagaStatus | null {
  let status: SagaStatus | null = null
  for (const fact of facts)
    if (fact.t === 'saga.status' || fact.t === 'saga.ended') status = fact.status
  return status
}
