/**
 * The one door for data on its way into a journal: start inputs, signals, decisions, reasons, callbacks, answers. What is
 * let in is stored by PostgreSQL and read back the same by every replay; the rest is refused by name, never changed.
 *
 * Refused, with the path of the field: what is not JSON (Date, Map, bigint, NaN …), U+0000 and half surrogate pairs (jsonb
 * has no place for them), numbers beyond 2^53, which a JSON reader may have changed already, keys called `__proto__`
 * (expressions and mappings could take them for a prototype), nesting beyond a depth, more than a number of bytes. A
 * number is judged by its value: every integer text beyond 2^53 is read as such a number, so its text need not be seen.
 *
 * An optional field that is `undefined` counts as absent, as JSON has it. All other keys, such as `constructor`, are data.
 */
import { SagaError } from './errors'

/** Levels of nesting in one value. */
export const DEPTH_MAX = 64
/** Bytes in UTF-8 of one start input or message, as JSON: the largest body that the server takes. */
export const DATA_BYTES_MAX = 8_000_000

/** Default bound of one answer of a participant. */
export const OUTPUT_BYTES_MAX = 1_000_000

export type DataPath = (string | number)[]
export interface Flaw {
  path: DataPath
  /** Goes on after the name of the field: `holds U+0000, …`. */
  reason: string
}

export interface DataBounds {
  depthMax?: number
  bytesMax?: number
  /** Takes what knows how to write itself (`toJSON`), class instances and absent list items as JSON does. */
  lenient?: boolean
  /** Takes valid Dates, for what has no journal before it. */
  dates?: boolean
  /** For data that was taken before numbers were judged, on its way out again. */
  anyNumber?: boolean
}

/** What keeps a value out; undefined when nothing does. One pass, without copies. */
export function flawOf(value: unknown, bounds: DataBounds = {}): Flaw | undefined {
  return new Pass(bounds).run(value)
}

/**
 * The data as a journal keeps it: the value itself, or a copy when JSON would write it otherwise (`undefined` fields,
 * -0). Throws INVALID_INPUT with an issue at the path, which goes on from `at`.
 */
export function checkedData<T>(value: T, bounds: DataBounds = {}, at: DataPath = []): T {
  const pass = new Pass(bounds)
  const flaw = pass.run(value)
  if (flaw) throw refusal({ ...flaw, path: [...at, ...flaw.path] })
  return pass.rewritten ? (JSON.parse(JSON.stringify(value)) as T) : value
}

/** INVALID_INPUT for data with this flaw. */
export function refusal(flaw: Flaw): SagaError {
  const message = `${describe(flaw)}.`
  return new SagaError('INVALID_INPUT', message, {
    issues: [{ code: 'input/not-storable', severity: 'error', path: flaw.path, message }],
  })
}

