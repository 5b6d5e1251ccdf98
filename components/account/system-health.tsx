'use client'

/** How the system is: the worker and its lease, what waits, the database. Refreshed every two seconds. */
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react'
import type { DatabaseRestarts } from '@/server/launch/restarts.mjs'
import { useTRPC } from '../api'
import { StuckList, useStuck } from '../run/stuck-banner'
import { Badge } from '../ui/badge'
import { Copyable } from '../ui/copyable'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Facts } from '../ui/facts'
import { RelativeTime } from '../ui/relative-time'
import { Skeleton } from '../ui/skeleton'
import { Section } from './section'

const LOOK = {
  ok: { tone: 'completed', word: 'All well', icon: <CircleCheck size={13} aria-hidden /> },
  degraded: {
    tone: 'compensating',
    word: 'Degraded',
    icon: <TriangleAlert size={13} aria-hidden />,
  },
  starting: {
    tone: 'compensating',
    word: 'Starting',
    icon: <TriangleAlert size={13} aria-hidden />,
  },
  down: { tone: 'failed', word: 'Down', icon: <CircleX size={13} aria-hidden /> },
} as const

export function SystemHealth() {
  const trpc = useTRPC()
  const stuck = useStuck()
  const health = useQuery(
    trpc.system.health.queryOptions(undefined, { refetchInterval: 2_000, staleTime: 0 }),
  )
  if (health.isPending) return <Skeleton className="h-64" />
  if (!health.data) {
    return (
      <ErrorState
        what="ask the server how it is"
        error={{ message: errorWords(health.error) }}
        onRetry={() => void health.refetch()}
      />
    )
  }
  const { status, runtime, database } = health.data
  const { restarts } = database
  const look = LOOK[status]
  return (
    <>
      <Section
        title="System"
        hint={
          <span role="status">
            Asked <RelativeTime at={health.dataUpdatedAt} />
            {health.isError ? '; the last try did not get through' : ''}
          </span>
        }
        action={
          <Badge tone={look.tone} icon={look.icon} className="h-6 px-2">
            {look.word}
          </Badge>
        }
      >
        <dl className="grid grid-cols-2 gap-3 md:grid-cols-4">
          <Metric label="In memory" value={runtime.resident} />
          <Metric label="Deciding now" value={runtime.busy} />
          <Metric label="Calls under way" value={runtime.callsInFlight} />
          <Metric label="Messages pending" value={runtime.pendingMessages} />
        </dl>
      </Section>
      <Section title="Runtime">
        <div className="rounded-lg border bg-surface-1 p-4">
          <Facts
            items={[
              ['Status', runtime.status],
              ['Worker', <Copyable key="worker" value={runtime.workerId} what="worker id" />],
              ['Lease epoch', String(runtime.epoch)],
              ['Shards', `${runtime.shards} owned`],
              [
                'Last commit',
                runtime.lastCommitAt === null ? (
                  'none yet'
                ) : (
                  <RelativeTime key="commit" at={runtime.lastCommitAt} />
                ),
              ],
              runtime.lastError
                ? [
                    'Last error',
                    <span key="error" className="text-state-failed">
                      {runtime.lastError}
                    </span>,
                  ]
                : null,
            ]}
          />
        </div>
      </Section>
      {stuck.length > 0 ? (
        <Section
          title="Runs that cannot go on"
          hint="Of all workers. Their messages are kept, and they are tried again by themselves."
        >
          <div className="rounded-lg border bg-surface-1 p-4 text-text-2">
            <StuckList stuck={stuck} whole />
          </div>
        </Section>
      ) : null}
      <Section title="Database">
        <div className="rounded-lg border bg-surface-1 p-4">
          <Facts
            items={[
              ['Status', database.ok ? 'answers' : 'does not answer'],
              [
                'Answered in',
                database.latencyMs === null ? '–' : `${Math.round(database.latencyMs)} ms`,
              ],
              database.error ? ['Error', database.error] : null,
              restarts ? ['Restarts', restartWords(restarts)] : null,
            ]}
          />
        </div>
      </Section>
    </>
  )
}

/** What the launcher did about an embedded database that died. */
function restartWords({ count, lastAt, since, tries, why }: DatabaseRestarts): string {
  if (since !== null)
    return `away since ${new Date(since).toLocaleTimeString()}; ${tries} tries to start it again${why ? `: ${why}` : ''}`
  const at = lastAt === null ? '' : `, the last at ${new Date(lastAt).toLocaleString()}`
  return `died and started again ${count === 1 ? 'once' : `${count} times`}${at}`
}

function Metric({ label, value }: { label: string; value: number }) {
  return (
    <div className="rounded-lg border bg-surface-1 p-4">
      <dt className="text-text-2">{label}</dt>
      <dd className="font-semibold text-2xl">{value.toLocaleString()}</dd>
    </div>
  )
}
