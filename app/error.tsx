'use client'

/** A page that broke: what, the request to look for, and ways on. */
import { CircleAlert } from 'lucide-react'
import { Button, ButtonLink } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/empty-state'

export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string }
  reset: () => void
}) {
  return (
    <EmptyState
      icon={<CircleAlert size={24} className="text-state-failed" aria-hidden />}
      title="This page broke"
      action={
        <>
          <Button variant="primary" onClick={reset}>
            Try again
          </Button>
          <ButtonLink href="/">Go to the overview</ButtonLink>
        </>
      }
    >
      <p>{error.message}</p>
      {error.digest ? (
        <p className="mt-1 text-text-3 text-xs">
          The server’s log has more under <code className="font-mono">{error.digest}</code>.
        </p>
      ) : null}
    </EmptyState>
  )
}
