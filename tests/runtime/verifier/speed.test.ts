/**
 * The designer verifies while somebody draws: below 50 ms for 300 steps, below 500 ms for 5,000. Every step reads
 * earlier ones, and there are choices, parallels and maps, so that no rule has nothing to do.
 */
import { expect, test } from 'vitest'
import { verify } from '@/runtime/verifier/verify'
import { choice, done, map, parallel, readonly, region, saga, undoable } from './documents'

/** Blocks of ten steps: reserve, which → (big | small), both{left, right}, each{item}, join. */
function large(blocks: number) {
  const steps: Record<string, object> = {}
  for (let n = 0; n < blocks; n++) {
    const earlier = n === 0 ? 'input.id' : `steps.reserve${n - 1}.id`
    const own = `[${earlier}, steps.reserve${n}.id]`
    steps[`reserve${n}`] = undoable(`which${n}`, {
      input: { id: earlier, n: `input.n${n}` },
      resources: [{ key: `budget/{input.k${n}}`, access: 'write' }],
    })
    steps[`which${n}`] = choice({ [`k${n}`]: `big${n}` }, `small${n}`)
    steps[`big${n}`] = readonly(`both${n}`, { input: own })
    steps[`small${n}`] = readonly(`both${n}`, { input: own })
    steps[`both${n}`] = parallel(
      {
        l: region({ [`left${n}`]: undoable(undefined, { input: own }) }),
        r: region({ [`right${n}`]: undoable(undefined, { input: own }) }),
      },
      `each${n}`,
    )
    steps[`each${n}`] = map({ [`item${n}`]: undoable(undefined, { input: own }) }, `join${n}`)
    steps[`join${n}`] = readonly(n + 1 < blocks ? `reserve${n + 1}` : 'end', {
      input: `[steps.left${n}, steps.right${n}, steps.each${n}]`,
    })
  }
  steps.end = done
  return saga(steps)
}

/** Time of the processor, not of the wall: the machine may be busy with other tests. The best of `runs`. */
function bestMs(runs: number, run: () => unknown): number {
  const times = Array.from({ length: runs }, () => {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

test('verifies 300 steps in less than 50 ms', () => {
  const document = large(33)
  expect(verify(document)).toEqual([])
  expect(bestMs(5, () => verify(document))).toBeLessThan(50)
})

test('verifies 5,000 steps in less than 500 ms', () => {
  const document = large(555)
  expect(verify(document)).toEqual([])
  expect(bestMs(5, () => verify(document))).toBeLessThan(500)
})

test('verifies 5,000 steps with a finding each in less than two seconds', () => {
  const steps: Record<string, object> = {}
  for (let n = 0; n < 5000; n++) {
    const next = n + 1 < 5000 ? `s${n + 1}` : undefined
    steps[`s${n}`] = readonly(next, { input: `steps.s${4999 - n}` })
  }
  const document = saga(steps)
  expect(verify(document)).toHaveLength(2500)
  expect(bestMs(3, () => verify(document))).toBeLessThan(2000)
})
