/**
 * The smallest changes, by path, that turn one plain value into another.
 */

export type Change =
  /** `after`: the key or index behind which it goes; undefined = first. */
  | {
      type: 'add'
      parent: (string | number)[]
      key: string | number
      value: unknown
      after?: string | number
    }
  | { type: 'remove'; path: (string | number)[] }
  | { type: 'replace'; path: (string | number)[]; value: unknown }

/** Changes inside a value come before those beside it. Indexes are those of `before`. */
export function difference(before: unknown, after: unknown): Change[] {
  const changes: Change[] = []
  compare(before, after, [], changes)
  return changes
}

function compare(
  before: unknown,
  after: unknown,
  path: (string | number)[],
  changes: Change[],
): void {
  if (before === after || isSame(before, after)) return
  if (Array.isArray(before) && Array.isArray(after) && before.length > 0 && after.length > 0) {
    compareLists(before, after, path, changes)
  } else if (isMap(before) && isMap(after) && shareKey(before, after)) {
    compareMaps(before, after, path, changes)
  } else changes.push({ type: 'replace', path, value: after })
}

function compareMaps(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  path: (string | number)[],
  changes: Change[],
): void {
  for (const [key, value] of Object.entries(before)) {
    if (!Object.hasOwn(after, key)) changes.push({ type: 'remove', path: [...path, key] })
    else compare(value, after[key], [...path, key], changes)
  }
  let previous: string | undefined
  for (const [key, value] of Object.entries(after)) {
    if (Object.hasOwn(before, key)) previous = key
    else {
      const add = { type: 'add' as const, parent: path, key, value }
      changes.push(previous === undefined ? add : { ...add, after: previous })
    }
  }
}

/** Equal items at both ends stay as they are; those between are paired, and the rest removed or added. */
function compareLists(
  before: unknown[],
  after: unknown[],
  path: (string | number)[],
  changes: Change[],
): void {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && isSame(before[head], after[head])) head++
  let tail = 0
  while (tail < shorter - head && isSame(before.at(-1 - tail), after.at(-1 - tail))) tail++
  const beforeEnd = before.length - tail
  const afterEnd = after.length - tail
  const paired = Math.min(beforeEnd, afterEnd)
  for (let index = head; index < paired; index++) {
    compare(before[index], after[index], [...path, index], changes)
  }
  for (let index = paired; index < beforeEnd; index++) {
    changes.push({ type: 'remove', path: [...path, index] })
  }
  for (let index = paired; index < afterEnd; index++) {
    const add = { type: 'add' as const, parent: path, key: index, value: after[index] }
    changes.push(paired === 0 ? add : { ...add, after: paired - 1 })
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shareKey(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return Object.keys(a).some((key) => Object.hasOwn(b, key))
}

/** Deep equality of plain values; the order of keys does not count. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]))
  }
  if (!isMap(a) || !isMap(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  )
}
