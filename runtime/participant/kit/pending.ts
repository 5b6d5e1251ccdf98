/**
 * What an operation returns when its result comes later: the service answers 202, and the result goes to the
 * saga by callback (callback-sender.ts).
 */

/** Recognised by a registered symbol, so two copies of this file know each other's. */
const PENDING = Symbol.for('sagawright.pending')

export interface Pending {
  [PENDING]: true
  /** Set when the result is known already and only its delivery waits. */
  result?: { output: unknown; afterMs: number }
}

/** Without a result, the service calls `complete(key, outcome)` when it has one. */
export function pending(result?: { output: unknown; afterMs: number }): Pending {
  return result === undefined ? { [PENDING]: true } : { [PENDING]: true, result }
}

export function isPending(value: unknown): value is Pending {
  return typeof value === 'object' && value !== null && PENDING in value
}
