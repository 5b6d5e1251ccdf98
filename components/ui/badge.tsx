/** Chips: a neutral or toned label, and the status badge with its icon, word and colour. */
import type { ReactNode } from 'react'
import type { SagaStatus } from '@/runtime/journal/entry'
import type { CompensationState, StepState } from '@/runtime/projection/run-view'
import { cn } from './cn'
import { Spinner } from './spinner'
import {
  COMPENSATION_LOOK,
  SAGA_LOOK,
  STEP_LOOK,
  type StateLook,
  TONE_FILL,
  TONE_TEXT,
  type Tone,
} from './state'

export function Badge({
  tone = 'idle',
  icon,
  children,
  className,
}: {
  tone?: Tone
  icon?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <span
      className={cn(
        'inline-flex h-5 shrink-0 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 font-medium text-xs',
        TONE_FILL[tone],
        tone === 'idle' ? 'text-text-2' : TONE_TEXT[tone],
        className,
      )}
    >
      {icon}
      {children}
    </span>
  )
}

/** A saga's, a step's or a compensation's state. `bare` leaves out the fill, for dense tables. */
export function StatusBadge({
  bare = false,
  className,
  ...of
}: {
  bare?: boolean
  className?: string
} & ({ saga: SagaStatus } | { step: StepState } | { compensation: CompensationState })) {
  const look = lookOf(of)
  const icon = <StateIcon look={look} />
  if (!bare) {
    return (
      <Badge tone={look.tone} icon={icon} className={className ?? ''}>
        {look.word}
      </Badge>
    )
  }
  return (
    <span className={cn('flex items-center gap-1.5 whitespace-nowrap', className)}>
      <span className={TONE_TEXT[look.tone]}>{icon}</span>
      {look.word}
    </span>
  )
}

export function StateIcon({ look, size = 13 }: { look: StateLook; size?: number }) {
  const Icon = look.icon
  return (
    <span className="grid shrink-0 place-items-center" style={{ width: size, height: size }}>
      {Icon ? (
        <Icon size={size} strokeWidth={2.25} aria-hidden />
      ) : (
        <Spinner className="size-full" />
      )}
    </span>
  )
}

function lookOf(
  of: { saga: SagaStatus } | { step: StepState } | { compensation: CompensationState },
): StateLook {
  if ('saga' in of) return SAGA_LOOK[of.saga]
  if ('step' in of) return STEP_LOOK[of.step]
  return COMPENSATION_LOOK[of.compensation]
}
