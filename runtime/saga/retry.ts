/**
 * Retry policy → when the next attempt starts, or never. Deterministic: the jitter is drawn from the saga's id, step and
 * attempt, so a replay agrees with what happened.
 */
import { type RetryPolicy, retrySchema } from '../definition/schema'
import type { StepFailure } from '../errors'

type Partly = { [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined } | undefined

/** The first definition of each field wins; what nobody says is the schema's default. */
export function retryPolicy(...layers: Partly[]): RetryPolicy {
  const merged: Record<string, unknown> = {}
  for (const layer of layers)
    for (const [key, value] of Object.entries(layer ?? {}))
      if (value !== undefined && !(key in merged)) merged[key] = value
  return retrySchema.parse(merged)
}

export interface Attempts {
  /** Attempts made that count, at least 1. */
  made: number
  firstAt: number
  now: number
  failure: StepFailure
  /** Seed of the jitter, e.g. `<saga>:<step>:<attempt>`. */
  seed: string
}

/** A participant may ask for a later retry, but not put a saga off for longer than this: 1 hour. */
const RETRY_AFTER_MAX_MS = 3_600_000

/** The time of the next attempt in epoch milliseconds, or null to give up. */
export function nextAttemptAt(policy: RetryPolicy, attempts: Attempts): number | null {
  const { made, firstAt, now, failure, seed } = attempts
  if (failure.kind === 'terminal' || policy.nonRetryable.includes(failure.code)) return null
  if (made >= policy.attemptsMax) return null
  const asked = Math.min(failure.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS)
  const at = now + Math.max(delayMs(policy, made, seed), asked)
  if (policy.elapsedMaxMs !== undefined && at - firstAt > policy.elapsedMaxMs) return null
  return at
}

function delayMs(policy: RetryPolicy, made: number, seed: string): number {
  const base =
    policy.strategy === 'FIXED'
      ? policy.delayMs
      : policy.strategy === 'LINEAR'
        ? policy.delayMs * made
        : policy.delayMs * 2 ** Math.min(made - 1, 30)
  const capped = Math.min(base, policy.delayMaxMs)
  return Math.max(1, Math.round(capped * (1 + policy.jitter * (2 * unitHash(seed) - 1))))
}

/** FNV-1a to [0, 1). */
function unitHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return (hash >>> 0) / 2 ** 32
}
