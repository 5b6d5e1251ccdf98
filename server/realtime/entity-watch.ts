/**
 * Tells followers of single sagas that something was committed. This process's commits wake them at once; another
 * process's within a second, by one query for all that are watched, however many.
 *
 * 1. A wake-up is a hint: the follower reads the journal and may find nothing new.
 * 2. A commit between a follower's `rest` and its read wakes it again: nothing is slept through.
 * 3. Bounded: 2,000 followers in a process; more are refused with OVERLOADED.
 */
import type { PrismaClient } from '@/prisma/generated/client'
import { SagaError } from '@/runtime/errors'
import type { Logger } from '@/runtime/ports'
import type { Runtime } from '@/runtime/runtime'

const POLL_MS = 1_000
const FOLLOWERS_MAX = 2_000

export class Follower {
  /** The newest seq the follower has read. */
  seq = 0
  #woken = true
  #wake: (() => void) | null = null
  readonly #close: (follower: Follower) => void

  constructor(close: (follower: Follower) => void) {
    this.#close = close
  }

  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Call it just before reading: whatever is committed from here on ends the next `changed`. */
  rest(): void {
    this.#woken = false
  }

  /** Resolves on a wake-up or after `timeoutMs`; rejects with the signal's reason when it aborts. */
  changed(signal: AbortSignal, timeoutMs: number): Promise<void> {
    if (this.#woken) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        this.#wake = null
        settle()
      }
      const aborted = () => done(() => reject(signal.reason))
      const timer = setTimeout(() => done(resolve), timeoutMs)
      signal.addEventListener('abort', aborted)
      this.#wake = () => done(resolve)
      if (signal.aborted) aborted()
    })
  }

  close(): void {
    this.#close(this)
  }
}

export class EntityWatch {
  readonly #followers = new Map<string, Set<Follower>>()
  readonly #db: PrismaClient
  readonly #log: Logger
  readonly #stop: () => void
  #count = 0
  #timer: NodeJS.Timeout | undefined

  constructor({ db, runtime, log }: { db: PrismaClient; runtime: Runtime; log: Logger }) {
    this.#db = db
    this.#log = log
    this.#stop = runtime.onCommit((ids) => {
      for (const id of ids) this.#wake(id)
    })
  }

  open(entityId: string): Follower {
    if (this.#count >= FOLLOWERS_MAX)
      throw new SagaError(
        'OVERLOADED',
        `${FOLLOWERS_MAX} live subscriptions are open on this server. Close some, or try again later.`,
        { retryAfterMs: 5_000 },
      )
    const follower = new Follower((closed) => this.#remove(entityId, closed))
    const found = this.#followers.get(entityId)
    if (found) found.add(follower)
    else this.#followers.set(entityId, new Set([follower]))
    this.#count++
    this.#timer ??= setTimeout(() => this.#poll(), POLL_MS)
    return follower
  }

  /** How many followers there are now. */
  get size(): number {
    return this.#count
  }

  close(): void {
    this.#stop()
    clearTimeout(this.#timer)
  }

  async #poll(): Promise<void> {
    try {
      const ids = [...this.#followers.keys()]
      const rows = await this.#db.$queryRaw<{ id: string; seq: number }[]>`
        SELECT watched.id, head.seq FROM unnest(${ids}::text[]) AS watched(id) CROSS JOIN LATERAL (
          SELECT seq FROM journal WHERE entity_id = watched.id ORDER BY seq DESC LIMIT 1
        ) AS head`
      for (const { id, seq } of rows)
        for (const follower of this.#followers.get(id) ?? [])
          if (seq > follower.seq) follower.wake()
    } catch (error) {
      this.#log.warn('Could not look for new entries of watched sagas; trying again', { error })
    }
    this.#timer = this.#count > 0 ? setTimeout(() => this.#poll(), POLL_MS) : undefined
  }

  #wake(entityId: string): void {
    for (const follower of this.#followers.get(entityId) ?? []) follower.wake()
  }

  #remove(entityId: string, follower: Follower): void {
    const found = this.#followers.get(entityId)
    if (!found?.delete(follower)) return
    if (found.size === 0) this.#followers.delete(entityId)
    this.#count--
  }
}
