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
    sagas: 100,
    population: 40,
    perSecond: 40,
    faults: 2,
    seed,
  })
  console.log(JSON.stringify({ ...report, seed }))
  expect(report.violations).toEqual([])
  expect(report).toMatchObject({ faults: 2, lost: 0, duplicates: 0 })
  // They were taken over while they slept, and found it out when they woke.
  expect(report.detectMsMax).toBeGreaterThan(500)
  expect(report.fenced).toBeGreaterThan(0)
  expect(report.recovered).toBeGreaterThan(5)
  expect(report.statuses.COMPLETED).toBeGreaterThan(10)
})
