/**
 * What a participant says goes into the journal, so it must be JSON that PostgreSQL stores and every replay reads the
 * same (storable.ts). One answer that cannot be stored would fail the whole commit it is grouped into, with everybody
 * else's entries.
 */
import type { Json } from '../ports'
import {
  type DataBounds,
  DEPTH_MAX,
  describe,
  flawOf,
  numberFlaw,
  OUTPUT_BYTES_MAX,
  textFlaw,
} from '../storable'

export type Storable = { ok: true; value: Json } | { ok: false; reason: string }

/** `anyNumber`: numbers beyond 2^53 too, for what a saga sends out; what it is answered is judged. */
export interface Judged {
  bytesMax?: number
  anyNumber?: boolean
}

/** JSON text from outside; no text at all is `null`. */
export function parseStorable(
  text: string,
  { bytesMax = OUTPUT_BYTES_MAX, anyNumber = false }: Judged = {},
): Storable {
  if (Buffer.byteLength(text) > bytesMax) return refused(`it is larger than ${bytesMax} bytes`)
  if (text.trim() === '') return { ok: true, value: null }
  let value: Json
  try {
    value = JSON.parse(text)
  } catch {
    return refused('it is not JSON')
  }
  return judged(value, { bytesMax: Number.POSITIVE_INFINITY, anyNumber }) ?? { ok: true, value }
}

/**
 * A value from our own process; the copy shares nothing with it. It is what JSON makes of it (a Date its text, `undefined`
 * at the top `null`); what JSON would change in silence (NaN, a Map, a RegExp) is refused.
 */
export function toStorable(value: unknown, given: Judged = {}): Storable {
  if (value === undefined) return { ok: true, value: null }
  const { bytesMax = OUTPUT_BYTES_MAX, anyNumber = false } = given
  const plain = copyPlain(value, { bytes: bytesMax, anyNumber }, 0)
  if (plain !== UNSURE) return { ok: true, value: plain }
  try {
    const bounds = { bytesMax: Number.POSITIVE_INFINITY, anyNumber, lenient: true }
    const refusal = judged(value, bounds)
    if (refusal) return refusal
    const text = JSON.stringify(value)
    if (text === undefined) return refused('it is a function or a symbol')
    return parseStorable(text, { bytesMax, anyNumber })
  } catch (error) {
    return refused(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function judged(value: unknown, bounds: DataBounds): Storable | undefined {
  const flaw = flawOf(value, bounds)
  if (!flaw) return undefined
  return refused(flaw.path.length === 0 ? `it ${flaw.reason}` : describe(flaw))
}

const UNSURE = Symbol('unsure')

/**
 * What JSON would make of the plain values that participants mostly answer, without writing it; UNSURE of everything that
 * JSON treats specially, that may be refused, or that may be too large (each UTF-16 unit counts as its longest escape).
 */
function copyPlain(
  value: unknown,
  budget: { bytes: number; anyNumber: boolean },
  depth: number,
): Json | typeof UNSURE {
  switch (typeof value) {
    case 'string':
      budget.bytes -= value.length * 6 + 2
      return budget.bytes < 0 || textFlaw(value) !== undefined ? UNSURE : value
    case 'number':
      budget.bytes -= 25
      if (budget.bytes < 0 || !Number.isFinite(value)) return UNSURE
      // JSON writes -0 as 0
      if (Object.is(value, -0)) return UNSURE
      return !budget.anyNumber && numberFlaw(value) !== undefined ? UNSURE : value
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

function refused(reason: string): Storable {
  return { ok: false, reason }
}
