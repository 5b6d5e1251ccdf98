/**
 * 2,000 seeds of the whole engine among crashes, pauses, lost commits and unreliable services: nothing is lost, nothing
 * happens twice, and once the faults stop everything ends. A seed that fails here is run again by
 * `npm run sim -- --seed S --trace`.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { simulate } from './simulate'

const SEEDS = 2_000
const PER_TEST = 250
const sum = { seeds: 0, sagas: 0, entries: 0, simulatedSeconds: 0, faults: 0 }
const ends: Record<string, number> = {}

afterAll(() => console.log(JSON.stringify({ suite: 'sim', ...sum, ends })))

describe('the engine keeps its invariants', () => {
  for (let first = 1; first <= SEEDS; first += PER_TEST)
    it(`in seeds ${first} to ${first + PER_TEST - 1}`, { timeout: 300_000 }, async () => {
      const failing: string[] = []
      for (let seed = first; seed < first + PER_TEST; seed++) {
        const run = await simulate(seed)
        for (const { code, text } of run.violations) failing.push(`seed ${seed} ${code} ${text}`)
        sum.seeds++
        sum.sagas += run.sagas
        sum.entries += run.entries
        sum.simulatedSeconds += Math.round(run.simulatedSeconds)
        sum.faults += run.faults
        for (const [status, n] of Object.entries(run.ends)) ends[status] = (ends[status] ?? 0) + n
      }
      expect(failing).toEqual([])
    })

  it('with faults that bite: sagas complete, roll back, and fail with what is left named', () => {
    expect(sum.faults).toBeGreaterThan(10 * SEEDS)
    for (const status of ['COMPLETED', 'ROLLED_BACK', 'FAILED'])
      expect(ends[status]).toBeGreaterThan(SEEDS / 50)
  })
})

it('runs the same seed the same way, line for line', { timeout: 60_000 }, async () => {
  for (const seed of [3, 57, 142, 388, 1409]) {
    const first = await simulate(seed, { traced: true })
    await simulate(seed + 1)
    const again = await simulate(seed, { traced: true })
    expect(again.trace).toEqual(first.trace)
    expect(first.trace?.length).toBeGreaterThan(50)
  }
})
