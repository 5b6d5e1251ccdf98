/**
 * What a participant says goes into the journal, so it must be JSON that PostgreSQL stores and every replay reads the
 * same. One answer that cannot be stored would fail the whole commit it is grouped into, with everybody else's entries.
 *
 * Refused: more than `bytesMax` in UTF-8, nesting deeper than 64, NUL and lone surrogates (jsonb has no place for
 * them), numbers that overflow to infinity (they would come back as null), keys called `__proto__`.
 */
import type { Json } from '../ports'

/** Default bound of one answer. */
export const OUTPUT_BYTES_MAX = 1_000_000
const DEPTH_MAX = 64

export type Storable = { ok: true; value: Json } | { ok: false; reason: string }

/** JSON text from outside; no text at all is `null`. */
export function parseStorable(text: string, bytesMax = OUTPUT_BYTES_MAX): Storable {
  if (Buffer.byteLength(text) > bytesMax) return refused(`it is larger than ${bytesMax} bytes`)
  if (text.trim() === '') return { ok: true, value: null }
  try {
    return check(JSON.parse(text))
  } catch {
    return refused('it is not JSON')
  }
}

/** A value from our own process; the copy shares nothing with it. `undefined` is `null`. */
export function toStorable(value: unknown, bytesMax = OUTPUT_BYTES_MAX): Storable {
  if (value === undefined) return { ok: true, value: null }
  const budget = { bytes: bytesMax }
  const plain = copyPlain(value, budget, 0)
  if (plain !== UNSURE) return { ok: true, value: plain }
  try {
    const text = JSON.stringify(value)
    if (text === undefined) return refused('it is a function or a symbol')
    return parseStorable(text, bytesMax)
  } catch (error) {
    return refused(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const UNSURE = Symbol('unsure')

/**
 * What JSON would make of the plain values that participants mostly answer, without writing it; UNSURE of everything that
 * JSON treats specially, that may be refused, or that may be too large (each UTF-16 unit counts as its longest escape).
 */
function copyPlain(value: unknown, budget: { bytes: number }, depth: number): Json | typeof UNSURE {
  switch (typeof value) {
    case 'string':
      budget.bytes -= value.length * 6 + 2
      return budget.bytes < 0 || textFlaw(value) !== undefined ? UNSURE : value
    case 'number':
      budget.bytes -= 25
      // JSON writes -0 as 0
      return budget.bytes < 0 || !Number.isFinite(value) || Object.is(value, -0) ? UNSURE : value
    case 'boolean':
      budget.bytes -= 5
      return budget.bytes < 0 ? UNSURE : value
    case 'object':
      break
    default:
      return UNSURE
  }
  budget.bytes -= 4
  if (value === null) return budget.bytes < 0 ? UNSURE : null
  if (depth === DEPTH_MAX || budget.bytes < 0) return UNSURE
  if (Array.isArray(value)) {
    if ('toJSON' in value) return UNSURE
    const items: Json[] = []
    for (const item of value) {
      const copy = copyPlain(item, budget, depth + 1)
      if (copy === UNSURE) return UNSURE
      budget.bytes -= 1
      items.push(copy)
    }
    return items
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return UNSURE
  const fields: { [key: string]: Json } = {}
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'toJSON' || textFlaw(key) !== undefined) return UNSURE
    const copy = copyPlain((value as Record<string, unknown>)[key], budget, depth + 1)
    if (copy === UNSURE) return UNSURE
    budget.bytes -= key.length * 6 + 4
    fields[key] = copy
  }
  return fields
}

function check(value: Json): Storable {
  const reason = flaw(value, 0)
  return reason === undefined ? { ok: true, value } : refused(reason)
}

function flaw(value: Json, depth: number): string | undefined {
  if (typeof value === 'string') return textFlaw(value)
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : 'a number is too large for a double'
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === DEPTH_MAX) return `it is nested deeper than ${DEPTH_MAX}`
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = flaw(item, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return 'a key is called __proto__'
    const found = textFlaw(key) ?? flaw(value[key] ?? null, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

const UNSTORABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
  /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

function textFlaw(text: string): string | undefined {
  return UNSTORABLE.test(text) ? 'a text holds NUL or half a surrogate pair' : undefined
}

function refused(reason: string): Storable {
  return { ok: false, reason }
}
