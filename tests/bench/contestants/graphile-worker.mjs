/**
 * graphile-worker, single durable jobs: `addJobs` in batches and `run`, with the settings of its own performance page
 * (24 concurrent jobs, a pool of 25, a local queue of 500, completions batched without delay).
 */
import { createRequire } from 'node:module'
import { contest, inputOf, measureJobs, outputOf, Witness } from './contestant.mjs'

await contest(async (task) => {
  const require = createRequire(`${task.peers}/package.json`)
  const { Logger, makeWorkerUtils, run } = require('graphile-worker')
  const pg = require('pg')
  const witness = new Witness(1)
  const logger = new Logger(() => (level, message) => {
    if (level === 'error') console.error(message)
  })
  const preset = {
    worker: {
      connectionString: task.databaseUrl,
      concurrentJobs: 24,
      maxPoolSize: 25,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger,
    },
  }
  const utils = await makeWorkerUtils({ preset })
  await utils.migrate()
  const runner = await run({
    preset,
    taskList: {
      bench: async ({ order }) => {
        witness.step(order, 0)
        outputOf(order, 0)
      },
    },
  })
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  const result = await measureJobs(
    task,
    witness,
    async (ids) => {
      await utils.addJobs(ids.map((id) => ({ identifier: 'bench', payload: inputOf(id) })))
    },
    async () => {
      // a completed job's row is deleted
      const { rows } = await sql.query(
        'SELECT count(*)::int AS count FROM graphile_worker._private_jobs',
      )
      return rows[0].count === 0
    },
  )
  await sql.end()
  await runner.stop()
  await utils.release()
  return result
})
