'use client'

/** Says whether what is shown is live, and how old it is when it is not. */
import { cn } from './cn'
import { RelativeTime } from './relative-time'

export function LiveMark({
  connection,
  heardAt,
  ended = false,
  className,
}: {
  connection: 'connecting' | 'live' | 'lost'
  heardAt: number | null
  /** Nothing more will come. */
  ended?: boolean
  className?: string
}) {
  if (ended) return null
  const lost = connection === 'lost'
  return (
    <span
      role="status"
      className={cn(
        'inline-flex items-center gap-1.5 whitespace-nowrap text-xs',
        lost ? 'text-state-compensating' : 'text-text-3',
        className,
      )}
    >
      <span
        aria-hidden
        className={cn(
          'size-1.5 rounded-full',
          connection === 'live' && 'bg-state-completed',
          connection === 'connecting' && 'bg-border-control',
          lost && 'bg-state-compensating',
        )}
      />
      {connection === 'live' ? 'Live' : connection === 'connecting' ? 'Connecting' : 'Reconnecting'}
      {heardAt !== null ? (
        <span className="max-lg:hidden" aria-hidden>
          · updated <RelativeTime at={heardAt} />
        </span>
      ) : null}
    </span>
  )
}
