/**
 * The `pause` suite: one of several workers, chosen by chance, is stopped by SIGSTOP for longer than its lease while sagas
 * run, then woken. It wakes with commits half sent and results half read; the others have its sagas.
 */
import { type ChaosOptions, type ChaosReport, chaos } from './stage'

/** The default lease is 3 s, and its takeover takes a moment. */
const PAUSE_MIN_MS = 3_500
const PAUSE_MAX_MS = 6_000

export function pauseSuite(options: ChaosOptions): Promise<ChaosReport> {
  return chaos('pause', options, async (stage) => {
    const until = performance.now() + (options.minutes ?? 60) * 60_000
    while (stage.faults.length < options.faults && performance.now() < until) {
      await stage.sleep(300 + stage.random() * 700)
      const victim = stage.workers[Math.floor(stage.random() * stage.workers.length)]
      if (!victim) break
      await stage.fault(victim.name)
      victim.signal('SIGSTOP')
      await stage.sleep(PAUSE_MIN_MS + stage.random() * (PAUSE_MAX_MS - PAUSE_MIN_MS))
      victim.signal('SIGCONT')
      // It has to be back, under its new name and with its shards, before it can be hit again.
      await stage.sleep(2_500)
      if (stage.faults.length % 10 === 0) options.log?.(`${stage.faults.length} pauses`)
    }
  })
}
