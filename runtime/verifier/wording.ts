/**
 * How findings speak: names in quotes, lists as prose, durations as people say them, and the nearest name to a typo.
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

/** The candidate that a typo most likely meant: at most a third of its letters differ. First among equals. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.floor(Math.max(name.length, 3) / 3) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Wagner & Fischer 1974, one row at a time; gives up with `limit` once no row entry is below it. */
function editDistance(a: string, b: string, limit: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    if (Math.min(...next) >= limit) return limit
    row = next
  }
  return row[b.length] ?? limit
}
