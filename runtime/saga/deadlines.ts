/**
 * Time limits of many at once with few timers. Those with the same limit are due in the order in which they came, so only
 * the first of them needs a timer: nearly all are over in time, and a timer of its own costs each more than calling a
 * function of this process does.
 */
import { type Clock, monotonic } from '../ports'

/** Those with one limit, the first due first, and when. */
interface Line<T> {
  readonly dueAt: Map<T, number>
  cancelTimer: () => void
}

export class Deadlines<T> {
  readonly #clock: Clock
  readonly #expire: (one: T) => void
  readonly #lines = new Map<number, Line<T>>()

  /** `expire` is called once for each that is still here when its time has come. */
  constructor(clock: Clock, expire: (one: T) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  add(one: T, limitMs: number): void {
    let line = this.#lines.get(limitMs)
    if (!line) {
      line = { dueAt: new Map(), cancelTimer: () => {} }
      this.#lines.set(limitMs, line)
      this.#arm(limitMs, line, limitMs)
    }
    line.dueAt.set(one, monotonic(this.#clock) + limitMs)
  }

  /** It is over. Give the limit it was added with. */
  delete(one: T, limitMs: number): void {
    this.#lines.get(limitMs)?.dueAt.delete(one)
  }

  clear(): void {
    for (const line of this.#lines.values()) line.cancelTimer()
    this.#lines.clear()
  }

  #arm(limitMs: number, line: Line<T>, delayMs: number): void {
    line.cancelTimer = this.#clock.after(delayMs, () => this.#look(limitMs, line))
  }

  #look(limitMs: number, line: Line<T>): void {
    const now = monotonic(this.#clock)
    for (const [one, dueAt] of line.dueAt) {
      if (dueAt > now) return this.#arm(limitMs, line, dueAt - now)
      line.dueAt.delete(one)
      this.#expire(one)
    }
    this.#lines.delete(limitMs)
  }
}
