/**
 * The errors that cross the runtime's border, and the two verdicts a participant may give.
 *
 * 1. A finding about a definition is not an error but an `Issue` (definition/issue.ts).
 * 2. A step's failure is a value, `StepFailure`; whoever fails says whether a retry can help.
 * 3. `SagaError` is misuse or infrastructure: a code from a closed list, the ids, the next thing to try.
 * 4. A broken invariant is an assertion: `invariant()`.
 */

export const ERROR_CODES = [
  'INVALID_INPUT', // the caller's data does not fit; `issues` names each place
  'INVALID_DEFINITION', // the document has errors; `issues` names each
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'CONFLICT', // somebody else changed it first: reload and decide again
  'MOVED_ON', // a decision was made on a snapshot that is no longer current
  'WRONG_STATE', // the saga is not in a state in which this can be done
  'FORBIDDEN',
  'OVERLOADED', // refused rather than served late; `retryAfterMs` says when to try again
  'FENCED', // this worker's lease was taken over; it must stop
  'UNAVAILABLE', // the database or a service is not reachable now
  'LIMIT_EXCEEDED', // a configured bound was hit; the message names it
  'UNSUPPORTED', // the document uses something this version does not run
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export class SagaError extends Error {
  override readonly name = 'SagaError'
  readonly code: ErrorCode
  /** Further facts for the caller, safe to show: ids, issues, retryAfterMs. */
  readonly details: Record<string, unknown>

  constructor(
    code: ErrorCode,
    message: string,
    details: Record<string, unknown> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}

/** True for a SagaError, also one made by another bundle's copy of this module (Next bundles it thrice). */
export function isSagaError(error: unknown): error is SagaError {
  return error instanceof Error && error.name === 'SagaError' && 'code' in error
}

/**
 * Why one attempt of a step failed.
 * - `terminal`: it did not happen and never will; no retry.
 * - `retryable`: it did not happen; a retry may help.
 * - `unknown`: it may have happened (timeout, lost reply); retried with the same idempotency key or compensated.
 */
export interface StepFailure {
  kind: 'terminal' | 'retryable' | 'unknown'
  /** Stable, upper snake case, e.g. `INSUFFICIENT_FUNDS`; matched by `nonRetryable` lists. */
  code: string
  message: string
  /** The participant's wish (Retry-After); a hint for the back-off, at most 24 hours. */
  retryAfterMs?: number
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${message}`)
}
