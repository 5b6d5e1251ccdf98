/**
 * How values cross the API: plain JSON under `json`, untouched, and beside it where instants are, under `meta`. So a Date
 * of a list's row arrives as a Date, and data of sagas are data: no key of theirs, such as `constructor`, means anything.
 *
 *     {"json": {"name": "x", "startedAt": "2026-11-29T08:00:00.000Z"}, "meta": {"values": {"startedAt": ["Date"]}}}
 *
 * 1. It is the form that superjson 2 writes, as far as the API ever needed it, so older clients go on working.
 * 2. A caller's field that is `undefined` is left out. What else JSON has no form for (bigint, NaN, a Map, a RegExp) is
 *    refused with the field's name by whoever meets it first, the typed client or the server.
 * 3. `meta` is optional, and may name own fields of `json` only.
 */
import { type DataPath, refusal } from '@/runtime/storable'

interface Wire {
  json?: unknown
  meta?: { values?: unknown }
}
/** As superjson nests them: a leaf is `[tag]`, a branch `[[tag] or null, {path: …}]` or `{path: …}`. */
type Tags = { [path: string]: unknown }

/** tRPC's transformer, the same at both ends. */
export const wireFormat = {
  input: {
    serialize: (value: unknown): Wire => write(value, true),
    deserialize: (wire: Wire | undefined): unknown => read(wire),
  },
  output: {
    serialize: (value: unknown): Wire => write(value, false),
    deserialize: (wire: Wire | undefined): unknown => read(wire),
  },
}

function write(value: unknown, strict: boolean): Wire {
  if (value instanceof Date) return { json: value, meta: { values: ['Date'] } }
  const dates: Tags = Object.create(null)
  visit(value, { path: [], dates, strict, depth: 0 })
  return Object.keys(dates).length > 0 ? { json: value, meta: { values: dates } } : { json: value }
}

interface Visit {
  path: DataPath
  dates: Tags
  strict: boolean
  depth: number
}

/** Deeper than anything that is taken; the server says so by name. */
const VISIT_DEPTH_MAX = 500

function visit(value: unknown, at: Visit): void {
  if (typeof value !== 'object' || value === null) {
    if (at.strict) checkScalar(value, at.path)
    return
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime()))
      throw refusal({ path: [...at.path], reason: 'is an invalid Date' })
    at.dates[at.path.map(escaped).join('.')] = ['Date']
    return
  }
  if (at.strict && OPAQUE.some((kind) => value instanceof kind))
    throw refusal({
      path: [...at.path],
      reason: `is a ${value.constructor.name}, which JSON cannot write`,
    })
  if (at.depth > VISIT_DEPTH_MAX)
    throw refusal({ path: [], reason: `is nested deeper than ${VISIT_DEPTH_MAX} levels` })
  at.depth++
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
  for (const key of keys) {
    at.path.push(key)
    visit((value as Record<string | number, unknown>)[key], at)
    at.path.pop()
  }
  at.depth--
}

const OPAQUE = [Map, Set, RegExp, Promise, ArrayBuffer, Error]

function checkScalar(value: unknown, path: DataPath): void {
  const inList = typeof path.at(-1) === 'number'
  const refused =
    typeof value === 'number'
      ? !Number.isFinite(value)
      : value === undefined
        ? inList
        : ['bigint', 'function', 'symbol'].includes(typeof value)
  if (!refused) return
  const kind = typeof value === 'number' || value === undefined ? String(value) : typeof value
  throw refusal({ path: [...path], reason: `is ${kind}, which JSON cannot write` })
}

function read(wire: Wire | undefined): unknown {
  if (wire === undefined || wire === null) return undefined
  if (typeof wire !== 'object' || Array.isArray(wire))
    throw refusal({ path: [], reason: 'is not of the form {"json": …}' })
  const values = wire.meta?.values
  if (values === undefined || values === null) return wire.json
  const root = { json: wire.json }
  apply(root, ['json'], values, 0)
  return root.json
}

function apply(holder: object, path: string[], tags: unknown, depth: number): void {
  if (depth > VISIT_DEPTH_MAX) throw badMeta(path)
  if (Array.isArray(tags)) {
    const [tag, inner] = tags
    if (inner !== undefined) apply(holder, path, inner, depth + 1)
    if (tag !== null && tag !== undefined) restore(holder, path, tag)
    return
  }
  if (typeof tags !== 'object' || tags === null) throw badMeta(path)
  for (const [keys, inner] of Object.entries(tags))
    apply(holder, [...path, ...parsePath(keys)], inner, depth + 1)
}

function restore(holder: object, path: string[], tag: unknown): void {
  const owner = path.slice(0, -1).reduce<unknown>((value, key) => own(value, key), holder)
  const last = path.at(-1) as string
  const value = own(owner, last)
  const shown = path.slice(1)
  if (tag === 'undefined') {
    if (Array.isArray(owner))
      throw refusal({ path: shown, reason: 'is undefined, which JSON cannot write: use null' })
    Reflect.deleteProperty(owner as object, last)
    return
  }
  if (tag !== 'Date')
    throw refusal({
      path: shown,
      reason: `is a ${typeof tag === 'string' ? tag.slice(0, 40) : 'value'} that JSON cannot write`,
    })
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  if (Number.isNaN(date.getTime())) throw refusal({ path: shown, reason: 'is an invalid Date' })
  ;(owner as Record<string, unknown>)[last] = date
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
    throw badMeta([key])
  return (value as Record<string, unknown>)[key]
}

const badMeta = (path: string[]) =>
  refusal({
    path: path[0] === 'json' ? path.slice(1) : path,
    reason: 'is named in `meta` and is not in `json`',
  })

const escaped = (key: string | number) =>
  String(key).replaceAll('\\', '\\\\').replaceAll('.', '\\.')

function parsePath(text: string): string[] {
  const keys: string[] = []
  let key = ''
  for (let n = 0; n < text.length; n++) {
    if (text[n] === '\\' && n + 1 < text.length) key += text[++n]
    else if (text[n] === '.') {
      keys.push(key)
      key = ''
    } else key += text[n]
  }
  return [...keys, key]
}
