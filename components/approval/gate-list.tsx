'use client'

/** The open gates, the most urgent first. */
import type { GateListItem } from '@/server/api/contract'
import { cn } from '../ui/cn'
import { useNow } from '../ui/now'
import { RelativeTime } from '../ui/relative-time'
import { Countdown } from './countdown'
import { groupGates } from './gate-groups'

export function GateList({
  gates,
  selected,
  offsetMs,
  onSelect,
}: {
  gates: readonly GateListItem[]
  selected: string | null
  offsetMs: number
  onSelect: (gateId: string) => void
}) {
  const now = useNow()
  return (
    <div className="flex flex-col">
      {groupGates(gates, now + offsetMs).map((group) => (
        <section key={group.title}>
          <h2 className="sticky top-0 z-10 flex h-8 items-center border-b bg-surface-2 px-4 font-medium text-text-2 text-xs">
            {group.title}
            <span className="ml-1.5 text-text-3 tabular-nums">{group.gates.length}</span>
          </h2>
          <ul>
            {group.gates.map((gate) => (
              <li key={gate.gateId} className="border-b">
                <button
                  type="button"
                  data-gate={gate.gateId}
                  aria-current={gate.gateId === selected}
                  onClick={() => onSelect(gate.gateId)}
                  className={cn(
                    'flex w-full flex-col gap-1 px-4 py-2.5 text-left hover:bg-surface-2 focus-visible:outline-offset-[-2px]',
                    gate.gateId === selected && 'bg-surface-3 hover:bg-surface-3',
                  )}
                >
                  <span className="line-clamp-2 font-medium">{gate.question}</span>
                  <span className="flex items-center justify-between gap-3 text-text-2 text-xs">
                    <span className="truncate">{gate.ventureName ?? gate.sagaName}</span>
                    {gate.dueAt ? (
                      <Countdown
                        openedAt={gate.openedAt.getTime()}
                        dueAt={gate.dueAt.getTime()}
                        offsetMs={offsetMs}
                        className="shrink-0"
                      />
                    ) : (
                      <span className="shrink-0">
                        opened <RelativeTime at={gate.openedAt} />
                      </span>
                    )}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
