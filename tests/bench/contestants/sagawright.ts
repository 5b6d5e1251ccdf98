/**
 * Ours. Steps are compensatable actions of functions in this process, each with an input mapping that reads the saga's input
 * and the step before.
 */
import pg from 'pg'
import type { SagaDocument } from '@/runtime'
import { action, saga } from '../../support/dry-run'
import { contest, inputOf, measureJobs, measureSagas, outputOf, Witness } from './contestant.mjs'
import { type Operation, openRuntime } from './runtime'

await contest(async (task) => {
  const witness = new Witness(task.steps)
  const operations: Record<string, Operation> = { undo: () => null }
  for (let n = 0; n < task.steps; n++)
    operations[`step${n}`] = (sagaId) => {
      witness.step(sagaId, n)
      return outputOf(sagaId, n)
    }
  const name = `bench-${task.steps}`
  const runtime = await openRuntime(task.databaseUrl, operations, [documentOf(name, task.steps)])
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  const completed = async (ids: string[]) => {
    const { rows } = await sql.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM saga_execution WHERE saga_id = ANY ($1) AND status = 'COMPLETED'",
      [ids],
    )
    return rows[0]?.count === ids.length
  }
  const requestOf = (id: string) => ({ definition: name, id, input: inputOf(id) })
  const result =
    task.work === 'jobs'
      ? await measureJobs(
          task,
          witness,
          async (ids) => {
            await runtime.startMany(ids.map(requestOf))
          },
          completed,
        )
      : await measureSagas(
          task,
          witness,
          async (id) => {
            await runtime.run(requestOf(id))
          },
          async (ids) => {
            if (!(await completed(ids))) throw new Error('not all sagas completed')
          },
        )
  await runtime.stop()
  await sql.end()
  return result
})

function documentOf(name: string, steps: number): SagaDocument {
  const ids = Array.from({ length: steps }, (_, n) => `step${n}`)
  return saga({
    name,
    start: 'step0',
    steps: Object.fromEntries(
      ids.map((id, n) => [
        id,
        action(id, ids[n + 1], {
          participant: 'bench',
          operation: id,
          input: {
            order: 'input.order',
            amount: 'input.amount',
            ...(n > 0 ? { previous: `steps.step${n - 1}.reference` } : {}),
          },
          compensation: { operation: 'undo' },
        }),
      ]),
    ),
  })
}
