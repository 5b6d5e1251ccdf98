/**
 * The outside world, as the runtime sees it. Nothing else in the pure folders may know time, chance,
 * the network or a database; `runtime/system.ts` has the real ones, tests have their own.
 */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds from some start, never set back or forward; for durations and deadlines of this process. Default: now. */
  monotonic?(): number
  /** Calls back once after `delayMs` (bounded to 2^31-1); returns a function that cancels it. */
  after(delayMs: number, run: () => void): () => void
}

/** What a duration in this process is measured with. */
export function monotonic(clock: Clock): number {
  return clock.monotonic ? clock.monotonic() : clock.now()
}

export interface Ids {
  /** A new UUID, time-ordered (version 7). */
  uuid(): string
}

/** Fields go beside the message; an `Error` under `error` keeps its cause. */
export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
