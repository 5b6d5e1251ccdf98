'use client'

/** A part of a page that could not be loaded: what failed, why, and a way to try again. */
import { CircleAlert } from 'lucide-react'
import { Button } from './button'
import { EmptyState } from './empty-state'

export function ErrorState({
  what,
  error,
  onRetry,
}: {
  /** What was being done, e.g. `load the runs`. */
  what: string
  error: { message: string }
  onRetry?: () => void
}) {
  return (
    <div role="alert">
      <EmptyState
        icon={<CircleAlert size={24} className="text-state-failed" aria-hidden />}
        title={`Could not ${what}`}
        action={onRetry ? <Button onClick={onRetry}>Try again</Button> : undefined}
      >
        {error.message}
      </EmptyState>
    </div>
  )
}
