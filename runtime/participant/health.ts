/**
 * How a participant is doing, from what its calls and probes showed: exponentially weighted response time and failure
 * rate, the last error, up or down. Pure; http-participant.ts makes the samples, registry.ts keeps the state.
 *
 * A business refusal (terminal) is a healthy answer. One failed probe, or three failed calls in a row, means DOWN;
 * one good answer means UP.
 */
import type { Outcome } from '../journal/entry'
import type { ParticipantHealth } from './participant'

/** Weight of the newest sample: the last 20 make up about 88 % of the figure. */
const WEIGHT = 0.1
const FAILURES_FOR_DOWN = 3

export interface HealthSample {
  at: number
  latencyMs: number
  ok: boolean
  /** Why not. */
  error?: string
  source: 'call' | 'probe'
}

export interface HealthState extends ParticipantHealth {
  samples: number
  averageResponseMs: number
  /** 0 to 1. */
  failureRate: number
  failuresInRow: number
}

export const UNKNOWN_HEALTH: HealthState = {
  status: 'UNKNOWN',
  checkedAt: null,
  latencyMs: null,
  error: null,
  samples: 0,
  averageResponseMs: 0,
  failureRate: 0,
  failuresInRow: 0,
}

/** The state after one more sample. */
export function recordSample(state: HealthState, sample: HealthSample): HealthState {
  // until there are enough samples the plain mean, so the first one does not count for ever
  const weight = Math.max(WEIGHT, 1 / (state.samples + 1))
  const failuresInRow = sample.ok ? 0 : state.failuresInRow + 1
  const down = sample.source === 'probe' || failuresInRow >= FAILURES_FOR_DOWN
  return {
    status: sample.ok ? 'UP' : down ? 'DOWN' : state.status,
    checkedAt: sample.at,
    latencyMs: sample.latencyMs,
    error: sample.ok ? null : (sample.error ?? 'failed'),
    samples: state.samples + 1,
    averageResponseMs: mix(state.averageResponseMs, sample.latencyMs, weight),
    failureRate: mix(state.failureRate, sample.ok ? 0 : 1, weight),
    failuresInRow,
  }
}

/** What a call's outcome says about the participant's health. */
export function callSample(outcome: Outcome, at: number, latencyMs: number): HealthSample {
  const healthy = 'pending' in outcome || outcome.ok || outcome.kind === 'terminal'
  return healthy
    ? { at, latencyMs, ok: true, source: 'call' }
    : { at, latencyMs, ok: false, error: `${outcome.code}: ${outcome.message}`, source: 'call' }
}

function mix(old: number, fresh: number, weight: number): number {
  return old + (fresh - old) * weight
}
