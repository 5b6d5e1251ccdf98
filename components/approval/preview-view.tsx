/** What one decision would do, computed on the saga as it stands: what starts, what is undone in which order, the end. */
import { ArrowRight, Flag, Play, ShieldAlert, TimerOff, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { DecisionPreview } from '@/runtime/runtime'
import { StatusBadge } from '../ui/badge'
import { cn } from '../ui/cn'

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
  const ranks = [...new Set(preview.compensates.map((undo) => undo.rank))].sort((a, b) => a - b)
  return (
    <div className="flex flex-col divide-y rounded-lg border">
      {preview.starts.length > 0 ? (
        <Block icon={<Play size={13} aria-hidden />} title="Starts at once">
          <ul>
            {preview.starts.map((start) => (
              <li key={start.step}>
                {title(start.step)}
                {start.participant ? (
                  <span className="text-text-3">
                    {' '}
                    · {start.participant}.{start.operation}
                  </span>
                ) : null}
              </li>
            ))}
          </ul>
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
      {preview.timersCancelled.length > 0 ? (
        <Block icon={<TimerOff size={13} aria-hidden />} title="Stops waiting">
          <p className="text-text-2">
            {preview.timersCancelled.length}{' '}
            {preview.timersCancelled.length === 1 ? 'timer' : 'timers'}
          </p>
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
