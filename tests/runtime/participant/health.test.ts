import { describe, expect, it } from 'vitest'
import {
  callSample,
  type HealthSample,
  recordSample,
  UNKNOWN_HEALTH,
} from '../../../runtime/participant/health'

const good = (latencyMs = 10): HealthSample => ({ at: 1, latencyMs, ok: true, source: 'call' })
const bad = (source: HealthSample['source']): HealthSample => ({
  at: 2,
  latencyMs: 10,
  ok: false,
  error: 'ECONNREFUSED',
  source,
})

describe("a participant's health", () => {
  it('is unknown before anything was seen', () => {
    expect(UNKNOWN_HEALTH).toMatchObject({ status: 'UNKNOWN', checkedAt: null, error: null })
  })

  it('is up after one good answer', () => {
    expect(recordSample(UNKNOWN_HEALTH, good())).toMatchObject({ status: 'UP', checkedAt: 1 })
  })

  it('is down after one failed probe, and up again after the next good answer', () => {
    const down = recordSample(UNKNOWN_HEALTH, bad('probe'))
    expect(down).toMatchObject({ status: 'DOWN', error: 'ECONNREFUSED' })
    expect(recordSample(down, good())).toMatchObject({ status: 'UP', error: null })
  })

  it('is down after the third failed call in a row', () => {
    let state = recordSample(UNKNOWN_HEALTH, good())
    const seen = ['first', 'second', 'third'].map(() => {
      state = recordSample(state, bad('call'))
      return state.status
    })
    expect(seen).toEqual(['UP', 'UP', 'DOWN'])
  })

  it('weighs the newest call with a tenth, the first ones evenly', () => {
    const two = recordSample(recordSample(UNKNOWN_HEALTH, good(100)), good(200))
    expect(two.averageResponseMs).toBe(150)
    let state = UNKNOWN_HEALTH
    for (let i = 0; i < 20; i++) state = recordSample(state, good(100))
    expect(recordSample(state, good(200)).averageResponseMs).toBeCloseTo(110)
    expect(recordSample(state, bad('call')).failureRate).toBeCloseTo(0.1)
  })

  it('does not suffer from a business refusal', () => {
    const refusal = { ok: false, kind: 'terminal', code: 'NAME_TAKEN', message: 'no' } as const
    expect(callSample(refusal, 0, 5)).toMatchObject({ ok: true })
    expect(callSample({ pending: true }, 0, 5)).toMatchObject({ ok: true })
    expect(callSample({ ...refusal, kind: 'unknown' }, 0, 5)).toMatchObject({ ok: false })
  })
})
