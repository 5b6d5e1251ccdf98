/**
 * `sagas`: 5-step sagas, 500 at once, against DBOS workflows, Restate handlers and the bare rows; and single durable jobs
 * (a saga of one step) against job queues.
 */
import type { Arena, Contestant } from '../arena'
import { type Line, lineOf } from '../line'

export const runs = 5
export const contestants: readonly Contestant[] = [
  'sagawright',
  'dbos',
  'restate',
  'roofline',
  'pg-boss',
  'graphile-worker',
]

const SAGAS = { work: 'sagas', steps: 5, concurrency: 500 } as const
const JOBS = { work: 'jobs', steps: 1 } as const
/** As many as take each some seconds, after as many that are not measured as its compiler needs to come to rest. */
const COUNTS: Partial<Record<Contestant, { count: number; warmUp: number }>> = {
  sagawright: { count: 20_000, warmUp: 4_000 },
  roofline: { count: 20_000, warmUp: 4_000 },
  dbos: { count: 1_000, warmUp: 300 },
  restate: { count: 2_500, warmUp: 500 },
  'pg-boss': { count: 10_000, warmUp: 2_000 },
  'graphile-worker': { count: 10_000, warmUp: 2_000 },
}

export async function run(
  arena: Arena,
  options: { runs: number; only: readonly Contestant[] },
): Promise<Line[]> {
  const lines: Line[] = []
  const suite = 'sagas'
  const sagas = await inTurns(arena, options, SAGAS, ['sagawright', 'dbos', 'restate', 'roofline'])
  const about = { suite, case: '5 steps, 500 at once' }
  const rows = SAGAS.steps + 1
  for (const peer of ['dbos', 'restate', 'roofline'] as const)
    lines.push(
      ...compare(sagas, peer, { ...about, metric: 'sagas', unit: '1/s' }, 'sagasPerSecond'),
    )
  lines.push(
    ...compare(
      sagas,
      'roofline',
      { ...about, metric: 'journal rows', unit: '1/s' },
      'sagasPerSecond',
      rows,
    ),
  )
  for (const peer of ['dbos', 'restate'] as const) {
    lines.push(...compare(sagas, peer, { ...about, metric: 'step p50', unit: 'ms' }, 'stepP50Ms'))
    lines.push(...compare(sagas, peer, { ...about, metric: 'step p99', unit: 'ms' }, 'stepP99Ms'))
  }
  const jobs = await inTurns(arena, options, JOBS, ['sagawright', 'pg-boss', 'graphile-worker'])
  const job = { suite, case: 'single jobs', metric: 'jobs', unit: '1/s' }
  for (const peer of ['pg-boss', 'graphile-worker'] as const)
    lines.push(...compare(jobs, peer, job, 'jobsPerSecond'))
  return lines
}

type Runs = Map<Contestant, Record<string, number>[]>

/** Each run has every contestant once. */
export async function inTurns(
  arena: Arena,
  { runs, only }: { runs: number; only: readonly Contestant[] },
  task: Parameters<Arena['run']>[1],
  all: readonly Contestant[],
  counts: (contestant: Contestant) => Parameters<Arena['run']>[1] = (one) => COUNTS[one] ?? {},
): Promise<Runs> {
  const results: Runs = new Map()
  for (let n = 0; n < runs; n++)
    for (const contestant of all) {
      if (contestant !== 'sagawright' && !only.includes(contestant)) continue
      const metrics = await arena.run(contestant, { ...task, ...counts(contestant) })
      results.set(contestant, [...(results.get(contestant) ?? []), metrics])
      const said = Object.entries(metrics).map(([name, value]) => `${name} ${value.toPrecision(4)}`)
      console.error(`run ${n + 1} of ${runs}: ${contestant}: ${said.join(', ')}`)
    }
  return results
}

/** One line, or none when that peer did not take part. */
export function compare(
  runs: Runs,
  peer: Contestant,
  about: Parameters<typeof lineOf>[0],
  metric: string,
  times = 1,
): Line[] {
  const values = (of: Contestant) =>
    (runs.get(of) ?? []).map((metrics) => (metrics[metric] ?? Number.NaN) * times)
  if (!runs.has(peer)) return []
  return [lineOf(about, values('sagawright'), { name: peer, values: values(peer) })]
}
