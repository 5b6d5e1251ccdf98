/**
 * Seeds as tests: the whole engine among crashes, pauses, lost commits, shards that move and unreliable services. Nothing is
 * lost, nothing happens twice, and once the faults stop everything ends. Two files call this, so that two cores share them.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { simulate } from './simulate'
import { Tally } from './tally'

const PER_TEST = 250

/**
 * The seeds in `npm test` are always the same ones; others are for `npm run sim -- --seeds N --from S`. One that fails is run
 * again by `npm run sim -- --seed S --trace`.
 */
export function testSeeds(from: number, seeds: number): void {
  const tally = new Tally()

  afterAll(() => {
    const { line, more, cpuSeconds } = tally
    console.log(JSON.stringify({ suite: 'sim', ...line, ...more, cpuSeconds }))
  })

  describe('the engine keeps its invariants', () => {
    for (let first = from; first < from + seeds; first += PER_TEST)
      it(`in seeds ${first} to ${first + PER_TEST - 1}`, { timeout: 300_000 }, async () => {
        const failing: string[] = []
        for (let seed = first; seed < first + PER_TEST; seed++) {
          const run = await simulate(seed)
          tally.add(run)
          for (const { code, text } of run.violations)
            failing.push(`${code} ${text}: npm run sim -- --seed ${seed} --trace`)
        }
        expect(failing).toEqual([])
      })

    it('with faults that bite: sagas complete, roll back, and fail with what is left named; shards move', () => {
      const { line, more } = tally
      expect(line.seeds).toBe(seeds)
      expect(line.faults).toBeGreaterThan(20 * seeds)
      expect(more.moves).toBeGreaterThan(100 * seeds)
      expect(more.statements).toBeGreaterThan(seeds)
      for (const status of ['COMPLETED', 'ROLLED_BACK', 'FAILED'])
        expect(more.ends[status]).toBeGreaterThan(seeds / 20)
    })
  })
}
