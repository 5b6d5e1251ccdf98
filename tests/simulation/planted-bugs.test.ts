/**
 * The test of the tests: every known bug, planted on purpose, is found by the simulation, each for the right reason.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs'
import { plantInSource } from './planted-source'
import { PRODUCT, simulate } from './simulate'

const SEEDS_MAX = 2_000
const found: { bug: string; planted: string; 'caught by': string; seeds: number }[] = []

afterAll(() => console.table(found))

describe('the simulation finds', () => {
  for (const bug of PLANTED_BUGS)
    it(`“${bug.name}”`, { timeout: 120_000 }, async () => {
      const { seeds, violation } = await hunt(bug)
      found.push({
        bug: bug.name,
        planted: bug.patches?.map((patch) => patch.file).join(', ') ?? bug.Store?.name ?? '',
        'caught by': violation,
        seeds,
      })
      expect(seeds, `${bug.wrong} Not found in ${SEEDS_MAX} seeds`).toBeLessThanOrEqual(SEEDS_MAX)
      expect(bug.breaks).toContain(violation)
    })
})

/** How many seeds it takes, and the first invariant that does not hold. */
async function hunt({ patches = [], Store }: PlantedBug) {
  const { subject, remove } = await plantInSource(patches)
  try {
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { violations } = await simulate(seed, {
        subject: { ...subject, Store: Store ?? PRODUCT.Store },
      })
      const [first] = violations
      if (first) return { seeds: seed, violation: first.code }
    }
    return { seeds: SEEDS_MAX + 1, violation: 'none' }
  } finally {
    remove()
  }
}
