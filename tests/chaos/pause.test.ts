import { afterAll, beforeAll, expect, it } from 'vitest'
import { startCluster } from '../support/cluster'
import { pauseSuite } from './pause'

let cluster: Awaited<ReturnType<typeof startCluster>>
beforeAll(async () => {
  cluster = await startCluster({ track_commit_timestamp: 'on' })
})
afterAll(() => cluster.stop())

it('loses no saga and doubles no effect when workers sleep over their lease, and lets none of them commit after it', {
  timeout: 300_000,
}, async () => {
  const seed = Math.floor(Math.random() * 1_000_000)
  const report = await pauseSuite({
    databaseUrl: cluster.url,
    dataFolder: cluster.folder,
    sagas: 50,
    faults: 3,
    seed,
  })
  console.log(JSON.stringify({ ...report, seed }))
  expect(report.violations).toEqual([])
  expect(report).toMatchObject({ faults: 3, lost: 0, duplicates: 0 })
  expect(report.detectMsMax).toBeGreaterThan(500)
  expect(report.statuses.COMPLETED).toBeGreaterThan(10)
})
