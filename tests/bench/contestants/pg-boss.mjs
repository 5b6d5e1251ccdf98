/**
 * pg-boss, single durable jobs: `insert` in batches, `work` with batches, as its documentation describes for throughput.
 * Settings: 4 workers with batches of 500 that look again at once after a full one (`notifyWorker`), the shortest polling
 * interval; supervision and scheduling as they come (1, 2 and 4 workers with batches of 100, 250 and 500 were tried). A batch
 * is acknowledged as a whole.
 */
import { createRequire } from 'node:module'
import { contest, inputOf, measureJobs, outputOf, Witness } from './contestant.mjs'

await contest(async (task) => {
  const require = createRequire(`${task.peers}/package.json`)
  const PgBoss = require('pg-boss')
  const pg = require('pg')
  const witness = new Witness(1)
  const boss = new PgBoss({ connectionString: task.databaseUrl, max: 10 })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  await boss.createQueue('bench')
  for (let n = 0; n < 4; n++) {
    const id = await boss.work(
      'bench',
      { batchSize: 500, pollingIntervalSeconds: 0.5 },
      async (jobs) => {
        for (const { data } of jobs) {
          witness.step(data.order, 0)
          outputOf(data.order, 0)
        }
        boss.notifyWorker(id)
      },
    )
  }
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  const result = await measureJobs(
    task,
    witness,
    async (ids) => {
      await boss.insert(ids.map((id) => ({ name: 'bench', data: inputOf(id) })))
    },
    async () => {
      const { rows } = await sql.query(
        "SELECT count(*)::int AS count FROM pgboss.job WHERE name = 'bench' AND state <> 'completed'",
      )
      return rows[0].count === 0
    },
  )
  await sql.end()
  await boss.stop({ graceful: false, wait: false })
  return result
})
