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
  return [
    line({ case: parked, metric: 'growth of resident memory', unit: 'MB' }, 'parkedMb'),
    line({ case: parked, metric: 'parked', unit: '1/s' }, 'parkedPerSecond'),
    line({ case: parked, metric: 'timer to step, latest of 100', unit: 'ms' }, 'timerLateMaxMs'),
    line({ case: parked, metric: 'signal to step, latest of 100', unit: 'ms' }, 'signalMaxMs'),
    line(
      {
        case: `${ACTIVE.toLocaleString('en')} active`,
        metric: 'resident memory above idle',
        unit: 'MB',
      },
      'activeMb',
    ),
  ]
}
