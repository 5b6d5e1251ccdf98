/**
 * Durable timers: rows in the store are the truth; those due within the horizon are also armed in memory, so that they
 * fire on time. Firing twice is harmless: the saga knows whether the timer is still set.
 */
import type { Lease, Store } from '../journal/store'
import type { Clock, Logger } from '../ports'

export interface TimersOptions {
  store: Store
  clock: Clock
  logger: Logger
  /** Timers further away stay in the store until a later poll. */
  timerHorizonMs: number
}

/** Timers armed per poll; more are armed by the next. */
const POLL_MAX = 10_000
/** After a poll that failed: timers of shards just taken over may be due already. */
const RETRY_MS = 200

export class Timers {
  readonly #options: TimersOptions
  readonly #lease: () => Lease
  readonly #fire: (entityId: string, timer: string) => void
  readonly #armed = new Map<string, { dueAt: number; cancel: () => void }>()
  #cancelPoll = () => {}
  #stopped = false

  constructor(
    options: TimersOptions,
    lease: () => Lease,
    fire: (entityId: string, timer: string) => void,
  ) {
    this.#options = options
    this.#lease = lease
    this.#fire = fire
  }

  set(entityId: string, timer: string, dueAt: number): void {
    this.cancel(entityId, timer)
    const { clock, timerHorizonMs } = this.#options
    const delay = dueAt - clock.now()
    if (this.#stopped || delay > timerHorizonMs) return
    const key = `${entityId}\n${timer}`
    const cancel = clock.after(Math.max(0, delay), () => {
      this.#armed.delete(key)
      this.#fire(entityId, timer)
    })
    this.#armed.set(key, { dueAt, cancel })
  }

  cancel(entityId: string, timer: string): void {
    const key = `${entityId}\n${timer}`
    this.#armed.get(key)?.cancel()
    this.#armed.delete(key)
  }

  /** Arms what is due soon, now and then again every half horizon. */
  poll(): void {
    if (this.#stopped) return
    this.#cancelPoll()
    const { clock, store, logger, timerHorizonMs } = this.#options
    this.#cancelPoll = clock.after(timerHorizonMs / 2, () => this.poll())
    void store
      .timers(this.#lease(), clock.now() + timerHorizonMs, POLL_MAX)
      .then((due) => {
        for (const { entityId, timer, dueAt } of due)
          if (this.#armed.get(`${entityId}\n${timer}`)?.dueAt !== dueAt)
            this.set(entityId, timer, dueAt)
      })
      .catch((error) => {
        logger.warn('Timers could not be read; trying again', { error })
        if (this.#stopped) return
        this.#cancelPoll()
        this.#cancelPoll = clock.after(RETRY_MS, () => this.poll())
      })
  }

  /** Forgets the armed timers of entities that are somebody else's now. */
  drop(gone: (entityId: string) => boolean): void {
    for (const [key, { cancel }] of this.#armed) {
      if (!gone(key.slice(0, key.lastIndexOf('\n')))) continue
      cancel()
      this.#armed.delete(key)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#cancelPoll()
    for (const { cancel } of this.#armed.values()) cancel()
    this.#armed.clear()
  }
}
