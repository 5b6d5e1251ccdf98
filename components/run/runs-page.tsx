'use client'

import { useQuery } from '@tanstack/react-query'
/** `/runs`: every run, filtered by what is in the URL. */
import { Activity, Play, Search } from 'lucide-react'
import { debounce, parseAsBoolean, useQueryState, useQueryStates } from 'nuqs'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTRPC } from '../api'
import { useActions } from '../shell/actions'
import { useRefusal } from '../shell/me'
import { PageBar } from '../shell/page-bar'
import { Button, ButtonLink } from '../ui/button'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Input } from '../ui/input'
import { LiveMark } from '../ui/live-mark'
import { SkeletonRows } from '../ui/skeleton'
import { Tabs } from '../ui/tabs'
import { BulkBar } from './bulk-bar'
import { FilterSelect } from './filter-select'
import { countOf, filterParsers, PRESETS, SINCE } from './run-filters'
import { RunsTable } from './runs-table'
import { StartRun } from './start-run'
import { StuckBanner } from './stuck-banner'
import { useRuns } from './use-runs'

export function RunsPage() {
  const trpc = useTRPC()
  const [filters, setFilters] = useQueryStates(filterParsers)
  const [starting, setStarting] = useQueryState('start', parseAsBoolean.withDefault(false))
  const runs = useRuns(filters)
  const definitions = useQuery(trpc.definitions.list.queryOptions({ limit: 200 }))
  const ventures = useQuery(trpc.ventures.list.queryOptions({ limit: 200 }))
  const refusal = useRefusal()('saga:start')
  const search = useRef<HTMLInputElement>(null)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())

  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter is another list, with nothing selected
  useEffect(() => setSelected(new Set()), [filters])

  const { list, rows } = runs
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const onSelect = useCallback((sagaId: string, on: boolean) => {
    setSelected((before) => {
      const next = new Set(before)
      if (on) next.add(sagaId)
      else next.delete(sagaId)
      return next
    })
  }, [])
  const chosen = useMemo(() => rows.filter((row) => selected.has(row.sagaId)), [rows, selected])
  const filtered =
    filters.definition !== null ||
    filters.venture !== null ||
    filters.since !== null ||
    filters.q !== ''
  const clear = () => setFilters({ definition: null, venture: null, since: null, q: '' })

  useActions([
    {
      id: 'runs.start',
      title: 'Start a run…',
      group: 'Runs',
      keys: 'c',
      disabledReason: refusal,
      run: () => void setStarting(true),
    },
    {
      id: 'runs.search',
      title: 'Search the runs',
      group: 'Runs',
      keys: '/',
      run: () => search.current?.focus(),
    },
    {
      id: 'runs.clear',
      title: 'Clear the selection',
      group: 'List of runs',
      keys: 'escape',
      keysOnly: true,
      run: () => setSelected(new Set()),
    },
  ])

  return (
    <>
      <PageBar title="Runs" after={<LiveMark connection={runs.connection} heardAt={null} />}>
        <Button
          variant="primary"
          icon={<Play size={14} aria-hidden />}
          disabledReason={refusal}
          onClick={() => void setStarting(true)}
        >
          Start a run
        </Button>
      </PageBar>
      <StuckBanner />
      <Tabs
        label="Status"
        value={filters.tab}
        onChange={(tab) => void setFilters({ tab })}
        items={PRESETS.map((preset) => ({
          value: preset.value,
          label: preset.label,
          count: runs.counts ? countOf(preset.value, runs.counts) : undefined,
        }))}
        className="min-h-0 flex-1 bg-surface-1"
      >
        <search className="flex shrink-0 items-center gap-2 border-b px-4 py-2 max-md:overflow-x-auto">
          <div className="w-48 shrink-0 md:w-64">
            <Input
              ref={search}
              type="search"
              aria-label="Search runs by id, name or failure"
              placeholder="Id, name or failure"
              icon={<Search size={14} aria-hidden />}
              value={filters.q}
              maxLength={200}
              onChange={(event) =>
                void setFilters({ q: event.target.value }, { limitUrlUpdates: debounce(250) })
              }
              quiet
            />
          </div>
          <FilterSelect
            name="Saga"
            any="Any saga"
            value={filters.definition}
            onChange={(definition) => void setFilters({ definition })}
            options={(definitions.data?.items ?? []).map((item) => ({
              value: item.name,
              label: item.title,
            }))}
          />
          <FilterSelect
            name="Venture"
            any="Any venture"
            value={filters.venture}
            onChange={(venture) => void setFilters({ venture })}
            options={(ventures.data?.items ?? []).map((item) => ({
              value: item.id,
              label: item.name,
            }))}
          />
          <FilterSelect
            name="Started"
            any="Any time"
            value={filters.since}
            onChange={(since) =>
              void setFilters({
                since: SINCE.find((candidate) => candidate.value === since)?.value ?? null,
              })
            }
            options={SINCE}
          />
          {filtered ? (
            <Button size="sm" variant="ghost" onClick={() => void clear()}>
              Clear filters
            </Button>
          ) : null}
        </search>
        <div className="relative flex min-h-0 flex-1 flex-col">
          {runs.fresh > 0 && rows.length > 0 ? (
            <button
              type="button"
              onClick={() => void runs.showFresh()}
              className="-translate-x-1/2 absolute top-10 left-1/2 z-20 rounded-full bg-accent-fill px-3 py-1 font-medium text-white text-xs shadow-popover hover:bg-accent-fill-hover"
            >
              {runs.fresh >= 100 ? '99+' : runs.fresh} new {runs.fresh === 1 ? 'run' : 'runs'}
            </button>
          ) : null}
          {list.isPending ? (
            <SkeletonRows rows={12} />
          ) : list.isError && rows.length === 0 ? (
            <ErrorState
              what="load the runs"
              error={{ message: errorWords(list.error) }}
              onRetry={() => void list.refetch()}
            />
          ) : rows.length === 0 ? (
            <NoRuns
              filtered={filtered || filters.tab !== 'all'}
              fresh={runs.fresh}
              onFresh={() => void runs.showFresh()}
              onClear={() => void setFilters(null)}
              onStart={() => void setStarting(true)}
              refusal={refusal}
            />
          ) : (
            <RunsTable
              rows={rows}
              total={runs.counts ? countOf(filters.tab, runs.counts) : null}
              selected={selected}
              onSelect={onSelect}
              onSelectAll={(on) =>
                setSelected(on ? new Set(rows.map((row) => row.sagaId)) : new Set())
              }
              onEnd={onEnd}
              footer={isFetchingNextPage ? <SkeletonRows rows={3} /> : null}
            />
          )}
        </div>
      </Tabs>
      <BulkBar runs={chosen} onClear={() => setSelected(new Set())} />
      <StartRun
        open={starting}
        onOpenChange={(open) => void setStarting(open)}
        definition={filters.definition}
      />
    </>
  )
}

function NoRuns({
  filtered,
  fresh,
  onFresh,
  onClear,
  onStart,
  refusal,
}: {
  filtered: boolean
  fresh: number
  onFresh: () => void
  onClear: () => void
  onStart: () => void
  refusal: string | null
}) {
  if (fresh > 0) {
    return (
      <EmptyState
        icon={<Activity size={24} aria-hidden />}
        title={`${fresh} new ${fresh === 1 ? 'run' : 'runs'}`}
        action={
          <Button variant="primary" onClick={onFresh}>
            Show
          </Button>
        }
      />
    )
  }
  if (filtered) {
    return (
      <EmptyState
        icon={<Search size={24} aria-hidden />}
        title="No run matches"
        action={<Button onClick={onClear}>Show all runs</Button>}
      >
        Every filter must fit. Loosen one, or start over.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      icon={<Activity size={24} aria-hidden />}
      title="Start your first run"
      action={
        <>
          <Button variant="primary" disabledReason={refusal} onClick={onStart}>
            Start a run
          </Button>
          <ButtonLink href="/sagas">See the sagas</ButtonLink>
        </>
      }
    >
      A run is one saga at work: each step, each retry and, when it fails, each way back shows here
      live.
    </EmptyState>
  )
}
