'use client'

/** `/`: how things stand. What runs, what needs somebody, what happened last. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowRight, Play, UserRound, Workflow } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import type { SagaListItem } from '@/server/api/contract'
import { useTRPC } from '../api'
import { Countdown } from '../approval/countdown'
import { useFeed } from '../shell/feed'
import { PageBar } from '../shell/page-bar'
import { useShell } from '../shell/shell-counts'
import { StateIcon, StatusBadge } from '../ui/badge'
import { ButtonLink } from '../ui/button'
import { cn } from '../ui/cn'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { LiveMark } from '../ui/live-mark'
import { RelativeTime } from '../ui/relative-time'
import { Skeleton } from '../ui/skeleton'
import { SAGA_LOOK, type StateLook, TONE_TEXT } from '../ui/state'
import { countOf } from './run-filters'
import { noteOf } from './run-note'

const APPROVAL: StateLook = { word: 'Waiting for a decision', tone: 'approval', icon: UserRound }

export function OverviewPage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const shell = useShell()
  const every = { refetchInterval: 5_000, staleTime: 1_000 }
  const counts = useQuery(trpc.sagas.counts.queryOptions({}, every))
  const recent = useQuery(trpc.sagas.list.queryOptions({ limit: 10 }, every))
  const attention = useQuery(
    trpc.sagas.list.queryOptions({ status: ['QUARANTINED', 'PAUSED'], limit: 6 }, every),
  )
  const gates = useQuery(trpc.approvals.list.queryOptions({ status: 'OPEN', limit: 6 }, every))
  const { connection } = useFeed((event) => {
    // A new status is news at once; all else waits for the next look.
    if (event.status) void queryClient.invalidateQueries({ queryKey: trpc.sagas.pathKey() })
  })

  const tiles = [
    {
      href: '/runs?tab=running',
      look: SAGA_LOOK.RUNNING,
      label: 'Running',
      value: counts.data ? countOf('running', counts.data) : null,
    },
    {
      href: '/runs?tab=compensating',
      look: SAGA_LOOK.COMPENSATING,
      label: 'Compensating',
      value: counts.data ? countOf('compensating', counts.data) : null,
    },
    {
      href: '/approvals',
      look: APPROVAL,
      label: 'Waiting for a decision',
      value: shell.data?.openGates ?? null,
    },
    {
      href: '/runs?tab=attention',
      look: SAGA_LOOK.QUARANTINED,
      label: 'Need attention',
      value: counts.data ? countOf('attention', counts.data) : null,
    },
  ]

  if (recent.isError && !recent.data) {
    return (
      <>
        <PageBar title="Overview" />
        <ErrorState
          what="load the overview"
          error={{ message: errorWords(recent.error) }}
          onRetry={() => void recent.refetch()}
        />
      </>
    )
  }
  return (
    <>
      <PageBar title="Overview" after={<LiveMark connection={connection} heardAt={null} />}>
        <ButtonLink href="/runs?start=true" variant="primary" icon={<Play size={14} aria-hidden />}>
          Start a run
        </ButtonLink>
      </PageBar>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-7xl flex-col gap-6 p-4 md:p-6">
          <ul className="grid grid-cols-2 gap-3 lg:grid-cols-4">
            {tiles.map((tile) => (
              <li key={tile.href}>
                <Link
                  href={tile.href}
                  className="flex h-full flex-col gap-1 rounded-lg border bg-surface-1 p-4 transition-colors hover:border-border-control"
                >
                  <span className="flex items-center gap-1.5 text-text-2">
                    <span className={tile.value ? TONE_TEXT[tile.look.tone] : 'text-text-3'}>
                      <StateIcon
                        look={
                          tile.value ? tile.look : { ...tile.look, icon: tile.look.icon ?? Play }
                        }
                      />
                    </span>
                    {tile.label}
                  </span>
                  {tile.value === null ? (
                    <Skeleton className="my-1 h-6 w-12" />
                  ) : (
                    <span
                      className={cn('font-semibold text-2xl', tile.value === 0 && 'text-text-3')}
                    >
                      {tile.value.toLocaleString()}
                    </span>
                  )}
                </Link>
              </li>
            ))}
          </ul>
          <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <Card title="Recent runs" href="/runs" more="All runs">
              {recent.isPending ? (
                <Rows />
              ) : recent.data?.items.length ? (
                <ul className="divide-y">
                  {recent.data.items.map((run) => (
                    <RunLine key={run.sagaId} run={run} />
                  ))}
                </ul>
              ) : (
                <EmptyState
                  icon={<Workflow size={24} aria-hidden />}
                  title="Nothing has run yet"
                  action={
                    <>
                      <ButtonLink href="/runs?start=true" variant="primary">
                        Start a run
                      </ButtonLink>
                      <ButtonLink href="/sagas">See the sagas</ButtonLink>
                    </>
                  }
                >
                  Start one of the sagas that came with the house and watch it live.
                </EmptyState>
              )}
            </Card>
            <div className="flex min-w-0 flex-col gap-6">
              <Card title="Waiting for a decision" href="/approvals" more="All approvals">
                {gates.isPending ? (
                  <Rows count={2} />
                ) : gates.data?.items.length ? (
                  <ul className="divide-y">
                    {gates.data.items.map((gate) => (
                      <li key={gate.gateId}>
                        <Link
                          href={`/approvals?gate=${encodeURIComponent(gate.gateId)}`}
                          className="flex min-h-10 items-center gap-3 px-4 py-2 hover:bg-surface-2 focus-visible:outline-offset-[-2px]"
                        >
                          <span className="min-w-0 flex-1 truncate">{gate.question}</span>
                          {gate.dueAt ? (
                            <Countdown
                              openedAt={gate.openedAt.getTime()}
                              dueAt={gate.dueAt.getTime()}
                              offsetMs={0}
                              className="shrink-0 text-xs"
                            />
                          ) : null}
                        </Link>
                      </li>
                    ))}
                  </ul>
                ) : (
                  <Nothing>Nobody is asked anything.</Nothing>
                )}
              </Card>
              <Card title="Needs attention" href="/runs?tab=attention" more="All of them">
                {attention.isPending ? (
                  <Rows count={2} />
                ) : attention.data?.items.length ? (
                  <ul className="divide-y">
                    {attention.data.items.map((run) => (
                      <RunLine key={run.sagaId} run={run} />
                    ))}
                  </ul>
                ) : (
                  <Nothing>No run is paused or in quarantine.</Nothing>
                )}
              </Card>
            </div>
          </div>
        </div>
      </div>
    </>
  )
}

function RunLine({ run }: { run: SagaListItem }) {
  const note = noteOf(run)
  return (
    <li>
      <Link
        href={`/runs/${encodeURIComponent(run.sagaId)}`}
        className="flex min-h-10 items-center gap-3 px-4 py-1.5 hover:bg-surface-2 focus-visible:outline-offset-[-2px]"
      >
        <span className="w-28 shrink-0">
          <StatusBadge saga={run.status} bare />
        </span>
        <span className="min-w-0 flex-1 truncate">
          <span className="font-medium">{run.name}</span>
          {note ? <span className="ml-2 text-text-3">{note}</span> : null}
        </span>
        <RelativeTime at={run.startedAt} className="shrink-0 text-text-3 text-xs" />
      </Link>
    </li>
  )
}

function Card({
  title,
  href,
  more,
  children,
}: {
  title: string
  href: string
  more: string
  children: ReactNode
}) {
  return (
    <section className="overflow-hidden rounded-lg border bg-surface-1">
      <header className="flex h-10 items-center justify-between border-b px-4">
        <h2 className="font-medium text-sm">{title}</h2>
        <Link
          href={href}
          className="flex min-h-6 items-center gap-1 rounded-sm text-text-2 text-xs hover:text-text"
        >
          {more} <ArrowRight size={12} aria-hidden />
        </Link>
      </header>
      {children}
    </section>
  )
}

function Nothing({ children }: { children: ReactNode }) {
  return <p className="px-4 py-4 text-text-3">{children}</p>
}

function Rows({ count = 6 }: { count?: number }) {
  return (
    <div className="flex flex-col gap-3 p-4">
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <Skeleton key={index} className="h-4" />
      ))}
    </div>
  )
}
