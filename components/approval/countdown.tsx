'use client'

/** The time left to decide, on the server's clock. Amber below a quarter, red below a tenth, always in words. */
import { Clock } from 'lucide-react'
import { duration } from '@/runtime/projection/duration'
import { cn } from '../ui/cn'
import { useNow } from '../ui/now'
import { urgencyOf } from './gate-groups'

const LOOK = {
  calm: 'text-text-2',
  soon: 'text-state-compensating',
  now: 'text-state-failed',
} as const

export function Countdown({
  openedAt,
  dueAt,
  offsetMs,
  className,
}: {
  openedAt: number
  dueAt: number
  /** The server's clock minus ours. */
  offsetMs: number
  className?: string
}) {
  const now = useNow() + offsetMs
  const { leftMs, urgency } = urgencyOf({ openedAt, dueAt }, now)
  return (
    <time
      dateTime={new Date(dueAt).toISOString()}
      className={cn(
        'inline-flex items-center gap-1 font-medium tabular-nums',
        LOOK[urgency],
        className,
      )}
      suppressHydrationWarning
    >
      <Clock size={12} aria-hidden />
      {leftMs === 0 ? 'Time is up' : `${duration(Math.ceil(leftMs / 1000) * 1000)} left`}
    </time>
  )
}
