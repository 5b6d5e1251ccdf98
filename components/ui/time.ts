/**
 * Times in words. Pure: `now` is given. Durations are in runtime/projection/duration.ts.
 */

/** `now`, `12 s ago`, `in 4 min`, `3 h ago`; a date beyond a week. */
export function relative(at: number, now: number): string {
  const delta = Math.abs(now - at)
  if (delta < 5_000) return 'now'
  if (delta > 7 * 86_400_000) return date(at)
  const words = single(delta)
  return at <= now ? `${words} ago` : `in ${words}`
}

function single(ms: number): string {
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`
  return `${Math.floor(ms / 86_400_000)} d`
}

/** `23 Nov 2026`, in the reader's locale. */
export function date(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(at)
}

/** Day and time to the second, in the reader's locale. */
export function dateTime(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(at)
}

/** `15:04:07.120` */
export function clockTime(at: number): string {
  return new Intl.DateTimeFormat(undefined, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  }).format(at)
}
