'use client'

/** `/sagas/<name>/versions`: what was published when and why; each version as drawing, text and changes. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { parseAsInteger, parseAsStringLiteral, useQueryState } from 'nuqs'
import { useState } from 'react'
import { useTRPC } from '../api'
import { SagaCanvas } from '../canvas/saga-canvas'
import { useRefusal } from '../shell/me'
import { PageBar } from '../shell/page-bar'
import { Button, ButtonLink } from '../ui/button'
import { cn } from '../ui/cn'
import { Copyable } from '../ui/copyable'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { RelativeTime } from '../ui/relative-time'
import { SkeletonRows } from '../ui/skeleton'
import { TabPanel, Tabs } from '../ui/tabs'

const CodeDiff = dynamic(() => import('../code/code-diff').then((module) => module.CodeDiff), {
  ssr: false,
})

const SHOWS = ['drawing', 'changes', 'draft'] as const

export function VersionsPage({ name }: { name: string }) {
  const trpc = useTRPC()
  const [chosen, setChosen] = useQueryState('v', parseAsInteger)
  const list = useInfiniteQuery(
    trpc.definitions.versions.infiniteQueryOptions(
      { name, limit: 50 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  )
  const items = list.data?.pages.flatMap((page) => page.items) ?? []
  const version = chosen ?? items[0]?.version ?? null
  const crumbs = [
    { href: '/sagas', title: 'Sagas' },
    { href: `/sagas/${name}`, title: name },
  ]
  return (
    <>
      <PageBar title="Versions" crumbs={crumbs}>
        <ButtonLink href={`/sagas/${name}`}>Open the draft</ButtonLink>
      </PageBar>
      {list.isPending ? (
        <SkeletonRows />
      ) : list.isError ? (
        <ErrorState
          what="load the versions"
          error={{ message: errorWords(list.error) }}
          onRetry={() => void list.refetch()}
        />
      ) : items.length === 0 ? (
        <EmptyState
          title="Never published"
          action={<ButtonLink href={`/sagas/${name}`}>Open the draft</ButtonLink>}
        >
          Publishing makes a version that never changes and that runs can use.
        </EmptyState>
      ) : (
        <div className="flex min-h-0 flex-1 max-md:flex-col">
          <nav
            aria-label="Versions"
            className="w-72 shrink-0 overflow-y-auto border-r max-md:max-h-44 max-md:w-full max-md:border-r-0 max-md:border-b"
          >
            <ul>
              {items.map((item) => (
                <li key={item.version}>
                  <button
                    type="button"
                    aria-current={item.version === version || undefined}
                    onClick={() => void setChosen(item.version)}
                    className={cn(
                      'flex w-full flex-col gap-0.5 border-b px-4 py-2.5 text-left hover:bg-surface-2 focus-visible:outline-offset-[-2px]',
                      item.version === version && 'bg-surface-3',
                    )}
                  >
                    <span className="flex items-baseline gap-2">
                      <span className="font-semibold tabular-nums">v{item.version}</span>
                      <span className="flex-1 truncate text-text-2">{item.note ?? 'No note'}</span>
                    </span>
                    <span className="text-text-3 text-xs">
                      <RelativeTime at={item.publishedAt} /> by {item.publishedBy} ·{' '}
                      {item.sagas.toLocaleString('en')} {item.sagas === 1 ? 'run' : 'runs'}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            {list.hasNextPage ? (
              <Button
                className="m-3"
                loading={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                Older versions
              </Button>
            ) : null}
          </nav>
          {version === null ? null : <Version key={version} name={name} version={version} />}
        </div>
      )}
    </>
  )
}

function Version({ name, version }: { name: string; version: number }) {
  const trpc = useTRPC()
  const [show, setShow] = useQueryState(
    'show',
    parseAsStringLiteral(SHOWS).withDefault('drawing').withOptions({ clearOnDefault: true }),
  )
  const [selection, setSelection] = useState<string[]>([])
  const refusal = useRefusal()('definition:write')
  const detail = useQuery(
    trpc.definitions.version.queryOptions(
      { name, version },
      { staleTime: Number.POSITIVE_INFINITY },
    ),
  )
  const before = useQuery(
    trpc.definitions.version.queryOptions(
      { name, version: Math.max(1, version - 1) },
      { enabled: version > 1 && show === 'changes', staleTime: Number.POSITIVE_INFINITY },
    ),
  )
  const draft = useQuery(trpc.definitions.get.queryOptions({ name }, { enabled: show === 'draft' }))
  if (detail.isError) {
    return (
      <ErrorState
        what={`load version ${version}`}
        error={{ message: errorWords(detail.error) }}
        onRetry={() => void detail.refetch()}
      />
    )
  }
  if (!detail.data) return <SkeletonRows className="flex-1" />
  const { source, document, layout, digest } = detail.data
  return (
    <Tabs
      label={`Version ${version}`}
      className="min-w-0 flex-1"
      value={show}
      onChange={(next) => void setShow(next)}
      items={[
        { value: 'drawing', label: 'Drawing' },
        { value: 'changes', label: version === 1 ? 'Text' : `Changes since v${version - 1}` },
        { value: 'draft', label: 'Against the draft' },
      ]}
      end={
        <span className="flex items-center gap-3 pr-3">
          <span className="max-lg:hidden">
            <Copyable value={digest} shown={digest.slice(0, 12)} what="digest" />
          </span>
          {refusal ? (
            <Button size="sm" disabledReason={refusal}>
              Restore as draft
            </Button>
          ) : (
            <ButtonLink size="sm" href={`/sagas/${name}?restore=${version}`}>
              Restore as draft
            </ButtonLink>
          )}
        </span>
      }
    >
      <TabPanel value="drawing" className="overflow-hidden">
        <SagaCanvas
          document={document}
          layout={layout}
          mode="view"
          selection={selection}
          onSelect={setSelection}
        />
      </TabPanel>
      <TabPanel value="changes" className="overflow-hidden">
        {version === 1 || before.data ? (
          <CodeDiff
            original={version === 1 ? '' : (before.data?.source ?? '')}
            modified={source}
            label={`Version ${version}`}
          />
        ) : null}
      </TabPanel>
      <TabPanel value="draft" className="overflow-hidden">
        {draft.data ? (
          <CodeDiff original={source} modified={draft.data.draft.source} label="Draft" />
        ) : null}
      </TabPanel>
    </Tabs>
  )
}
