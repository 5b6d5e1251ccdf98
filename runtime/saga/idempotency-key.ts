/**
 * The idempotency key of a step's calls. Participants know a call by it, so a key that two calls share by accident makes
 * one of them vanish.
 *
 * | the step says           | key                                | why it is nobody else's                          |
 * |-------------------------|------------------------------------|--------------------------------------------------|
 * | nothing                 | `<saga>:<step>`                    | a saga's id is its own                           |
 * | the same, id with a `:` | `:<saga>:<step>`                   | no key of the two below begins with a colon      |
 * | a text                  | `<definition>:<step>:<text>`       | meant to be shared by all sagas with this text   |
 * | a number                | `<definition>:<step>#<number>`     | no step's id has a `#`; 1 and "1" are two keys   |
 *
 * Format 1 made a text of whatever the expression gave, "undefined" and "[object Object]" included, and 1 was "1".
 */
import { invariant } from '../errors'
import type { Turn } from './turn'

/**
 * Characters of a key that an expression gives. A compensation names two keys in its headers, percent-encoded: at worst
 * nine bytes a character, which still fits the 16 KB that Node.js takes.
 */
const KEY_MAX = 512

/** Throws when what the step's expression gives cannot be a key. */
export function idempotencyKey(
  turn: Turn,
  id: string,
  { source, at }: { source: string | undefined; at: number },
): string {
  const { state } = turn
  const { name } = state.definition
  if (source === undefined)
    return state.format >= 2 && state.id.includes(':') ? `:${state.id}:${id}` : `${state.id}:${id}`
  const value = turn.evaluate(source, at)
  if (state.format < 2) return `${name}:${id}:${String(value)}`
  const fault = faultOf(value)
  if (fault !== null)
    throw new Error(
      `The idempotency key of ${id} is ${fault}; it must be a text of 1 to ${KEY_MAX} characters or a whole number`,
    )
  invariant(typeof value === 'string' || typeof value === 'number', 'a key without a fault')
  return typeof value === 'number' ? `${name}:${id}#${value}` : `${name}:${id}:${value}`
}

function faultOf(value: unknown): string | null {
  if (value === undefined || value === null) return 'missing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? null : `the number ${value}, which is not exact`
  if (typeof value !== 'string')
    return typeof value === 'object' ? 'an object' : `a ${typeof value}`
  if (value === '') return 'an empty text'
  if (value.length > KEY_MAX) return `a text of ${value.length} characters`
  if (/\p{Cc}/u.test(value)) return 'a text with a control character'
  return /\p{Cs}/u.test(value) ? 'a text with half a character (a lone surrogate)' : null
}
