/**
 * Does undoing a step cost more when many others are to be undone? Sagas whose last step is refused, so that all that was
 * done is undone: in a row, in a row with the order `reverse`, and in branches side by side. Each runs alone; a
 * compensation's time is that from its function to the next one's, and the way forward ends where the refusal begins.
 */
import pg from 'pg'
import { type SagaDocument, TerminalError } from '@/runtime'
import { action, saga } from '../../support/dry-run'
import { contest } from './contestant.mjs'
import { openRuntime } from './runtime'

const BRANCHES = 50
/** Compensations at either end whose cost is compared. */
const NEAR = 100
/** Steps of the sagas that warm the compiler up. */
const WARM = 1_000

await contest(async (task) => {
  const done: number[] = []
  const undone: number[] = []
  /** This process's own time when each compensation ran. */
  const spent: number[] = []
  let refusedCpu = 0
  const operations = {
    act: () => {
      done.push(performance.now())
      return { accepted: true }
    },
    undo: () => {
      undone.push(performance.now())
      spent.push(cpuMs())
      return {}
    },
    refuse: () => {
      done.push(performance.now())
      refusedCpu = cpuMs()
      throw new TerminalError('REFUSED', 'The last step is refused')
    },
  }
  const shapes = ['chain', 'reverse', 'branches'] as const
  const sizes = { warm: WARM, measured: task.steps }
  const runtime = await openRuntime(
    task.databaseUrl,
    operations,
    shapes.flatMap((shape) => [
      drawing(`${shape}-warm`, shape, sizes.warm),
      drawing(`${shape}-measured`, shape, sizes.measured),
    ]),
  )
  const metrics: Record<string, number> = {}
  const wrong: string[] = []
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  for (const round of ['warm', 'measured'] as const)
    for (const shape of shapes) {
      done.length = 0
      undone.length = 0
      spent.length = 0
      const id = `${task.run}-${shape}-${round}`
      const began = performance.now()
      const beganCpu = cpuMs()
      const { status } = await runtime.run({ definition: `${shape}-${round}`, id, input: {} })
      const ended = performance.now()
      const endedCpu = cpuMs()
      const steps = sizes[round]
      const { rows } = await sql.query<{ seq: number }>(
        'SELECT max(seq) AS seq FROM journal WHERE entity_id = $1',
        [id],
      )
      if (
        status !== 'ROLLED_BACK' ||
        done.length !== steps + 1 ||
        undone.length !== steps ||
        (rows[0]?.seq ?? 0) < 2 * steps
      )
        wrong.push(
          `${id}: ${status}, ${done.length} done, ${undone.length} undone, ${rows[0]?.seq} entries`,
        )
      const refused = done.at(-1) ?? Number.NaN
      metrics[`${shape}ForwardMs`] = refused - began
      metrics[`${shape}BackMs`] = ended - refused
      metrics[`${shape}EarlyMs`] = mean(undone.slice(0, NEAR))
      metrics[`${shape}LateMs`] = mean(undone.slice(-NEAR))
      metrics[`${shape}EarlyCpuMs`] = mean(spent.slice(0, NEAR))
      metrics[`${shape}LateCpuMs`] = mean(spent.slice(-NEAR))
      metrics[`${shape}ForwardCpuMs`] = refusedCpu - beganCpu
      metrics[`${shape}BackCpuMs`] = endedCpu - refusedCpu
    }
  await runtime.stop()
  await sql.end()
  return { metrics, wrong }
})

/** `steps` steps that can be undone, and one that is refused. */
function drawing(
  name: string,
  shape: 'chain' | 'reverse' | 'branches',
  steps: number,
): SagaDocument {
  if (shape !== 'branches') {
    const chain = row('s', steps, 'last')
    return saga({
      name,
      ...chain,
      steps: { ...chain.steps, last: refused() },
      ...(shape === 'reverse' ? { compensationOrder: 'reverse' } : {}),
    })
  }
  const branches = Object.fromEntries(
    Array.from({ length: BRANCHES }, (_, b) => [`b${b}`, row(`b${b}_`, steps / BRANCHES)]),
  )
  return saga({
    name,
    start: 'all',
    steps: { all: { type: 'parallel', branches, next: 'last' }, last: refused() },
  })
}

function row(prefix: string, length: number, last?: string) {
  const ids = Array.from({ length }, (_, n) => `${prefix}${n}`)
  return {
    start: `${prefix}0`,
    steps: Object.fromEntries(
      ids.map((id, n) => [
        id,
        action(id, ids[n + 1] ?? last, {
          participant: 'bench',
          operation: 'act',
          compensation: { operation: 'undo' },
        }),
      ]),
    ),
  }
}

function refused() {
  return action('last', undefined, {
    participant: 'bench',
    operation: 'refuse',
    effect: 'readonly',
    compensation: undefined,
  })
}

/** The mean time from one to the next. */
function mean(times: number[]): number {
  return ((times.at(-1) ?? Number.NaN) - (times[0] ?? 0)) / (times.length - 1)
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
