/**
 * DBOS Transact for TypeScript, a 5-step workflow as its README and tutorials write it: a registered workflow function that
 * calls `DBOS.runStep` for each step, started directly. Settings: a pool of 20 connections instead of 10 (10, 20 and 50 were
 * tried; see README), logs at `error`, everything else as it comes.
 */
import { createRequire } from 'node:module'
import { contest, inputOf, measureSagas, outputOf, Witness } from './contestant.mjs'

await contest(async (task) => {
  const require = createRequire(`${task.peers}/package.json`)
  const { DBOS } = require('@dbos-inc/dbos-sdk')
  const pg = require('pg')
  const witness = new Witness(task.steps)
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: task.databaseUrl,
    systemDatabasePoolSize: task.pool ?? 20,
    logLevel: 'error',
    applicationVersion: 'bench',
  })
  const workflow = DBOS.registerWorkflow(
    async (input) => {
      let previous
      for (let n = 0; n < task.steps; n++) {
        const step = { ...input, previous: previous?.reference }
        previous = await DBOS.runStep(
          async () => {
            witness.step(step.order, n)
            return outputOf(step.order, n)
          },
          { name: `step${n}` },
        )
      }
      return previous
    },
    { name: 'bench' },
  )
  await DBOS.launch()
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  const result = await measureSagas(
    task,
    witness,
    async (id) => {
      const handle = await DBOS.startWorkflow(workflow, { workflowID: id })(inputOf(id))
      await handle.getResult()
    },
    async (sagas) => {
      const { rows } = await sql.query(
        'SELECT status, count(*)::int AS count FROM dbos.workflow_status WHERE workflow_uuid = ANY ($1) GROUP BY status',
        [sagas],
      )
      if (rows.length !== 1 || rows[0].status !== 'SUCCESS' || rows[0].count !== sagas.length)
        throw new Error(`not all succeeded: ${JSON.stringify(rows)}`)
    },
  )
  await sql.end()
  await DBOS.shutdown()
  return result
})
