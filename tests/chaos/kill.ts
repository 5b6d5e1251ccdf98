/**
 * The `kill` suite: one of several workers, chosen by chance, is ended by SIGKILL while sagas run; the others take over, and
 * a new one joins. The services fail, lose requests and lose replies all the while.
 */
import { type ChaosOptions, type ChaosReport, chaos } from './stage'

export function killSuite(options: ChaosOptions): Promise<ChaosReport> {
  return chaos('kill', options, async (stage) => {
    const until = performance.now() + (options.minutes ?? 60) * 60_000
    while (stage.faults.length < options.faults && performance.now() < until) {
      // As soon as half a second after the last one joined: its heirs are hit while they still recover, now and then.
      await stage.sleep(500 + stage.random() * 3_500)
      const victim = stage.workers.splice(Math.floor(stage.random() * stage.workers.length), 1)[0]
      if (!victim) break
      await stage.fault(victim.name)
      victim.signal('SIGKILL')
      await stage.addWorker()
      if (stage.faults.length % 10 === 0) options.log?.(`${stage.faults.length} kills`)
    }
  })
}
