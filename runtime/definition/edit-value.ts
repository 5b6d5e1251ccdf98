/**
 * Setting and removing in plain data without changing it in place, and the two answers that a command may give.
 */
import type { Issue } from './issue'
import { isRawMap, type RawMap, type RawPath } from './raw-steps'
import { STEP_KEYS, sagaDocumentSchema } from './schema'

export interface Edited {
  value: RawMap
}

export interface Refusal {
  issues: Issue[]
}

export function refuse(code: string, message: string, path: RawPath = [], hint?: string): Refusal {
  const issue: Issue = { code, severity: 'error', path, message }
  return { issues: [hint === undefined ? issue : { ...issue, hint }] }
}

/** A copy with the value at the path; maps and lists on the way are made where they are missing. */
export function setAt(root: RawMap, path: RawPath, value: unknown): RawMap {
  return set(root, path, value) as RawMap
}

function set(holder: unknown, path: RawPath, value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(holder) || (!isRawMap(holder) && typeof key === 'number')) {
    const items = Array.isArray(holder) ? [...holder] : []
    const index = Math.min(Number(key), items.length)
    items[index] = set(items[index], rest, value)
    return items
  }
  if (!isRawMap(holder)) return { [key]: set(undefined, rest, value) }
  if (Object.hasOwn(holder, key)) return { ...holder, [key]: set(holder[key], rest, value) }
  return withNewKey(holder, String(key), set(undefined, rest, value))
}

/** A new field of a saga or a step stands where its schema lists it, anything else last. */
function withNewKey(holder: RawMap, key: string, value: unknown): RawMap {
  const order = keyOrder(holder)
  const rank = order.indexOf(key)
  const entries = Object.entries(holder)
  const at = entries.findIndex(([name]) => order.indexOf(name) > rank)
  entries.splice(rank === -1 || at === -1 ? entries.length : at, 0, [key, value])
  return Object.fromEntries(entries)
}

function keyOrder(holder: RawMap): string[] {
  if (holder.kind === 'saga') return Object.keys(sagaDocumentSchema.shape)
  return typeof holder.type === 'string' ? (STEP_KEYS.get(holder.type) ?? []) : []
}

/** A copy with a new key right behind another one; last when that is not there. */
export function setBehind(
  root: RawMap,
  path: RawPath,
  key: string,
  value: unknown,
  behind: string | undefined,
): RawMap {
  let holder: unknown = root
  for (const part of path)
    holder = isRawMap(holder) || Array.isArray(holder) ? Reflect.get(holder, part) : undefined
  const entries = Object.entries(isRawMap(holder) ? holder : {})
  const at = entries.findIndex(([name]) => name === behind)
  entries.splice(at === -1 ? entries.length : at + 1, 0, [key, value])
  return setAt(root, path, Object.fromEntries(entries))
}

/** A copy without what is at the path; the same when there is nothing. */
export function removeAt(root: RawMap, path: RawPath): RawMap {
  return remove(root, path) as RawMap
}

function remove(holder: unknown, path: RawPath): unknown {
  const [key, ...rest] = path
  if (key === undefined) return holder
  if (Array.isArray(holder)) {
    const index = Number(key)
    if (index >= holder.length) return holder
    if (rest.length === 0) return holder.filter((_, i) => i !== index)
    return holder.map((item, i) => (i === index ? remove(item, rest) : item))
  }
  if (!isRawMap(holder) || !Object.hasOwn(holder, key)) return holder
  if (rest.length > 0) return { ...holder, [key]: remove(holder[key], rest) }
  const { [key]: _gone, ...others } = holder
  return others
}

/** A copy as JSON would write it: fields without a value are left out. */
export function plainCopy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
