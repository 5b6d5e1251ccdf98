'use client'

/** The run over time: a row per step, its compensation hatched below it, quiet stretches collapsed and labelled. */
import { duration } from '@/runtime/projection/duration'
import type { RunView } from '@/runtime/projection/run-view'
import {
  type Bar,
  position,
  type Timeline,
  type TimelineRow,
  timelineOf,
} from '@/runtime/projection/timeline'
import { cn } from '../ui/cn'
import { useNow } from '../ui/now'
import { TONE_BAR, type Tone } from '../ui/state'
import { clockTime } from '../ui/time'

export function TimelinePanel({
  view,
  title,
  selected,
  onSelect,
}: {
  view: RunView
  title: (step: string) => string
  selected: string | null
  onSelect: (step: string) => void
}) {
  const now = useNow()
  const timeline = timelineOf(view, view.endedAt ?? now)
  return (
    <div className="min-w-80 p-4">
      <Axis timeline={timeline} />
      <ul className="relative mt-1">
        {timeline.segments
          .filter((segment) => segment.collapsed)
          .map((segment) => (
            <li
              key={segment.from}
              aria-hidden
              className="hatched pointer-events-none absolute inset-y-0 text-border"
              style={placed(segment.x0, segment.x1)}
            />
          ))}
        {timeline.rows.map((row) => (
          <Row
            key={`${row.step} ${row.kind}`}
            row={row}
            timeline={timeline}
            title={title(row.step)}
            selected={row.step === selected}
            onSelect={() => onSelect(row.step)}
          />
        ))}
      </ul>
      <Legend />
    </div>
  )
}

/** The bars' part of a row starts after the titles. */
const LABEL = 9.5

function placed(x0: number, x1: number) {
  return {
    left: `calc(${LABEL}rem + (100% - ${LABEL}rem) * ${x0})`,
    width: `calc((100% - ${LABEL}rem) * ${x1 - x0})`,
  }
}

function Axis({ timeline }: { timeline: Timeline }) {
  return (
    <div className="relative h-9 border-b text-2xs text-text-3 tabular-nums">
      <span className="absolute bottom-1" style={{ left: `${LABEL}rem` }}>
        {clockTime(timeline.start)}
      </span>
      <span className="absolute right-0 bottom-1">+{duration(timeline.end - timeline.start)}</span>
      {timeline.segments
        .filter((segment) => segment.collapsed)
        .map((segment) => (
          <span
            key={segment.from}
            className="-translate-x-1/2 absolute top-0 whitespace-nowrap rounded-sm bg-surface-3 px-1 text-text-2"
            style={{ left: placed((segment.x0 + segment.x1) / 2, 1).left }}
          >
            {duration(segment.to - segment.from)}
          </span>
        ))}
    </div>
  )
}

function Row({
  row,
  timeline,
  title,
  selected,
  onSelect,
}: {
  row: TimelineRow
  timeline: Timeline
  title: string
  selected: boolean
  onSelect: () => void
}) {
  const back = row.kind === 'compensation'
  return (
    <li>
      <button
        type="button"
        onClick={onSelect}
        aria-label={describe(row, title)}
        className={cn(
          'relative block h-6 w-full rounded-sm text-left hover:bg-surface-2',
          selected && 'bg-surface-3 hover:bg-surface-3',
        )}
      >
        <span
          className={cn('block truncate px-1.5 leading-6', back && 'pl-4 text-text-2')}
          style={{ width: `${LABEL}rem` }}
        >
          {back ? `↩ ${row.rank}` : title}
        </span>
        {row.bars.map((bar) => (
          <span
            key={`${bar.kind} ${bar.from}`}
            title={`${bar.word} · ${duration(bar.to - bar.from)}`}
            className={cn(
              'absolute rounded-xs',
              bar.kind === 'call' ? 'top-1.5 h-3' : 'top-[11px] h-0.5 opacity-70',
              bar.kind === 'call' && back
                ? [
                    'hatched border',
                    bar.ok === false
                      ? 'border-state-failed text-state-failed'
                      : 'border-state-compensating text-state-compensating',
                  ]
                    .flat()
                    .join(' ')
                : TONE_BAR[toneOf(bar)],
              bar.open && bar.kind === 'call' && 'animate-pulse',
            )}
            style={{
              ...placed(position(timeline, bar.from), position(timeline, bar.to)),
              minWidth: 3,
            }}
          />
        ))}
      </button>
    </li>
  )
}

function toneOf(bar: Bar): Tone {
  if (bar.kind === 'wait') return bar.word.endsWith('approval') ? 'approval' : 'running'
  if (bar.kind === 'backoff') return 'timed-out'
  if (bar.ok === null) return 'running'
  return bar.ok ? 'completed' : 'failed'
}

function describe(row: TimelineRow, title: string): string {
  const calls = row.bars.filter((bar) => bar.kind === 'call')
  const first = row.bars[0]
  const last = row.bars.at(-1)
  const took = first && last ? duration(last.to - first.from) : 'no time'
  const what = row.kind === 'compensation' ? `Compensation of ${title}, number ${row.rank}` : title
  return `${what}: ${took}${calls.length > 1 ? `, ${calls.length} attempts` : ''}`
}

function Legend() {
  return (
    <p className="mt-4 flex flex-wrap gap-x-4 gap-y-1 text-text-3 text-xs">
      <span className="flex items-center gap-1.5">
        <span className="h-2.5 w-5 rounded-xs bg-state-completed" /> call
      </span>
      <span className="flex items-center gap-1.5">
        <span className="h-2.5 w-5 rounded-xs bg-state-failed" /> failed attempt
      </span>
      <span className="flex items-center gap-1.5">
        <span className="h-0.5 w-5 bg-state-running" /> waiting
      </span>
      <span className="flex items-center gap-1.5">
        <span className="hatched h-2.5 w-5 rounded-xs border border-state-compensating text-state-compensating" />{' '}
        compensation
      </span>
      <span className="flex items-center gap-1.5">
        <span className="hatched h-2.5 w-5 text-border" /> quiet time, collapsed
      </span>
    </p>
  )
}
