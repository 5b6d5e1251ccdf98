/**
 * The `postgres-restart` suite: the database server is stopped every five to ten seconds, in order or without ceremony, and
 * started again, under the load of all workers and of the services, which keep their inboxes in it.
 */
import { type ChaosOptions, type ChaosReport, chaos } from './stage'

export interface RestartOptions extends ChaosOptions {
  /** Stops the server as said, waits a moment, and starts it again. */
  restart(mode: 'fast' | 'immediate', downMs: number): Promise<void>
}

export function postgresRestartSuite(options: RestartOptions): Promise<ChaosReport> {
  return chaos('postgres-restart', options, async (stage) => {
    const until = performance.now() + (options.minutes ?? 60) * 60_000
    while (stage.faults.length < options.faults && performance.now() < until) {
      await stage.sleep(5_000 + stage.random() * 5_000)
      await stage.fault(null)
      await options.restart(stage.random() < 0.5 ? 'fast' : 'immediate', stage.random() * 2_000)
      if (stage.faults.length % 5 === 0) options.log?.(`${stage.faults.length} restarts`)
    }
  })
}
