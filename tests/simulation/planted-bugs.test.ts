/**
 * The test of the tests: every known bug, planted on purpose, is found by the simulation, each by the invariant that it
 * breaks. By hand: `npm run sim -- --bug 'no fence'`.
 *
 * No bug depends on a seed: those that are seldom among all faults mixed bring a world of their own (planted-bug.ts).
 */
import { afterAll, describe, expect, it } from 'vitest'
import type { PlantedBug } from './planted-bug'
import { PLANTED_BUGS } from './planted-bugs'
import { plant } from './planted-source'
import { simulate } from './simulate'

/** Of a bug that one seed in ten finds, so many miss it once in 10^13 times. */
const SEEDS_MAX = 300
const found: { bug: string; planted: string; 'caught by': string; seed: number }[] = []

afterAll(() => console.table(found))

describe('the simulation finds', () => {
  for (const bug of PLANTED_BUGS)
    it(`“${bug.name}”`, { timeout: 120_000 }, async () => {
      const { seed, violation } = await hunt(bug)
      found.push({
        bug: bug.name,
        planted: bug.patches?.map((patch) => patch.file).join(', ') ?? bug.Store?.name ?? '',
        'caught by': violation,
        seed,
      })
      expect(violation, bug.wrong).toBeOneOf([...bug.breaks])
    })
})

/** The first seed that finds it, and the first invariant that does not hold there. */
async function hunt(bug: PlantedBug) {
  const { options, remove } = await plant(bug)
  try {
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { violations } = await simulate(seed, options)
      const [first] = violations
      if (first) return { seed, violation: first.code }
    }
    return { seed: SEEDS_MAX, violation: `none in ${SEEDS_MAX} seeds` }
  } finally {
    remove()
  }
}
