'use client'

/** One line in the navigation: does the runtime run? In words, with a dot. */
import type { Health } from '@/runtime/runtime'
import { cn } from '../ui/cn'
import { Tooltip } from '../ui/tooltip'
import { useShell } from './shell-counts'

const LOOK: Record<Health['status'] | 'unreachable', { word: string; dot: string }> = {
  active: { word: 'Runtime active', dot: 'bg-state-completed' },
  starting: { word: 'Runtime starting', dot: 'bg-state-running' },
  standby: { word: 'Runtime on standby', dot: 'bg-state-running' },
  degraded: { word: 'Runtime degraded', dot: 'bg-state-compensating' },
  stopped: { word: 'Runtime stopped', dot: 'bg-state-failed' },
  unreachable: { word: 'Server unreachable', dot: 'bg-state-failed' },
}

export function HealthLine({ compact = false }: { compact?: boolean }) {
  const { data, isError } = useShell()
  const status = isError ? 'unreachable' : (data?.health.status ?? null)
  if (status === null) return <span className="h-6" />
  const look = LOOK[status]
  const detail = data
    ? `${look.word}${data.health.reason === null ? '' : `: ${data.health.reason}`}. Worker ${data.health.workerId.slice(0, 12)}, epoch ${data.health.epoch}, ${data.health.shards} shards, ${data.health.pendingMessages} messages pending.`
    : look.word
  return (
    <Tooltip text={detail} side="right">
      <a
        href="/settings?tab=system"
        className="flex h-6 items-center gap-2 rounded-sm px-2 text-text-3 text-xs hover:text-text"
      >
        <span className={cn('size-1.5 shrink-0 rounded-full', look.dot)} aria-hidden />
        <span className={compact ? 'sr-only' : 'truncate'}>{look.word}</span>
      </a>
    </Tooltip>
  )
}
