/**
 * An operating system's process, simulated: what runs in it sees the world only through a clock and through replies, and
 * both come by `deliver`. So a process can be stopped for a while (SIGSTOP) or killed at any moment.
 *
 * 1. Paused: nothing is delivered; time goes on. Then all that has come is delivered, timers and replies in either order, and
 *    promises settle after each.
 * 2. Dead: nothing is ever delivered. What it sent is under way all the same.
 */
import type { Clock } from '@/runtime/ports'
import type { VirtualClock } from '../support/virtual-clock'
import type { Random } from './random'

interface Held {
  timer: boolean
  run: () => void
}

export class Process {
  state: 'running' | 'paused' | 'dead' = 'running'
  readonly name: string
  /** What its time of day is ahead of the database's. */
  skewMs = 0
  /** This process's own timers; they may fire a little early. */
  readonly clock: Clock
  readonly #clock: VirtualClock
  readonly #random: Random
  #held: Held[] = []
  readonly #mourners = new Set<() => void>()

  constructor(name: string, clock: VirtualClock, random: Random, earlyMs: number) {
    this.name = name
    this.#clock = clock
    this.#random = random
    this.clock = {
      now: () => Math.floor(clock.monotonic() + this.skewMs),
      monotonic: () => clock.monotonic(),
      after: (delayMs, run) => {
        let live = true
        const once = () => {
          if (live) run()
          live = false
        }
        const early = earlyMs > 0 ? random.between(0, earlyMs) : 0
        const cancel = clock.after(delayMs - early, () => this.#arrive({ timer: true, run: once }))
        return () => {
          live = false
          cancel()
        }
      },
    }
  }

  /** Something from outside reaches the process, if it lives. */
  deliver(run: () => void): void {
    this.#arrive({ timer: false, run })
  }

  pause(): void {
    if (this.state === 'running') this.state = 'paused'
  }

  resume(): void {
    if (this.state !== 'paused') return
    this.state = 'running'
    const timersFirst = this.#random.chance(0.5)
    const held = this.#held
    this.#held = []
    for (const timer of [timersFirst, !timersFirst])
      for (const one of held) if (one.timer === timer) this.#clock.after(0, () => this.#arrive(one))
  }

  kill(): void {
    this.state = 'dead'
    this.#held = []
    for (const told of [...this.#mourners]) told()
    this.#mourners.clear()
  }

  /** Calls back when it dies, as a connection that breaks does; returns a function that takes that back. */
  onDeath(told: () => void): () => void {
    this.#mourners.add(told)
    return () => this.#mourners.delete(told)
  }

  #arrive(one: Held): void {
    if (this.state === 'paused') this.#held.push(one)
    else if (this.state === 'running') one.run()
  }
}
