'use client'

/**
 * The rows of the runs list, virtualised. Focus is the active row: J and K move it, Enter opens it, X selects it.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import Link from 'next/link'
import { type ReactNode, useEffect, useRef } from 'react'
import type { SagaListItem } from '@/server/api/contract'
import { useActions } from '../shell/actions'
import { StatusBadge } from '../ui/badge'
import { Checkbox } from '../ui/checkbox'
import { cn } from '../ui/cn'
import { Copyable } from '../ui/copyable'
import { useNarrow } from '../ui/narrow'
import { Elapsed, RelativeTime } from '../ui/relative-time'
import { noteOf } from './run-note'

const GRID =
  'grid grid-cols-[1rem_9.5rem_minmax(14rem,3fr)_minmax(9rem,1fr)_minmax(7rem,1fr)_6rem_5.5rem_10rem] items-center gap-x-4 px-4'

export function RunsTable({
  rows,
  total,
  selected,
  onSelect,
  onSelectAll,
  onEnd,
  footer,
}: {
  rows: readonly SagaListItem[]
  /** How many match, loaded or not. */
  total: number | null
  selected: ReadonlySet<string>
  onSelect: (sagaId: string, on: boolean) => void
  onSelectAll: (on: boolean) => void
  /** The reader nears the last loaded row. */
  onEnd: () => void
  footer?: ReactNode
}) {
  const narrow = useNarrow()
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? 68 : 40),
    getItemKey: (index) => rows[index]?.sagaId ?? index,
    overscan: 12,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new row height is a new measure
  useEffect(() => virtual.measure(), [narrow])
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (last >= rows.length - 20 && rows.length > 0) onEnd()
  }, [last, rows.length, onEnd])

  // Focus follows in the next frame; keys may come faster.
  const going = useRef<number | null>(null)
  const focused = () => {
    if (going.current !== null) return going.current
    const row = document.activeElement?.closest<HTMLElement>('[data-row]')
    return row ? Number(row.dataset.row) : null
  }
  const focus = (index: number) => {
    if (index < 0 || index >= rows.length) return
    going.current = index
    virtual.scrollToIndex(index)
    requestAnimationFrame(() => {
      if (going.current !== index) return
      scroller.current?.querySelector<HTMLElement>(`[data-row="${index}"] a`)?.focus()
      going.current = null
    })
  }
  const toggle = () => {
    const row = rows[focused() ?? -1]
    if (row) onSelect(row.sagaId, !selected.has(row.sagaId))
  }
  const group = 'List of runs'
  useActions([
    {
      id: 'runs.next',
      title: 'Next run',
      group,
      keys: 'j',
      keysOnly: true,
      run: () => focus((focused() ?? -1) + 1),
    },
    {
      id: 'runs.previous',
      title: 'Previous run',
      group,
      keys: 'k',
      keysOnly: true,
      run: () => focus((focused() ?? rows.length) - 1),
    },
    { id: 'runs.select', title: 'Select the run', group, keys: 'x', keysOnly: true, run: toggle },
  ])

  return (
    // biome-ignore lint/a11y/useSemanticElements: rows are positioned by the virtualiser, which a table cannot do
    <div
      role="table"
      aria-label="Runs"
      aria-rowcount={(total ?? rows.length) + 1}
      className="flex min-h-0 flex-1 flex-col"
    >
      <div ref={scroller} className="min-h-0 flex-1 overflow-auto">
        <div className="min-w-full md:min-w-[68rem]">
          {/* biome-ignore lint/a11y/useSemanticElements: see above */}
          {/* biome-ignore lint/a11y/useFocusableInteractive: a header row is not interactive */}
          <div
            role="row"
            aria-rowindex={1}
            className={cn(
              GRID,
              'sticky top-0 z-10 h-8 border-b bg-surface-2 font-medium text-text-2 text-xs max-md:hidden',
            )}
          >
            <Cell head>
              <Checkbox
                label="Select all loaded runs"
                checked={rows.length > 0 && rows.every((row) => selected.has(row.sagaId))}
                mixed={selected.size > 0 && rows.some((row) => !selected.has(row.sagaId))}
                onChange={onSelectAll}
              />
            </Cell>
            <Cell head>Status</Cell>
            <Cell head>Run</Cell>
            <Cell head>Saga</Cell>
            <Cell head>Venture</Cell>
            <Cell head>Started</Cell>
            <Cell head>Duration</Cell>
            <Cell head>Id</Cell>
          </div>
          {/* biome-ignore lint/a11y/useSemanticElements: see above */}
          <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const run = rows[item.index]
              if (!run) return null
              return (
                <Row
                  key={item.key}
                  index={item.index}
                  top={item.start}
                  height={item.size}
                  run={run}
                  narrow={narrow}
                  selected={selected.has(run.sagaId)}
                  onSelect={onSelect}
                />
              )
            })}
          </div>
          {footer}
        </div>
      </div>
    </div>
  )
}

