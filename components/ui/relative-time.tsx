'use client'

/** Times that keep themselves current; the exact time is in the tooltip and in `datetime`. */
import { duration } from '@/runtime/projection/duration'
import { useNow } from './now'
import { dateTime, relative } from './time'

export function RelativeTime({ at, className }: { at: number | Date; className?: string }) {
  const now = useNow()
  const ms = Number(at)
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={dateTime(ms)}
      className={className}
      suppressHydrationWarning
    >
      {relative(ms, now)}
    </time>
  )
}

/** How long something took, or has taken so far. */
export function Elapsed({
  from,
  to,
  className,
}: {
  from: number | Date
  to?: number | Date | null | undefined
  className?: string
}) {
  const now = useNow()
  const ms =
    (to === null || to === undefined ? Math.max(now, Number(from)) : Number(to)) - Number(from)
  return (
    <time className={className} suppressHydrationWarning>
      {to === null || to === undefined ? duration(Math.floor(ms / 1000) * 1000) : duration(ms)}
    </time>
  )
}
