/** Durations in words and back: documents hold milliseconds, people read and write `2 h 30 min`. */

const UNITS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1000 },
  { unit: 'ms', ms: 1 },
] as const

/** `90000` → `1 min 30 s`. At most two units; exact up to there, else rounded down to the second unit. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '0 s'
  const parts: string[] = []
  let rest = ms
  for (const { unit, ms: size } of UNITS) {
    const count = Math.floor(rest / size)
    if (count === 0) {
      if (parts.length > 0) break
      continue
    }
    parts.push(`${count} ${unit}`)
    rest -= count * size
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** Every unit, so that what a field shows parses back to exactly the same number. */
export function formatDurationExactly(ms: number): string {
  const parts: string[] = []
  let rest = Math.round(ms)
  for (const { unit, ms: size } of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count} ${unit}`)
    rest -= count * size
  }
  return parts.join(' ') || '0 ms'
}

const FACTORS: Record<string, number> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `1h 30m`, `90 s`, `2.5 h`, `500` (milliseconds) → milliseconds; null when it is none of these. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim().toLowerCase()
  if (/^\d+$/.test(trimmed)) return Number(trimmed)
  const part = /(\d+(?:\.\d+)?)\s*(ms|sec|s|min|m|h|d|w)\s*/y
  let total = 0
  let at = 0
  while (at < trimmed.length) {
    part.lastIndex = at
    const match = part.exec(trimmed)
    if (!match) return null
    total += Number(match[1]) * (FACTORS[match[2] ?? ''] ?? 0)
    at = part.lastIndex
  }
  return at === 0 ? null : Math.round(total)
}
