/**
 * Does a step cost more when much has happened before it? Two sagas whose own entity really has that history:
 * `linear`, a drawing of 10,000 steps one after the other, and `map`, one over 10,000 items one at a time, whose parent takes an
 * entry per item. Each runs alone; the time is from one step's function to the next one's.
 */
import pg from 'pg'
import type { SagaDocument } from '@/runtime'
import { action, saga } from '../../support/dry-run'
import { contest } from './contestant.mjs'
import { openRuntime } from './runtime'

/** Steps around the 10th and before the 10,000th whose median counts. */
const NEAR = 200
/** Part of the steps, at either end, whose mean counts, in time and in this process's own: snapshots and garbage are in it. */
const FAR = 0.1

await contest(async (task) => {
  const times: number[] = []
  const spent: number[] = []
  const operations = {
    tick: () => {
      times.push(performance.now())
      const { user, system } = process.cpuUsage()
      spent.push((user + system) / 1000)
      return { accepted: true }
    },
  }
  const documents = [linear(task.steps), map()]
  const runtime = await openRuntime(task.databaseUrl, operations, documents)
  const metrics: Record<string, number> = {}
  const wrong: string[] = []
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  // the first one warms the compiler up
  for (const { name } of documents)
    for (const round of ['warm', 'measured']) {
      times.length = 0
      spent.length = 0
      const id = `${task.run}-${name}-${round}`
      const ended = await runtime.run({
        definition: name,
        id,
        input: { items: name === 'map' ? Array.from({ length: task.steps }, (_, n) => n) : [] },
      })
      const { rows } = await sql.query<{ seq: number }>(
        'SELECT max(seq) AS seq FROM journal WHERE entity_id = $1',
        [id],
      )
      if (
        ended.status !== 'COMPLETED' ||
        times.length !== task.steps ||
        (rows[0]?.seq ?? 0) < task.steps
      )
        wrong.push(`${id}: ${ended.status}, ${times.length} steps, ${rows[0]?.seq} entries`)
      const took = times.slice(1).map((time, n) => time - (times[n] ?? 0))
      const far = Math.floor(task.steps * FAR)
      metrics[`${name}EarlyMs`] = middle(took.slice(5, 5 + NEAR))
      metrics[`${name}LateMs`] = middle(took.slice(-NEAR))
      metrics[`${name}EarlyMeanMs`] = mean(times.slice(5, 5 + far))
      metrics[`${name}LateMeanMs`] = mean(times.slice(-far))
      metrics[`${name}EarlyCpuMs`] = mean(spent.slice(5, 5 + far))
      metrics[`${name}LateCpuMs`] = mean(spent.slice(-far))
    }
  await runtime.stop()
  await sql.end()
  return { metrics, wrong }
})

function linear(steps: number): SagaDocument {
  const ids = Array.from({ length: steps }, (_, n) => `s${n}`)
  return saga({
    name: 'linear',
    start: 's0',
    steps: Object.fromEntries(ids.map((id, n) => [id, tick(id, ids[n + 1])])),
  })
}

function map(): SagaDocument {
  return saga({
    name: 'map',
    start: 'each',
    steps: {
      each: {
        type: 'map',
        items: 'input.items',
        concurrency: 1,
        region: { start: 'one', steps: { one: tick('one') } },
      },
    },
  })
}

function tick(id: string, next?: string) {
  return action(id, next, {
    participant: 'bench',
    operation: 'tick',
    effect: 'readonly',
    compensation: undefined,
  })
}

function middle(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** The mean time from one to the next. */
function mean(times: number[]): number {
  return ((times.at(-1) ?? Number.NaN) - (times[0] ?? 0)) / (times.length - 1)
}
