/**
 * The `pause` suite: one of several workers, chosen by chance, is stopped by SIGSTOP for longer than its lease while sagas
 * run, then woken. It wakes with commits half sent and results half read; the others have its sagas.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './measure'
import { type ChaosOptions, type ChaosReport, chaos } from './stage'

/** The default lease is 3 s, and its takeover takes up to another. */
const PAUSE_MIN_MS = 3_500
const PAUSE_MAX_MS = 6_000

export function pauseSuite(options: ChaosOptions): Promise<ChaosReport> {
  const until = performance.now() + (options.minutes ?? 60) * 60_000
  return chaos('pause', options, async (stage) => {
    const faults: Fault[] = []
    const perFault = Math.ceil(options.sagas / Math.max(1, options.faults))
    while (faults.length < options.faults && performance.now() < until) {
      await stage.start(Math.ceil(perFault / 2))
      await sleep(300 + stage.random() * 700)
      const victim = stage.workers[Math.floor(stage.random() * stage.workers.length)]
      if (!victim) break
      faults.push({ at: await stage.now(), worker: victim.name })
      victim.signal('SIGSTOP')
      await stage.start(Math.floor(perFault / 2))
      await sleep(PAUSE_MIN_MS + stage.random() * (PAUSE_MAX_MS - PAUSE_MIN_MS))
      victim.signal('SIGCONT')
      // It has to be back, under its new name and with its shards, before it can be hit again.
      await sleep(2_500)
      if (faults.length % 10 === 0) options.log?.(`${faults.length} pauses`)
    }
    return faults
  })
}
