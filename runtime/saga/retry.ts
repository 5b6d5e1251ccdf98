/**
 * Retry policy → when the next attempt starts, or never. Deterministic: the jitter is drawn from the saga's id, step and
 * attempt, so a replay agrees with what happened.
 */
import { type RetryPolicy, retrySchema } from '../definition/schema'
import type { StepFailure } from '../errors'
import type { SagaFormat } from './format'

type Partly = { [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined } | undefined

/** What has been worked out for the layers so far. Documents do not change, so their parts name them. */
interface Known {
  policy?: RetryPolicy
  readonly next: WeakMap<object, Known>
}

const known: Known = { next: new WeakMap() }
const NOTHING_SAID = {}

/** The first definition of each field wins; what nobody says is the schema's default. Worked out once per layers. */
export function retryPolicy(...layers: Partly[]): RetryPolicy {
  let found = known
  for (const layer of layers) {
    const key = layer ?? NOTHING_SAID
    let next = found.next.get(key)
    if (!next) {
      next = { next: new WeakMap() }
      found.next.set(key, next)
    }
    found = next
  }
  found.policy ??= merged(layers)
  return found.policy
}

function merged(layers: readonly Partly[]): RetryPolicy {
  const fields: Record<string, unknown> = {}
  for (const layer of layers)
    for (const [key, value] of Object.entries(layer ?? {}))
      if (value !== undefined && !(key in fields)) fields[key] = value
  return retrySchema.parse(fields)
}

export interface Attempts {
  /** Attempts made that count, at least 1. */
  made: number
  firstAt: number
  now: number
  failure: StepFailure
  /** Seed of the jitter, e.g. `<saga>:<step>:<attempt>`. */
  seed: string
  /** The saga's. */
  format: SagaFormat
}

/** A participant may ask for a later retry, but not put a saga off for longer than this: 1 hour. */
const RETRY_AFTER_MAX_MS = 3_600_000

/** The time of the next attempt in epoch milliseconds, or null to give up. */
export function nextAttemptAt(policy: RetryPolicy, attempts: Attempts): number | null {
  const { made, firstAt, now, failure } = attempts
  if (failure.kind === 'terminal' || policy.nonRetryable.includes(failure.code)) return null
  if (made >= policy.attemptsMax) return null
  const asked = Math.min(failure.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS)
  const at = now + Math.max(delayMs(policy, attempts), asked)
  if (policy.elapsedMaxMs !== undefined && at - firstAt > policy.elapsedMaxMs) return null
  return at
}

/** What the schema says for a document that declares no longest delay. */
const LONGEST_BY_DEFAULT_MS = retrySchema.parse({}).delayMaxMs

/**
 * The longest time between two attempts. A first delay above the default was meant: the default gives way to it, though
 * not to what it would grow to (the verifier says so). A parsed document does not tell a default from the same written by
 * hand. Format 1 cuts every delay to it.
 */
export function longestDelayMs(policy: RetryPolicy, format: SagaFormat): number {
  const { delayMs, delayMaxMs } = policy
  if (format === 1 || delayMaxMs !== LONGEST_BY_DEFAULT_MS) return delayMaxMs
  return Math.max(delayMs, delayMaxMs)
}

function delayMs(policy: RetryPolicy, { made, seed, format }: Attempts): number {
  const base =
    policy.strategy === 'FIXED'
      ? policy.delayMs
      : policy.strategy === 'LINEAR'
        ? policy.delayMs * made
        : policy.delayMs * 2 ** Math.min(made - 1, 30)
  const longest = longestDelayMs(policy, format)
  const spread = 1 + policy.jitter * (2 * unitHash(seed) - 1)
  const drawn = Math.max(1, Math.round(Math.min(base, longest) * spread))
  if (format === 1) return drawn
  // A fixed delay may be a little longer, as its jitter says; what was declared the longest may not.
  const isDeclared = policy.delayMaxMs !== LONGEST_BY_DEFAULT_MS
  return policy.strategy === 'FIXED' && !isDeclared ? drawn : Math.min(drawn, longest)
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
