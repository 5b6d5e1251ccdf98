/**
 * A clock that moves only when told to. `advance` lets every promise settle before and after each timer, so that code
 * under test runs as it would with all the time in the world.
 */
import type { Clock } from '@/runtime/ports'

export class VirtualClock implements Clock {
  #now: number
  #skew = 0
  #timers: { at: number; order: number; run: () => void }[] = []
  #order = 0

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now + this.#skew
  }

  monotonic(): number {
    return this.#now
  }

  /** Sets the time of day forward or back, as an operator or a time server may; timers do not notice. */
  skew(ms: number): void {
    this.#skew += ms
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await flush()
    for (;;) {
      const next = this.#timers
        .filter((one) => one.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (!next) break
      this.#timers = this.#timers.filter((one) => one !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await flush()
    }
    this.#now = until
  }
}

/** Lets promise chains run dry; each turn of the loop is one macrotask. */
export async function flush(turns = 4): Promise<void> {
  for (let n = 0; n < turns; n++) await new Promise<void>((resolve) => setImmediate(resolve))
}
