import { afterAll, beforeAll, expect, it } from 'vitest'
import { startCluster } from '../support/cluster'
import { postgresRestartSuite } from './postgres-restart'

let cluster: Awaited<ReturnType<typeof startCluster>>
beforeAll(async () => {
  cluster = await startCluster({ track_commit_timestamp: 'on' })
})
afterAll(() => cluster.stop())

it('loses no saga and doubles no effect while PostgreSQL is stopped and started under load', {
  timeout: 300_000,
}, async () => {
  const seed = Math.floor(Math.random() * 1_000_000)
  const report = await postgresRestartSuite({
    databaseUrl: cluster.url,
    dataFolder: cluster.folder,
    restart: cluster.restart,
    sagas: 100,
    population: 40,
    perSecond: 40,
    faults: 2,
    seed,
  })
  console.log(JSON.stringify({ ...report, seed }))
  expect(report.violations).toEqual([])
  expect(report).toMatchObject({ faults: 2, lost: 0, duplicates: 0 })
  // Sagas were under way at each restart.
  expect(report.recovered).toBeGreaterThan(20)
  expect(report.statuses.COMPLETED).toBeGreaterThan(10)
})
