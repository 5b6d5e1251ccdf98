/** What one decision would do, computed on the saga as it stands: what starts, what is undone in which order, the end. */
import { ArrowRight, Clock, Flag, Play, ShieldAlert, TimerOff, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { duration } from '@/runtime/projection/duration'
import type { AheadItem, DecisionPreview } from '@/runtime/runtime'
import { StatusBadge } from '../ui/badge'
import { cn } from '../ui/cn'
import { RelativeTime } from '../ui/relative-time'
import { inputWords } from './decision-words'

export function PreviewView({
  preview,
  title,
}: {
  preview: DecisionPreview
  title: (step: string) => string
}) {
  if (!preview.allowed) {
    return (
      <p className="rounded-md border px-3 py-2 text-text-2">
        Not possible now: {preview.refusal ?? 'the saga is not in a state for it.'}
      </p>
    )
  }
  // The gate's own deadline ends with any decision; nobody needs to be told.
  const timers = preview.timersCancelled.filter((timer) => !timer.startsWith('gate:'))
  const ranks = [...new Set(preview.compensates.map((undo) => undo.rank))].sort((a, b) => a - b)
  return (
    <div className="flex flex-col divide-y rounded-lg border">
      {preview.ahead.length > 0 ? (
        <Block icon={<Play size={13} aria-hidden />} title="Goes on, in this order">
          <ol className="flex flex-col gap-1.5">
            {preview.ahead.map((item, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a step can come twice, and rows hold no state
              <li key={place}>
                <Ahead item={item} title={title} />
              </li>
            ))}
          </ol>
        </Block>
      ) : null}
      {ranks.length > 0 ? (
        <Block
          icon={<Undo2 size={13} aria-hidden />}
          title="Undoes, in this order"
          tone="text-state-compensating"
        >
          <ol className="flex flex-col gap-1">
            {ranks.map((rank, place) => (
              <li key={rank} className="flex gap-2">
                <span className="w-4 shrink-0 text-right text-text-3 tabular-nums">
                  {place + 1}
                </span>
                <span className="min-w-0">
                  {preview.compensates
                    .filter((undo) => undo.rank === rank)
                    .map((undo) => (
                      <span key={undo.key} className="block break-words">
                        {title(undo.step)}
                        <span className="text-text-3">
                          {' '}
                          · {undo.participant}.{undo.operation}
                        </span>
                      </span>
                    ))}
                </span>
              </li>
            ))}
          </ol>
        </Block>
      ) : null}
      {preview.irreversible.length > 0 ? (
        <Block
          icon={<ShieldAlert size={13} aria-hidden />}
          title="Cannot be undone"
          tone="text-state-failed"
        >
          <p className="font-medium text-state-failed">
            {preview.irreversible.map(title).join(', ')}
          </p>
        </Block>
      ) : null}
      {timers.length > 0 ? (
        <Block icon={<TimerOff size={13} aria-hidden />} title="Stops waiting">
          <ul className="text-text-2">
            {timers.map((timer) => (
              <li key={timer}>{timerWords(timer, title)}</li>
            ))}
          </ul>
        </Block>
      ) : null}
      <Block icon={<Flag size={13} aria-hidden />} title="Then, if every call succeeds">
        <p className="flex flex-wrap items-center gap-1.5">
          <StatusBadge saga={preview.status} />
          {preview.finalStatus === preview.status ? null : (
            <>
              <ArrowRight size={13} className="text-text-3" aria-label="then" />
              <StatusBadge saga={preview.finalStatus} />
            </>
          )}
        </p>
      </Block>
    </div>
  )
}

function Ahead({ item, title }: { item: AheadItem; title: (step: string) => string }) {
  switch (item.t) {
    case 'call': {
      const input = inputWords(item.input)
      return (
        <>
          <span className={cn(item.pivot && 'font-medium text-state-failed')}>
            {title(item.step)}
            {item.pivot ? ' · cannot be undone' : ''}
          </span>
          <span className="text-text-3">
            {' '}
            · {item.participant}.{item.operation}
          </span>
          {input ? <span className="block break-words text-text-2 text-xs">{input}</span> : null}
        </>
      )
    }
    case 'wait':
      return (
        <span className="flex items-center gap-1.5 text-text-2">
          <Clock size={12} className="shrink-0" aria-hidden />
          <span>
            Waits{' '}
            {item.forMs === undefined ? (
              <>
                until <RelativeTime at={item.until ?? 0} />
              </>
            ) : (
              duration(item.forMs)
            )}
            : {title(item.step)}
          </span>
        </span>
      )
    default:
      return (
        <span className="text-text-2">
          {STOPS[item.t]} {title(item.step)}
        </span>
      )
  }
}

/** Where looking ahead ends. */
const STOPS = {
  gate: 'Asks for a decision:',
  signal: 'Waits for a signal:',
  children: 'Starts runs of its own:',
  depends: 'What then happens depends on an answer:',
} as const

function timerWords(timer: string, title: (step: string) => string): string {
  const [kind, ...step] = timer.split(':')
  if (kind === 'saga') return 'The time allowed for the whole run'
  const name = title(step.join(':'))
  switch (kind) {
    case 'retry':
    case 'undo':
      return `The next attempt of ${name}`
    case 'deadline':
      return `The call of ${title(step.join(':').replace(/[#!]\d+$/, ''))}`
    default:
      return name
  }
}

function Block({
  icon,
  title,
  tone = 'text-text-2',
  children,
}: {
  icon: ReactNode
  title: string
  tone?: string
  children: ReactNode
}) {
  return (
    <section className="px-3 py-2">
      <h4 className={cn('mb-1 flex items-center gap-1.5 font-medium text-xs', tone)}>
        {icon}
        {title}
      </h4>
      {children}
    </section>
  )
}
