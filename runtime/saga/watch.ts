/**
 * Waits until something holds, with a bound: whoever changes it says so, and nobody polls.
 */
import type { Clock } from '../ports'

export class Watch {
  readonly #clock: Clock
  readonly #watchers = new Set<() => void>()
  #ended = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** False when it does not hold within that time, or this was ended first. */
  until(holds: () => boolean, withinMs: number): Promise<boolean> {
    if (holds() || this.#ended) return Promise.resolve(holds())
    return new Promise((resolve) => {
      const finish = () => {
        cancel()
        this.#watchers.delete(look)
        resolve(holds())
      }
      const look = () => {
        if (holds() || this.#ended) finish()
      }
      const cancel = this.#clock.after(withinMs, finish)
      this.#watchers.add(look)
    })
  }

  /** Something changed. */
  look(): void {
    for (const look of this.#watchers) look()
  }

  end(): void {
    this.#ended = true
    this.look()
  }
}
