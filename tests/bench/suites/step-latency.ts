/** `step-latency`: one saga at a time, alone: from one step's function to the next one's. */
import type { Arena, Contestant } from '../arena'
import type { Line } from '../line'
import { compare, inTurns } from './sagas'

export const runs = 5
export const contestants: readonly Contestant[] = ['sagawright', 'dbos', 'restate']

const COUNTS: Partial<Record<Contestant, { count: number; warmUp: number }>> = {
  sagawright: { count: 400, warmUp: 300 },
  dbos: { count: 150, warmUp: 50 },
  restate: { count: 300, warmUp: 100 },
}

export async function run(
  arena: Arena,
  options: { runs: number; only: readonly Contestant[] },
): Promise<Line[]> {
  const task = { work: 'sagas', steps: 5, concurrency: 1 } as const
  const all = await inTurns(arena, options, task, contestants, (one) => COUNTS[one] ?? {})
  const about = { suite: 'step-latency', case: 'one saga alone' }
  return (['dbos', 'restate'] as const).flatMap((peer) => [
    ...compare(all, peer, { ...about, metric: 'step p50', unit: 'ms' }, 'stepP50Ms'),
    ...compare(all, peer, { ...about, metric: 'step p99', unit: 'ms' }, 'stepP99Ms'),
  ])
}
