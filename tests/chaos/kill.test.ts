import { afterAll, beforeAll, expect, it } from 'vitest'
import { startCluster } from '../support/cluster'
import { killSuite } from './kill'

let cluster: Awaited<ReturnType<typeof startCluster>>
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())

it('loses no saga and doubles no effect over 50 kills of the worker', {
  timeout: 900_000,
}, async () => {
  const seed = Math.floor(Math.random() * 1_000_000)
  const report = await killSuite({
    databaseUrl: cluster.url,
    dataFolder: cluster.folder,
    sagas: 200,
    faults: 50,
    seed,
  })
  console.log(JSON.stringify({ ...report, seed }))
  expect(report.violations).toEqual([])
  expect(report).toMatchObject({ lost: 0, duplicates: 0 })
  // The faults did bite: some sagas went back, some went through.
  expect(report.statuses.COMPLETED).toBeGreaterThan(20)
  expect(report.statuses.ROLLED_BACK).toBeGreaterThan(10)
})
