/**
 * What every contestant's process shares: it gets a task as JSON in its first argument, sends one result back and ends.
 * Plain JavaScript, so that peers run in a Node without any loader.
 *
 * A step's latency is the time from the start of its function to the start of the next one (or to the known end, after the
 * last): what one durable step costs, commit and dispatch included. Everybody is measured in this one way.
 */

import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @typedef {object} Task
 * @property {'sagas' | 'jobs' | 'history' | 'parked' | 'resident'} work
 * @property {string} databaseUrl the contestant's own database
 * @property {string} folder for what it keeps outside of the database, on the same disk
 * @property {string} peers where peers are installed
 * @property {string} run makes ids of this run unique in the database
 * @property {number} port the first of ten that are free for it
 * @property {number} count sagas (or jobs) that are measured
 * @property {number} warmUp sagas (or jobs) before, not measured
 * @property {number} concurrency sagas at once
 * @property {number} steps
 */

/**
 * @typedef {object} Result
 * @property {Record<string, number>} metrics
 * @property {string[]} wrong what must not be, in words; empty when all is well
 */

/**
 * Runs the task this process was started for.
 * @param {(task: Task) => Promise<Result>} perform
 */
export async function contest(perform) {
  const task = JSON.parse(process.argv[2] ?? '{}')
  // Asked to end, or its parent is gone: `exit` listeners end what it started.
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'])
    process.on(signal, () => process.exit(1))
  try {
    const result = await perform(task)
    process.send?.({ result }, () => process.exit(0))
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.stack : String(error) }, () =>
      process.exit(1),
    )
  }
}

/** Counts executions and takes times, at the steps themselves. */
export class Witness {
  /** Executions by saga, one number per step. */
  #executed = new Map()
  #steps
  #last = new Map()
  #latencies = []
  /** Off during warm-up. */
  measuring = false

  /** @param {number} steps */
  constructor(steps) {
    this.#steps = steps
  }

  /** A step's function runs. @param {string} saga @param {number} step counted from 0 */
  step(saga, step) {
    let counts = this.#executed.get(saga)
    if (!counts) {
      counts = new Array(this.#steps).fill(0)
      this.#executed.set(saga, counts)
    }
    counts[step]++
    this.executions++
    const now = performance.now()
    const last = this.#last.get(saga)
    if (last !== undefined && this.measuring) this.#latencies.push(now - last)
    this.#last.set(saga, now)
  }

  /** The saga's end is known. @param {string} saga */
  ended(saga) {
    const last = this.#last.get(saga)
    if (last !== undefined && this.measuring) this.#latencies.push(performance.now() - last)
    this.#last.delete(saga)
  }

  /** Everything that was not executed exactly once, at most ten of them. @param {Iterable<string>} sagas */
  wrong(sagas) {
    const wrong = []
    for (const saga of sagas) {
      const counts = this.#executed.get(saga) ?? []
      if (counts.length !== this.#steps || counts.some((count) => count !== 1))
        wrong.push(`${saga} executed its steps ${counts.join(', ') || 'never'} times`)
      if (wrong.length === 10) break
    }
    return wrong
  }

  /** Of all steps, warm-up included. */
  executions = 0

  latencies() {
    const sorted = Float64Array.from(this.#latencies).sort()
    const at = (share) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return { stepP50Ms: at(0.5), stepP99Ms: at(0.99) }
  }
}

/**
 * Runs `count` sagas, `concurrency` at a time: as soon as one has ended the next is begun.
 * @param {{ count: number, concurrency: number }} task
 * @param {(n: number) => Promise<void>} one
 */
export async function keepBusy({ count, concurrency }, one) {
  let next = 0
  const lane = async () => {
    while (next < count) await one(next++)
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane))
}

/**
 * Warms up, then measures. `one` begins a saga and resolves when its end is known; `settled` resolves when the database
 * itself says that all of them have ended.
 * @param {Task} task
 * @param {Witness} witness
 * @param {(saga: string) => Promise<void>} one
 * @param {(sagas: string[]) => Promise<void>} settled
 * @returns {Promise<Result>}
 */
export async function measureSagas(task, witness, one, settled) {
  const round = async (name, count) => {
    const ids = Array.from({ length: count }, (_, n) => `${task.run}-${name}-${n}`)
    const began = performance.now()
    const spent = process.cpuUsage()
    await keepBusy({ count, concurrency: task.concurrency }, async (n) => {
      await one(ids[n])
      witness.ended(ids[n])
    })
    await settled(ids)
    const { user, system } = process.cpuUsage(spent)
    return { ids, seconds: (performance.now() - began) / 1000, cpuMs: (user + system) / 1000 }
  }
  await round('warm', task.warmUp)
  witness.measuring = true
  const { ids, seconds, cpuMs } = await round('saga', task.count)
  witness.measuring = false
  return {
    metrics: { seconds, sagasPerSecond: task.count / seconds, cpuMs, ...witness.latencies() },
    wrong: witness.wrong(ids),
  }
}

/**
 * Warms up, then measures single durable jobs: all are enqueued, `TOGETHER` at a time, while they are worked off already.
 * `enqueue` resolves when these are durable; `settled` says whether the database has all of them down as done.
 * @param {Task} task
 * @param {Witness} witness
 * @param {(ids: string[]) => Promise<void>} enqueue
 * @param {(ids: string[]) => Promise<boolean>} settled
 * @returns {Promise<Result>}
 */
export async function measureJobs(task, witness, enqueue, settled) {
  const round = async (name, count) => {
    const ids = Array.from({ length: count }, (_, n) => `${task.run}-${name}-${n}`)
    const before = witness.executions
    const began = performance.now()
    for (let from = 0; from < count; from += TOGETHER)
      await enqueue(ids.slice(from, from + TOGETHER))
    while (witness.executions < before + count) await sleep(1)
    while (!(await settled(ids))) await sleep(1)
    return { ids, seconds: (performance.now() - began) / 1000 }
  }
  await round('warm', task.warmUp)
  const { ids, seconds } = await round('job', task.count)
  return { metrics: { seconds, jobsPerSecond: task.count / seconds }, wrong: witness.wrong(ids) }
}

/** Jobs enqueued at once. */
const TOGETHER = 1_000

/** What a step is given, and what it gives back. */
export const inputOf = (saga) => ({ order: saga, amount: 12_345, currency: 'EUR' })
export const outputOf = (saga, step) => ({ reference: `${saga}/${step}`, accepted: true })
