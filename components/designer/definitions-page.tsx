'use client'

/** `/sagas`: every definition with its version, problems and runs. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  Activity,
  CircleAlert,
  CircleCheck,
  Plus,
  Search,
  TriangleAlert,
  Workflow,
} from 'lucide-react'
import Link from 'next/link'
import { debounce, parseAsBoolean, parseAsString, useQueryState } from 'nuqs'
import { type ReactNode, useEffect, useRef } from 'react'
import type { DefinitionListItem } from '@/server/api/contract'
import { useTRPC } from '../api'
import { useActions } from '../shell/actions'
import { useRefusal } from '../shell/me'
import { PageBar } from '../shell/page-bar'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Input } from '../ui/input'
import { useNarrow } from '../ui/narrow'
import { RelativeTime } from '../ui/relative-time'
import { SkeletonRows } from '../ui/skeleton'
import { CreateDialog } from './create-dialog'
import { SagaSketch } from './saga-sketch'

const COLUMNS =
  'grid grid-cols-[minmax(16rem,3fr)_7rem_9rem_7rem_minmax(9rem,1fr)] items-center gap-x-4 px-4'

export function DefinitionsPage() {
  const trpc = useTRPC()
  const [text, setText] = useQueryState(
    'q',
    parseAsString.withDefault('').withOptions({ limitUrlUpdates: debounce(250) }),
  )
  const [creating, setCreating] = useQueryState('create', parseAsBoolean.withDefault(false))
  const refusal = useRefusal()('definition:write')
  const search = useRef<HTMLInputElement>(null)
  const list = useInfiniteQuery(
    trpc.definitions.list.infiniteQueryOptions(
      { limit: 100, ...(text ? { text } : {}) },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  )
  const rows = list.data?.pages.flatMap((page) => page.items) ?? []
  useActions([
    {
      id: 'sagas.create',
      title: 'Create a saga',
      group: 'Sagas',
      keys: 'n',
      disabledReason: refusal,
      run: () => void setCreating(true),
    },
    {
      id: 'sagas.search',
      title: 'Search the sagas',
      group: 'Sagas',
      keys: '/',
      run: () => search.current?.focus(),
    },
  ])
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={15} aria-hidden />}
      disabledReason={refusal}
      onClick={() => void setCreating(true)}
    >
      Create a saga
    </Button>
  )
  return (
    <>
      <PageBar title="Sagas">{create}</PageBar>
      <div className="flex shrink-0 items-center gap-2 border-b px-4 py-2">
        <Input
          ref={search}
          type="search"
          quiet
          className="w-72 max-w-full"
          icon={<Search size={14} aria-hidden />}
          aria-label="Search the sagas"
          placeholder="Name or title"
          value={text}
          onChange={(event) => void setText(event.target.value || null)}
        />
      </div>
      {list.isPending ? (
        <SkeletonRows />
      ) : list.isError && rows.length === 0 ? (
        <ErrorState
          what="load the sagas"
          error={{ message: errorWords(list.error) }}
          onRetry={() => void list.refetch()}
        />
      ) : rows.length > 0 ? (
        <Rows
          rows={rows}
          onEnd={() => {
            if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage()
          }}
        />
      ) : text ? (
        <EmptyState
          title={`No saga is called “${text}”`}
          action={<Button onClick={() => void setText(null)}>Show all</Button>}
        />
      ) : (
        <EmptyState icon={<SagaSketch />} title="Draw your first saga" action={create}>
          A saga is a way through several services that ends well as a whole, or is undone as a
          whole.
        </EmptyState>
      )}
      <CreateDialog open={creating} onOpenChange={(open) => void setCreating(open || null)} />
    </>
  )
}

function Rows({ rows, onEnd }: { rows: readonly DefinitionListItem[]; onEnd: () => void }) {
  const narrow = useNarrow()
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? 76 : 52),
    getItemKey: (index) => rows[index]?.name ?? index,
    overscan: 12,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new row height is a new measure
  useEffect(() => virtual.measure(), [narrow])
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (last >= rows.length - 20) onEnd()
  }, [last, rows.length, onEnd])
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-auto">
      {/* biome-ignore lint/a11y/useSemanticElements: rows are positioned by the virtualiser, which a table cannot do */}
      <div role="table" aria-label="Sagas" aria-rowcount={rows.length + 1} className="min-w-fit">
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: a header row is not interactive */}
        <div
          role="row"
          aria-rowindex={1}
          className={cn(
            COLUMNS,
            'sticky top-0 z-10 h-8 border-b bg-surface-2 font-medium text-text-2 text-xs max-md:hidden',
          )}
        >
          <Cell head>Saga</Cell>
          <Cell head>Version</Cell>
          <Cell head>Problems</Cell>
          <Cell head>Running</Cell>
          <Cell head>Changed</Cell>
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index]
            if (!row) return null
            return (
              // biome-ignore lint/a11y/useSemanticElements: see above
              // biome-ignore lint/a11y/useFocusableInteractive: its link is what takes the focus
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className={cn(
                  narrow
                    ? 'flex flex-wrap content-center items-center gap-x-3 gap-y-1 px-4'
                    : COLUMNS,
                  'absolute inset-x-0 top-0 border-b hover:bg-surface-2',
                )}
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                <Row row={row} narrow={narrow} />
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

function Row({ row, narrow }: { row: DefinitionListItem; narrow: boolean }) {
  const draft = row.hasDraft && row.version !== null
  return (
    <>
      <Cell className={cn(narrow && 'w-full')}>
        <Link
          href={`/sagas/${row.name}`}
          className="flex items-center gap-2.5 rounded-sm after:absolute after:inset-0"
        >
          <Workflow size={16} className="shrink-0 text-text-3" aria-hidden />
          <span className="min-w-0">
            <span className="block truncate font-medium">{row.title}</span>
            <span className="block truncate text-text-3 text-xs">
              {row.name} · {row.steps} {row.steps === 1 ? 'step' : 'steps'}
            </span>
          </span>
        </Link>
      </Cell>
      <Cell className="text-text-2 tabular-nums">
        {row.version === null ? 'Draft' : `v${row.version}`}
        {draft ? <span className="text-text-3"> + draft</span> : null}
      </Cell>
      <Cell>
        <Problems errors={row.errors} warnings={row.warnings} />
      </Cell>
      <Cell className="relative z-[1]">
        {row.running > 0 ? (
          <Link
            href={`/runs?definition=${row.name}`}
            className="inline-flex items-center gap-1.5 rounded-sm text-state-running tabular-nums hover:underline"
          >
            <Activity size={13} aria-hidden />
            {row.running.toLocaleString('en')}
            <span className="sr-only">running</span>
          </Link>
        ) : (
          <span className="text-text-3">{narrow ? '' : 'none'}</span>
        )}
      </Cell>
      <Cell className="truncate text-text-2">
        <RelativeTime at={row.updatedAt} />
        <span className="text-text-3"> by {row.updatedBy}</span>
      </Cell>
    </>
  )
}

function Cell({
  head = false,
  className,
  children,
}: {
  head?: boolean
  className?: string
  children: ReactNode
}) {
  return (
    <div role={head ? 'columnheader' : 'cell'} className={cn('min-w-0', className)}>
      {children}
    </div>
  )
}

function Problems({ errors, warnings }: { errors: number; warnings: number }) {
  if (errors > 0) {
    return (
      <span className="flex items-center gap-1.5 text-state-failed tabular-nums">
        <CircleAlert size={13} aria-hidden />
        {errors} {errors === 1 ? 'error' : 'errors'}
      </span>
    )
  }
  if (warnings > 0) {
    return (
      <span className="flex items-center gap-1.5 text-state-compensating tabular-nums">
        <TriangleAlert size={13} aria-hidden />
        {warnings} {warnings === 1 ? 'warning' : 'warnings'}
      </span>
    )
  }
  return (
    <span className="flex items-center gap-1.5 text-text-3">
      <CircleCheck size={13} aria-hidden />
      None
    </span>
  )
}
