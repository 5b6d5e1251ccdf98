import { describe, expect, it } from 'vitest'
import { nextAttemptAt, retryPolicy } from '@/runtime/saga/retry'
import { no } from '../../support/dry-run'

const { ok: _, ...failure } = no('retryable') as Extract<ReturnType<typeof no>, { ok: false }>
/** The delay before each attempt after the first. */
function delays(declared: Parameters<typeof retryPolicy>[0], format: 1 | 2 = 2): number[] {
  const policy = retryPolicy(declared)
  return Array.from({ length: policy.attemptsMax - 1 }, (_, n) =>
    Number(
      nextAttemptAt(policy, {
        made: n + 1,
        firstAt: 0,
        now: 0,
        failure,
        seed: `s:a:${n}`,
        format,
      }),
    ),
  )
}

describe('a retry', () => {
  it('waits as long as was written, also above the longest delay by default', () => {
    const fixed = { strategy: 'FIXED', delayMs: 600_000, jitter: 0, attemptsMax: 3 } as const
    expect(delays(fixed)).toEqual([600_000, 600_000])
    expect(delays({ ...fixed, strategy: 'EXPONENTIAL' })).toEqual([600_000, 600_000])
    expect(delays({ ...fixed, strategy: 'LINEAR' })).toEqual([600_000, 600_000])
    expect(delays(fixed, 1)).toEqual([30_000, 30_000])
  })

  it('never waits longer than the longest delay, whatever the jitter', () => {
    for (const strategy of ['FIXED', 'LINEAR', 'EXPONENTIAL'] as const) {
      const policy = { strategy, delayMs: 400, delayMaxMs: 1_000, jitter: 1, attemptsMax: 500 }
      expect(Math.max(...delays(policy))).toBeLessThanOrEqual(1_000)
      expect(Math.max(...delays({ ...policy, delayMs: 5_000 }))).toBeLessThanOrEqual(1_000)
    }
    expect(Math.max(...delays({ delayMs: 400, jitter: 1, attemptsMax: 500 }))).toBe(30_000)
  })

  it('works a policy out once', () => {
    const [step, document] = [{ attemptsMax: 2 }, { delayMs: 7 }]
    const policy = retryPolicy(step, document)
    expect(policy).toMatchObject({ attemptsMax: 2, delayMs: 7, strategy: 'EXPONENTIAL' })
    expect(retryPolicy(step, document)).toBe(policy)
    expect(retryPolicy(step, undefined)).toMatchObject({ attemptsMax: 2, delayMs: 500 })
    expect(retryPolicy(undefined, document)).toMatchObject({ attemptsMax: 4, delayMs: 7 })
  })
})
