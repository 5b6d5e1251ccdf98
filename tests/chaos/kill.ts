/**
 * The `kill` suite: one of several workers, chosen by chance, is ended by SIGKILL while sagas run; the others take over, and
 * a new one joins. The services fail, lose requests and lose replies all the while.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './measure'
import { type ChaosOptions, type ChaosReport, chaos } from './stage'

export function killSuite(options: ChaosOptions): Promise<ChaosReport> {
  const until = performance.now() + (options.minutes ?? 60) * 60_000
  return chaos('kill', options, async (stage) => {
    const faults: Fault[] = []
    const perFault = Math.ceil(options.sagas / Math.max(1, options.faults))
    while (faults.length < options.faults && performance.now() < until) {
      // New sagas all the time, so that each kill meets sagas at every place.
      await stage.start(Math.ceil(perFault / 2))
      await sleep(200 + stage.random() * 800)
      await stage.start(Math.floor(perFault / 2))
      await sleep(stage.random() * 300)
      const victim = stage.workers.splice(Math.floor(stage.random() * stage.workers.length), 1)[0]
      if (!victim) break
      faults.push({ at: await stage.now(), worker: victim.name })
      victim.signal('SIGKILL')
      await stage.addWorker()
      if (faults.length % 10 === 0) options.log?.(`${faults.length} kills`)
    }
    return faults
  })
}