/** `order.id` is a Date …: one sentence without its full stop. */
export function describe({ path, reason }: Flaw): string {
  const name = path.map((key) => shown(String(key))).join('.')
  return `${name === '' ? 'It' : `\`${name.length > 300 ? `${name.slice(0, 300)}…` : name}\``} ${reason}`
}

/** What keeps a text out of a journal; undefined when nothing does. */
export function textFlaw(text: string): string | undefined {
  if (!UNSTORABLE.test(text)) return undefined
  return text.includes('\u0000')
    ? 'holds U+0000 (NUL), which cannot be stored: leave it out'
    : 'holds half a surrogate pair, as a text cut inside an emoji does: cut it elsewhere'
}

/** What keeps a number out; undefined when nothing does. */
export function numberFlaw(value: number): string | undefined {
  if (Number.isNaN(value)) return 'is NaN, which is no number'
  if (!Number.isFinite(value)) return 'is a number too large for a double'
  return value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER
    ? 'is a number beyond 9007199254740991 (2^53 - 1), where digits are lost: send it as a text'
    : undefined
}

const UNSTORABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
  /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/gu

class Pass {
  readonly #bounds: DataBounds
  readonly #depthMax: number
  readonly #bytesMax: number
  /** What is left when each UTF-16 unit counts as its longest escape; the text is measured when it runs out. */
  #room: number
  /** JSON writes something else than is here. */
  rewritten = false

  constructor(bounds: DataBounds) {
    this.#bounds = bounds
    this.#depthMax = bounds.depthMax ?? DEPTH_MAX
    this.#bytesMax = bounds.bytesMax ?? DATA_BYTES_MAX
    this.#room = this.#bytesMax
  }

  run(value: unknown): Flaw | undefined {
    const flaw = this.#flaw(value, 0)
    if (flaw || this.#room >= 0) return flaw
    const text = JSON.stringify(value)
    return new TextEncoder().encode(text ?? '').length > this.#bytesMax
      ? { path: [], reason: `is larger than ${this.#bytesMax} bytes as JSON` }
      : undefined
  }

  #flaw(value: unknown, depth: number, written = false): Flaw | undefined {
    switch (typeof value) {
      case 'string':
        this.#room -= value.length * 6 + 3
        return here(textFlaw(value))
      case 'number':
        this.#room -= 25
        if (Object.is(value, -0)) this.rewritten = true
        return this.#bounds.anyNumber && Number.isFinite(value)
          ? undefined
          : here(numberFlaw(value))
      case 'boolean':
        this.#room -= 6
        return undefined
      case 'object':
        break
      case 'undefined':
        this.rewritten = true
        return undefined
      default:
        return here(`is a ${typeof value}, which JSON cannot write${HINTS[typeof value] ?? ''}`)
    }
    this.#room -= 5
    if (value === null) return undefined
    if (this.#bounds.dates && value instanceof Date && !Number.isNaN(value.getTime()))
      return undefined
    const given = written ? null : this.#writer(value)
    if (given) {
      this.rewritten = true
      return this.#flaw(given(), depth, true)
    }
    if (depth === this.#depthMax)
      return here(`is nested deeper than ${this.#depthMax} levels, the most that is taken`)
    return Array.isArray(value) ? this.#listFlaw(value, depth) : this.#fieldsFlaw(value, depth)
  }

  #listFlaw(items: readonly unknown[], depth: number): Flaw | undefined {
    for (let n = 0; n < items.length; n++) {
      const item = items[n]
      if (item === undefined && !this.#bounds.lenient)
        return { path: [n], reason: 'is undefined, which JSON cannot write: use null' }
      const flaw = this.#flaw(item, depth + 1)
      if (flaw) return inside(n, flaw)
    }
    return undefined
  }

  #fieldsFlaw(value: object, depth: number): Flaw | undefined {
    const kind = kindOf(value)
    if (kind !== null && !(this.#bounds.lenient && !OPAQUE.has(kind)))
      return here(`is a ${kind}, which is not JSON${HINTS[kind] ?? ''}`)
    for (const key of Object.keys(value)) {
      if (key === '__proto__')
        return { path: [key], reason: 'is a key that is not taken: give the field another name' }
      this.#room -= key.length * 6 + 4
      const reason = textFlaw(key)
      if (reason !== undefined) return { path: [key], reason: `is a key that ${reason}` }
      const field = (value as Record<string, unknown>)[key]
      // like JSON: an answer's methods are left out
      if (this.#bounds.lenient && (typeof field === 'function' || typeof field === 'symbol')) {
        this.rewritten = true
        continue
      }
      const flaw = this.#flaw(field, depth + 1)
      if (flaw) return inside(key, flaw)
    }
    return undefined
  }

  #writer(value: object): (() => unknown) | null {
    if (!this.#bounds.lenient || !('toJSON' in value) || typeof value.toJSON !== 'function')
      return null
    const { toJSON } = value
    return () => toJSON.call(value, '')
  }
}

/** What JSON would write as `{}` or as an index of bytes, although it holds something else. */
const OPAQUE = new Set(
  'Map Set WeakMap WeakSet RegExp Promise ArrayBuffer DataView Uint8Array Error'.split(' '),
)
const HINTS: Readonly<Record<string, string>> = {
  Date: ': send it as an ISO 8601 text',
  bigint: ': send it as a text',
  Map: ': send an object',
  Set: ': send a list',
}

/** Null for plain objects, those of another realm included. */
function kindOf(value: object): string | null {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return null
  const name = prototype.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'class instance'
}

const here = (reason: string | undefined): Flaw | undefined =>
  reason === undefined ? undefined : { path: [], reason }

function inside(key: string | number, flaw: Flaw): Flaw {
  flaw.path.unshift(key)
  return flaw
}

const shown = (key: string) => (key === '' ? '""' : key.replace(UNPRINTABLE, '\ufffd'))
