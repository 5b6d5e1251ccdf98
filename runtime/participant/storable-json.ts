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
  try {
    const text = JSON.stringify(value)
    if (text === undefined) return refused('it is a function or a symbol')
    return parseStorable(text, bytesMax)
  } catch (error) {
    return refused(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
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