function Row({
  index,
  top,
  height,
  run,
  narrow,
  selected,
  onSelect,
}: {
  index: number
  top: number
  height: number
  run: SagaListItem
  narrow: boolean
  selected: boolean
  onSelect: (sagaId: string, on: boolean) => void
}) {
  const href = `/runs/${encodeURIComponent(run.sagaId)}`
  const note = noteOf(run)
  // What was rolled back needs nobody; red is for what still does.
  const standing =
    run.status === 'FAILED' || run.status === 'QUARANTINED' || run.waitsFor?.for === 'owner'
  const shared = {
    role: 'row',
    'aria-rowindex': index + 2,
    'aria-selected': selected,
    'data-row': index,
    style: { height, transform: `translateY(${top}px)` },
  }
  if (narrow) {
    return (
      <div {...shared} className="absolute inset-x-0 top-0 border-b bg-surface-1">
        <Cell className="h-full">
          <Link
            href={href}
            prefetch={false}
            className="flex h-full flex-col justify-center gap-0.5 px-4"
          >
            <span className="flex items-center justify-between gap-3">
              <span className="truncate font-medium text-base">{run.name}</span>
              <StatusBadge saga={run.status} />
            </span>
            <span className="flex items-center justify-between gap-3 text-text-3 text-xs">
              <span className="truncate">{note ?? run.ventureName ?? run.definition}</span>
              <RelativeTime at={run.startedAt} className="shrink-0" />
            </span>
          </Link>
        </Cell>
      </div>
    )
  }
  return (
    <div
      {...shared}
      className={cn(
        GRID,
        'group absolute inset-x-0 top-0 border-b',
        selected
          ? 'bg-accent/10 focus-within:bg-accent/16 hover:bg-accent/16'
          : 'bg-surface-1 focus-within:bg-surface-2 hover:bg-surface-2',
      )}
    >
      <Cell className="relative z-1">
        <Checkbox
          label={`Select ${run.name}, ${run.sagaId}`}
          checked={selected}
          onChange={(on) => onSelect(run.sagaId, on)}
        />
      </Cell>
      <Cell>
        <StatusBadge saga={run.status} bare />
      </Cell>
      <Cell className="flex items-baseline gap-2">
        {/* The link covers the row; what must stay clickable lies above it. */}
        <Link
          prefetch={false}
          href={href}
          className="shrink-0 font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent focus-visible:after:-outline-offset-2"
        >
          {run.name}
        </Link>
        {note ? (
          <span className={cn('truncate', standing ? 'text-state-failed' : 'text-text-3')}>
            {note}
          </span>
        ) : null}
      </Cell>
      <Cell className="truncate text-text-2">
        {run.definition}
        <span className="text-text-3"> v{run.version}</span>
      </Cell>
      <Cell className="truncate text-text-2">{run.ventureName ?? '–'}</Cell>
      <Cell className="text-text-2">
        <RelativeTime at={run.startedAt} />
      </Cell>
      <Cell className="text-text-2 tabular-nums">
        <Elapsed from={run.startedAt} to={run.completedAt} />
      </Cell>
      <Cell className="relative z-1 w-fit">
        <Copyable value={run.sagaId} />
      </Cell>
    </div>
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
