'use client'

/**
 * The journal of a run, virtualised: in words (compact or full) or raw. New entries appear at the end; the view follows
 * them only while it stands there.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import type { Entry } from '@/runtime/journal/entry'
import { duration } from '@/runtime/projection/duration'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { JsonView } from '../ui/json-view'
import { TONE_BAR } from '../ui/state'
import { clockTime } from '../ui/time'
import { isSpoken, linesOf, messageWords } from './entry-words'

export type JournalMode = 'compact' | 'full' | 'raw'

const MODES = [
  ['compact', 'Compact'],
  ['full', 'Full'],
  ['raw', 'Raw'],
] as const

export function JournalPanel({
  entries,
  startedAt,
  title,
  mode,
  onMode,
  seq,
  onSeq,
  onStep,
  onOlder,
}: {
  entries: readonly Entry[]
  startedAt: number
  title: (step: string) => string
  mode: JournalMode
  onMode: (mode: JournalMode) => void
  /** The entry the URL points at. */
  seq: number | null
  onSeq: (seq: number | null) => void
  onStep: (step: string) => void
  onOlder: () => Promise<void>
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const shown = useMemo(
    () =>
      mode === 'compact'
        ? entries.filter(
            (entry) => isSpoken(entry.message) || linesOf(entry, title).some((line) => !line.minor),
          )
        : entries,
    [entries, mode, title],
  )
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (mode === 'raw' ? 260 : 46),
    getItemKey: (index) => shown[index]?.seq ?? index,
    overscan: 8,
  })

  const atEnd = useRef(true)
  const count = shown.length
  useEffect(() => {
    if (atEnd.current && seq === null && count > 0) virtual.scrollToIndex(count - 1)
  }, [count, seq, virtual])
  const jumped = useRef<number | null>(null)
  useEffect(() => {
    if (seq === null || jumped.current === seq) return
    const index = shown.findIndex((entry) => entry.seq >= seq)
    if (index < 0) return
    jumped.current = seq
    virtual.scrollToIndex(index, { align: 'center' })
  }, [seq, shown, virtual])

  const oldest = entries[0]?.seq ?? 1
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 items-center gap-2 border-b px-3 py-1.5">
        <fieldset className="flex rounded-md border p-0.5">
          <legend className="sr-only">How to show the journal</legend>
          {MODES.map(([value, label]) => (
            <button
              key={value}
              type="button"
              aria-pressed={mode === value}
              onClick={() => onMode(value)}
              className={cn(
                'h-6 rounded-sm px-2 text-xs',
                mode === value ? 'bg-surface-3 font-medium' : 'text-text-2 hover:text-text',
              )}
            >
              {label}
            </button>
          ))}
        </fieldset>
        <span className="ml-auto text-text-3 text-xs tabular-nums">
          {entries.length.toLocaleString()} entries
        </span>
      </div>
      {oldest > 1 ? (
        <div className="border-b p-1.5 text-center">
          <Button size="sm" variant="ghost" onClick={() => void onOlder()}>
            Load older entries
          </Button>
        </div>
      ) : null}
      <div
        ref={scroller}
        className="min-h-0 flex-1 overflow-auto"
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget
          atEnd.current = scrollHeight - scrollTop - clientHeight < 40
        }}
      >
        <ol className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const entry = shown[item.index]
            if (!entry) return null
            return (
              <li
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={cn(
                  'absolute inset-x-0 top-0 border-b',
                  entry.seq === seq && 'bg-accent/10',
                )}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <EntryRow
                  entry={entry}
                  startedAt={startedAt}
                  mode={mode}
                  title={title}
                  current={entry.seq === seq}
                  onSeq={onSeq}
                  onStep={onStep}
                />
              </li>
            )
          })}
        </ol>
      </div>
    </div>
  )
}

function EntryRow({
  entry,
  startedAt,
  mode,
  title,
  current,
  onSeq,
  onStep,
}: {
  entry: Entry
  startedAt: number
  mode: JournalMode
  title: (step: string) => string
  current: boolean
  onSeq: (seq: number | null) => void
  onStep: (step: string) => void
}) {
  const lines = linesOf(entry, title).filter((line) => mode !== 'compact' || !line.minor)
  const spoken = mode !== 'compact' || isSpoken(entry.message)
  return (
    <div className="grid grid-cols-[4.5rem_1fr] gap-x-2 px-3 py-1.5">
      <button
        type="button"
        aria-label={`Entry ${entry.seq}, ${clockTime(entry.at)}${current ? ', linked' : ''}`}
        aria-pressed={current}
        onClick={() => onSeq(current ? null : entry.seq)}
        className="self-start rounded-sm text-left text-2xs text-text-3 tabular-nums hover:text-text"
        title={clockTime(entry.at)}
      >
        <span className="block leading-5">#{entry.seq}</span>
        <span className="block">+{duration(entry.at - startedAt)}</span>
      </button>
      {mode === 'raw' ? (
        <JsonView label={`Entry ${entry.seq}`} value={entry} />
      ) : (
        <div className="min-w-0">
          {spoken ? <p className="break-words font-medium">{messageWords(entry.message)}</p> : null}
          {lines.map((line, index) => (
            <Line
              // biome-ignore lint/suspicious/noArrayIndexKey: an entry never changes
              key={index}
              tone={TONE_BAR[line.tone]}
              {...(line.step === null ? {} : { onClick: () => onStep(line.step as string) })}
            >
              {line.words}
            </Line>
          ))}
        </div>
      )}
    </div>
  )
}

function Line({
  tone,
  onClick,
  children,
}: {
  tone: string
  onClick?: () => void
  children: ReactNode
}) {
  const content = (
    <>
      <span className={cn('mt-[7px] size-1.5 shrink-0 rounded-full', tone)} aria-hidden />
      <span className="min-w-0 break-words">{children}</span>
    </>
  )
  return onClick ? (
    <button
      type="button"
      onClick={onClick}
      className="flex min-h-6 w-full items-start gap-2 rounded-sm py-0.5 text-left text-text-2 hover:text-text"
    >
      {content}
    </button>
  ) : (
    <p className="flex min-h-6 items-start gap-2 py-0.5 text-text-2">{content}</p>
  )
}
