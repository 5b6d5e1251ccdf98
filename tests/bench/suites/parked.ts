/** `parked`: what waiting and active sagas cost in memory, and how fast a due one wakes. `--sagas N` parks N of them. */
import type { Arena, Contestant } from '../arena'
import { type Line, lineOf } from '../line'
import { inTurns } from './sagas'

export const runs = 1
export const contestants: readonly Contestant[] = ['parked']

const ACTIVE = 1_000

export async function run(arena: Arena, options: { runs: number; sagas: number }): Promise<Line[]> {
  const task = { count: options.sagas, concurrency: ACTIVE }
  const all = await inTurns(arena, { ...options, only: contestants }, task, contestants)
  const line = (about: { case: string; metric: string; unit: string }, metric: string) =>
    lineOf(
      { suite: 'parked', ...about },
      (all.get('parked') ?? []).map((one) => one[metric] ?? Number.NaN),
    )
  const parked = `${options.sagas.toLocaleString('en')} parked`
  const active = `${ACTIVE.toLocaleString('en')} active`
  const resident = { metric: 'growth of resident memory', unit: 'MB' }
  const heap = { metric: 'growth of the heap in use', unit: 'MB' }
  return [
    line({ case: parked, ...resident }, 'parkedMb'),
    line({ case: parked, ...heap }, 'parkedHeapMb'),
    line({ case: parked, metric: 'resident at its highest while parking', unit: 'MB' }, 'busyMb'),
    line({ case: parked, metric: 'parked', unit: '1/s' }, 'parkedPerSecond'),
    line({ case: parked, metric: 'timer to step, latest of 100', unit: 'ms' }, 'timerLateMaxMs'),
    line({ case: parked, metric: 'signal to step, latest of 100', unit: 'ms' }, 'signalMaxMs'),
    line({ case: active, ...resident }, 'activeMb'),
    line({ case: active, ...heap }, 'activeHeapMb'),
  ]
}
