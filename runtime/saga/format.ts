/**
 * The formats of `decide`: a saga is decided by the rules it was started under, whatever version of the code runs it.
 *
 * 1. The start message names the format, and a child has its parent's. Journals hold it, so replay finds it there.
 * 2. A rule that changes what an old message means (facts, commands, snapshot) asks for the saga's format; the old rule
 *    stays beside the new one. Each format has a recorded journal in tests/runtime/saga/recorded.
 */

/** 1: until 2026-11-29, not named in the journal. 2: what differs is found by `format` in saga/. */
export type SagaFormat = 1 | 2

/** New sagas are decided by these rules. */
export const NEWEST_FORMAT: SagaFormat = 2

/** The format that a start message or snapshot names; null for one that this version does not know. */
export function knownFormat(format: number | undefined): SagaFormat | null {
  const named = format ?? 1
  return named === 1 || named === 2 ? named : null
}
