/**
 * What everything in one simulation shares: time, chance, the faults that are on, what was found wrong, and the trace.
 */
import type { WakeUp } from '@/runtime/cluster/wake-ups'
import { VirtualClock } from '../support/virtual-clock'
import { Random } from './random'
import { drawSwarm, HEALTHY_BANK, HEALTHY_SERVICE, NO_FAULTS, type Swarm } from './swarm'

/** An invariant that did not hold. */
export interface Violation {
  /** Which one, for tests and counts. */
  code: string
  text: string
}

/** More are not kept: the first ones tell. */
const VIOLATIONS_MAX = 50

export class World {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly swarm: Swarm
  readonly startedAt: number
  readonly violations: Violation[] = []
  readonly lines: string[] | null
  /** Where wake-ups are heard, by address. */
  readonly ears = new Map<string, (what: WakeUp) => void>()
  /** Faults that were really injected. */
  faults = 0
  healed = false

  /** `given`: what is not as the seed draws it. */
  constructor(seed: number, traced: boolean, given: Partial<Swarm> = {}) {
    this.random = new Random(`seed ${seed}`)
    this.swarm = { ...drawSwarm(this.random.fork('swarm')), ...given }
    this.startedAt = this.clock.now()
    this.lines = traced ? [] : null
  }

  get elapsedMs(): number {
    return this.clock.now() - this.startedAt
  }

  /** A line of the trace; `what` is only called when somebody reads it. */
  note(who: string, what: () => string): void {
    this.lines?.push(`${(this.elapsedMs / 1000).toFixed(3).padStart(8)} ${who.padEnd(9)} ${what()}`)
  }

  violate(code: string, text: string): void {
    this.note('CHECKER', () => `✗ ${code}: ${text}`)
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push({ code, text })
  }

  /** From now on nothing goes wrong any more. */
  heal(): void {
    this.healed = true
    const { swarm } = this
    swarm.store = { ...NO_FAULTS, hidden: 0, hiddenMs: 0 }
    swarm.definitions = NO_FAULTS
    swarm.service = HEALTHY_SERVICE
    swarm.bank = HEALTHY_BANK
    if (swarm.deaf !== null) swarm.deaf = 0
    this.note('world', () => 'all faults stop')
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve))
  }
}
