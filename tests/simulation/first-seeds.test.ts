import { expect, it } from 'vitest'
import { testSeeds } from './seeds'
import { simulate } from './simulate'

testSeeds(1, 1_000)

it('runs the same seed the same way, line for line', { timeout: 60_000 }, async () => {
  for (const seed of [3, 57, 142, 388, 1409]) {
    const first = await simulate(seed, { traced: true })
    await simulate(seed + 1)
    const again = await simulate(seed, { traced: true })
    expect(again.trace).toEqual(first.trace)
    expect(first.trace?.length).toBeGreaterThan(50)
  }
})
