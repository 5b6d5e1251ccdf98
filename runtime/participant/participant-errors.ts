/**
 * What an operation throws to say that it failed, and how. Used by function participants and by the kit.
 * Recognised by name, not by class: a service may load this file twice (two bundles, two versions).
 *
 * Anything else that is thrown is taken as `unknown`: an exception may come after an effect.
 */
import type { StepFailure } from '../errors'

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/
const MESSAGE_LENGTH_MAX = 1000

/** It did not happen and never will: a rule says no. `code` is stable and in upper snake case. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** It did not happen, and may later: a resource is busy or away. Throw it before any effect. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
  constructor(
    readonly code: string,
    message: string,
    /** Not sooner than this. */
    readonly retryAfterMs?: number,
  ) {
    super(message)
  }
}

/** The failure that a thrown value stands for. */
export function toFailure(error: unknown): StepFailure {
  const name = error instanceof Error ? error.name : ''
  const kind =
    name === 'TerminalError' ? 'terminal' : name === 'RetryableError' ? 'retryable' : 'unknown'
  const given = kind !== 'unknown' && hasField(error, 'code') ? error.code : undefined
  const code = typeof given === 'string' && CODE.test(given) ? given : 'OPERATION_FAILED'
  const message = failureMessage(error instanceof Error ? error.message : String(error))
  const after = kind === 'retryable' && hasField(error, 'retryAfterMs') ? error.retryAfterMs : null
  return typeof after === 'number' && after >= 0
    ? { kind, code, message, retryAfterMs: Math.min(Math.round(after), 86_400_000) }
    : { kind, code, message }
}

/** A message fit for the journal and the screen: bounded, no control characters, storable. */
export function failureMessage(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.slice(0, MESSAGE_LENGTH_MAX).replace(/[\u0000-\u001f\u007f]+/g, ' ')
  // a cut may leave half a surrogate pair, which PostgreSQL refuses
  return Buffer.from(clean, 'utf8').toString('utf8').trim() || 'No reason was given'
}

function hasField<K extends string>(value: unknown, field: K): value is Record<K, unknown> {
  return typeof value === 'object' && value !== null && field in value
}
