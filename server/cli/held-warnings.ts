/**
 * What the runtime warns of while a command follows a run. A lease renewed late, or a commit tried again, is no news to
 * somebody whose run goes on, so warnings are held; once the run has stood still for a while they may be the reason, and
 * are told.
 */

/** A run that moved less long ago does not wait for anything we warned of; milliseconds. */
const STILL_MS = 10_000
const HELD_MAX = 20

export class HeldWarnings {
  #held: { message: string; at: number }[] = []
  #movedAt: number
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#movedAt = now()
  }

  add(message: string): void {
    this.#held = [...this.#held.slice(1 - HELD_MAX), { message, at: this.#now() }]
  }

  /** The run went on: what was warned of before did not stop it. */
  moved(): void {
    this.#movedAt = this.#now()
    this.#held = []
  }

  /** What to tell now, each warning once: all that came since the run moved, when that is long ago. */
  due(): string[] {
    return this.#now() - this.#movedAt < STILL_MS ? [] : this.all()
  }

  /** All that is held, for a command that fails. */
  all(): string[] {
    const messages = new Set(this.#held.map(({ message }) => message))
    this.#held = []
    return [...messages]
  }
}
