/**
 * The `postgres-restart` suite: the database server is stopped every five to ten seconds, in order or without ceremony, and
 * started again, under the load of all workers and of the services, which keep their inboxes in it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './measure'
import { type ChaosOptions, type ChaosReport, chaos } from './stage'

export interface RestartOptions extends ChaosOptions {
  /** Stops the server as said, waits a moment, and starts it again. */
  restart(mode: 'fast' | 'immediate', downMs: number): Promise<void>
}

export function postgresRestartSuite(options: RestartOptions): Promise<ChaosReport> {
  const until = performance.now() + (options.minutes ?? 60) * 60_000
  return chaos('postgres-restart', options, async (stage) => {
    const faults: Fault[] = []
    const perFault = Math.ceil(options.sagas / Math.max(1, options.faults))
    while (faults.length < options.faults && performance.now() < until) {
      const starting = stage.start(perFault)
      await sleep(5_000 + stage.random() * 5_000)
      faults.push({ at: await stage.now(), worker: null })
      await options.restart(stage.random() < 0.5 ? 'fast' : 'immediate', stage.random() * 2_000)
      await starting
      if (faults.length % 5 === 0) options.log?.(`${faults.length} restarts`)
    }
    return faults
  })
}
