/**
 * How findings speak: names in quotes, lists as prose, durations as people say them.
 */

export function quote(name: string): string {
  return `“${name}”`
}

/** `a`, `a and b`, `a, b and c`; beyond `max` the rest is counted. */
export function list(names: readonly string[], max = 3): string {
  const shown = names.slice(0, max)
  if (names.length > max) shown.push(`${names.length - max} more`)
  const last = shown.pop() ?? ''
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`
}

const UNITS = [
  { ms: 86_400_000, one: 'day' },
  { ms: 3_600_000, one: 'hour' },
  { ms: 60_000, one: 'minute' },
  { ms: 1000, one: 'second' },
] as const

/** The two largest units that are not zero: `1 day 2 hours`, `30 seconds`, `250 ms`. */
export function duration(ms: number): string {
  const parts: string[] = []
  let left = Math.round(ms)
  for (const { ms: unit, one } of UNITS) {
    const count = Math.floor(left / unit)
    left -= count * unit
    if (count > 0) parts.push(`${count} ${one}${count === 1 ? '' : 's'}`)
    if (parts.length === 2) break
  }
  return parts.length === 0 ? `${left} ms` : parts.join(' ')
}
