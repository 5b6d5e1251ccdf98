/**
 * Ours: the runtime as the server opens it (createRuntime on createPostgresStore, a pool of 4 and one of 1 for leases),
 * with its default options. Steps are compensatable actions of a function participant, each with an input mapping that reads
 * the saga's input and the step before.
 */
import { performance } from 'node:perf_hooks'
import pg from 'pg'
import {
  createCallbackTokens,
  createParticipantRegistry,
  createPostgresDefinitionStore,
  createPostgresStore,
  createPrisma,
  createRuntime,
  createSecretKey,
  parseSecretKeys,
  type SagaDocument,
  systemClock,
  systemIds,
} from '@/runtime'
import { action, saga } from '../../support/dry-run'
import { contest, inputOf, measureSagas, outputOf, type Task, Witness } from './contestant.mjs'

await contest(async (task) => {
  const witness = new Witness(task.steps)
  const runtime = openRuntime(task, witness)
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  await runtime.start()
  const name = `bench-${task.steps}`
  await runtime.publish({
    document: documentOf(name, task.steps),
    source: '',
    by: { kind: 'system', id: 'bench', name: 'bench' },
  })
  const settled = async (sagas: string[]) => {
    const { rows } = await sql.query<{ status: string; count: number }>(
      'SELECT status::text, count(*)::int AS count FROM saga_execution WHERE saga_id = ANY ($1) GROUP BY status',
      [sagas],
    )
    if (rows.length !== 1 || rows[0]?.status !== 'COMPLETED' || rows[0].count !== sagas.length)
      throw new Error(`not all completed: ${JSON.stringify(rows)}`)
  }
  const result = await measureSagas(
    task,
    witness,
    async (id) => {
      await runtime.run({ definition: name, id, input: inputOf(id) })
    },
    settled,
  )
  await runtime.stop()
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

function openRuntime(task: Task, witness: Witness) {
  const clock = systemClock
  const logger = {
    info: () => {},
    warn: (...all: unknown[]) => console.error(...all),
    error: (...all: unknown[]) => console.error(...all),
  }
  const functions = {
    bench: {
      ...Object.fromEntries(
        Array.from({ length: task.steps }, (_, n) => [
          `step${n}`,
          (_input: unknown, { sagaId }: { sagaId: string }) => {
            witness.step(sagaId, n)
            return outputOf(sagaId, n)
          },
        ]),
      ),
      undo: () => null,
    },
  }
  const prisma = createPrisma(task.databaseUrl, { poolMax: 4 })
  const leases = createPrisma(task.databaseUrl, { poolMax: 1 })
  return createRuntime({
    store: createPostgresStore(prisma, { leases }),
    definitions: createPostgresDefinitionStore(prisma),
    participants: createParticipantRegistry({ functions, clock }),
    callbackTokens: createCallbackTokens(parseSecretKeys(createSecretKey(), 'bench')),
    clock,
    ids: systemIds,
    logger,
  })
}
void performance
