/**
 * What many seeds come to: the line that DESIGN says a simulation reports, and what tells whether the faults bite.
 */
import type { Run } from './simulate'

export class Tally {
  readonly line = {
    seeds: 0,
    simulatedSeconds: 0,
    faults: 0,
    violations: 0,
    firstFailingSeed: null as number | null,
  }
  readonly more = {
    sagas: 0,
    entries: 0,
    /** Shards that went from one worker to another, and statements that commits carried out. */
    moves: 0,
    statements: 0,
    ends: {} as Record<string, number>,
    codes: {} as Record<string, number>,
    cpuSeconds: 0,
  }
  readonly #cpu = process.cpuUsage()
  #seconds = 0

  add(run: Run): void {
    const { line, more } = this
    this.#seconds += run.simulatedSeconds
    line.seeds++
    line.simulatedSeconds = Math.round(this.#seconds)
    line.faults += run.faults
    line.violations += run.violations.length
    if (run.violations.length > 0) line.firstFailingSeed ??= run.seed
    more.sagas += run.sagas
    more.entries += run.entries
    more.moves += run.moves
    more.statements += run.statements
    for (const [status, n] of Object.entries(run.ends)) count(more.ends, status, n)
    for (const { code } of run.violations) count(more.codes, code, 1)
    const { user, system } = process.cpuUsage(this.#cpu)
    more.cpuSeconds = Math.round((user + system) / 1e5) / 10
  }
}

function count(counts: Record<string, number>, key: string, n: number): void {
  counts[key] = (counts[key] ?? 0) + n
}
