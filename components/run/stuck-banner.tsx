'use client'

/**
 * Says which runs no worker can bring forward just now: their definition is missing, or what they decided cannot be stored or
 * replayed. They look as if they ran; without this nobody would know that they stand.
 */
import { useQuery } from '@tanstack/react-query'
import { CircleAlert } from 'lucide-react'
import Link from 'next/link'
import type { StuckSagaItem } from '@/server/api/contract'
import { useTRPC } from '../api'
import { useShell } from '../shell/shell-counts'
import { Banner } from '../ui/banner'
import { cn } from '../ui/cn'
import { shortId } from '../ui/copyable'
import { RelativeTime } from '../ui/relative-time'

/** Runs that the banner names; the settings page names all. */
const NAMED = 3

/** All stuck runs, asked for only while there are any. */
export function useStuck(): readonly StuckSagaItem[] {
  const trpc = useTRPC()
  const count = useShell().data?.stuck ?? 0
  const list = useQuery(
    trpc.sagas.stuck.queryOptions(undefined, { enabled: count > 0, refetchInterval: 5_000 }),
  )
  return count > 0 ? (list.data ?? []) : []
}

/** For one run with `sagaId`, for the list of runs without. Nothing while all is well. */
export function StuckBanner({ sagaId }: { sagaId?: string }) {
  const all = useStuck()
  const stuck = sagaId === undefined ? all : all.filter((one) => one.sagaId === sagaId)
  const [first] = stuck
  if (!first) return null
  if (sagaId !== undefined) {
    return (
      <Banner
        tone="failed"
        role="alert"
        icon={<CircleAlert size={16} aria-hidden />}
        title="This run cannot go on just now"
      >
        <p className="break-words">{first.reason}</p>
        {/* The seconds that pass are not worth an announcement each. */}
        <p aria-live="off">
          Since <RelativeTime at={first.since} />. Its messages are kept; it is tried again by
          itself <RelativeTime at={first.retryAt} />.
        </p>
      </Banner>
    )
  }
  return (
    <Banner
      tone="failed"
      role="alert"
      icon={<CircleAlert size={16} aria-hidden />}
      title={
        stuck.length === 1
          ? 'One run cannot go on just now'
          : `${stuck.length.toLocaleString()} runs cannot go on just now`
      }
    >
      <StuckList stuck={stuck.slice(0, NAMED)} />
      {stuck.length > NAMED ? (
        <Link href="/settings?tab=system" className="rounded-sm text-text hover:underline">
          {(stuck.length - NAMED).toLocaleString()} more
        </Link>
      ) : null}
    </Banner>
  )
}

/** `whole`: with all of each reason. */
export function StuckList({
  stuck,
  whole = false,
}: {
  stuck: readonly StuckSagaItem[]
  whole?: boolean
}) {
  return (
    <ul className={whole ? 'space-y-2' : undefined}>
      {stuck.map(({ sagaId, reason, retryAt }) => (
        <li key={sagaId} className="flex min-w-0 gap-2">
          <Link
            href={`/runs/${encodeURIComponent(sagaId)}`}
            className="shrink-0 rounded-sm font-mono text-text hover:underline"
            title={sagaId}
          >
            {shortId(sagaId)}
          </Link>
          <span
            className={cn('min-w-0 flex-1', whole ? 'break-words' : 'truncate')}
            title={whole ? undefined : reason}
          >
            {reason}
          </span>
          <span aria-live="off" className="shrink-0 max-md:hidden">
            tried again <RelativeTime at={retryAt} />
          </span>
        </li>
      ))}
    </ul>
  )
}
