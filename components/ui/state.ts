/**
 * How each state of a saga, a step or a compensation is shown: a word, an icon and a colour, always together. Colours
 * come in families: blue in flight, green done, red failed, amber and violet on the way back, grey not going.
 */
import {
  Ban,
  Check,
  CircleDashed,
  CircleHelp,
  Clock,
  Hand,
  type LucideIcon,
  Pause,
  RotateCcw,
  ShieldAlert,
  Undo2,
  UserRound,
  X,
} from 'lucide-react'
import type { SagaStatus } from '@/runtime/journal/entry'
import type { CompensationState, StepState } from '@/runtime/projection/run-view'

/** The suffix of a `--color-state-…` token; `idle` has no colour of its own. */
export type Tone =
  | 'running'
  | 'completed'
  | 'failed'
  | 'compensating'
  | 'compensated'
  | 'approval'
  | 'paused'
  | 'timed-out'
  | 'cancelled'
  | 'idle'

export interface StateLook {
  word: string
  tone: Tone
  /** Null: a turning arc. */
  icon: LucideIcon | null
}

export const SAGA_LOOK: Record<SagaStatus, StateLook> = {
  PENDING: { word: 'Pending', tone: 'idle', icon: CircleDashed },
  RUNNING: { word: 'Running', tone: 'running', icon: null },
  COMPENSATING: { word: 'Compensating', tone: 'compensating', icon: Undo2 },
  PAUSED: { word: 'Paused', tone: 'paused', icon: Pause },
  COMPLETED: { word: 'Completed', tone: 'completed', icon: Check },
  ROLLED_BACK: { word: 'Rolled back', tone: 'compensated', icon: Undo2 },
  FAILED: { word: 'Failed', tone: 'failed', icon: X },
  QUARANTINED: { word: 'Quarantined', tone: 'failed', icon: ShieldAlert },
}

export const STEP_LOOK: Record<StepState, StateLook> = {
  pending: { word: 'Not started', tone: 'idle', icon: CircleDashed },
  running: { word: 'Running', tone: 'running', icon: null },
  retrying: { word: 'Waiting to retry', tone: 'timed-out', icon: RotateCcw },
  waiting: { word: 'Waiting', tone: 'running', icon: Clock },
  approval: { word: 'Waiting for approval', tone: 'approval', icon: UserRound },
  completed: { word: 'Completed', tone: 'completed', icon: Check },
  failed: { word: 'Failed', tone: 'failed', icon: X },
  unknown: { word: 'May have happened', tone: 'timed-out', icon: CircleHelp },
  cancelled: { word: 'Stopped', tone: 'cancelled', icon: Ban },
}

/** A step whose outcome nobody knows: never a failure, and never a success. */
export const UNKNOWN_LOOK: StateLook = {
  word: 'May have happened',
  tone: 'timed-out',
  icon: CircleHelp,
}

export const COMPENSATION_LOOK: Record<CompensationState, StateLook> = {
  compensating: { word: 'Compensating', tone: 'compensating', icon: Undo2 },
  retrying: { word: 'Compensation waits to retry', tone: 'compensating', icon: RotateCcw },
  compensated: { word: 'Compensated', tone: 'compensated', icon: Undo2 },
  exhausted: { word: 'Compensation exhausted', tone: 'failed', icon: ShieldAlert },
  resolved: { word: 'Compensated by hand', tone: 'compensated', icon: Hand },
}

/** Literal class names, so that the stylesheet's build finds them. */
export const TONE_TEXT: Record<Tone, string> = {
  running: 'text-state-running',
  completed: 'text-state-completed',
  failed: 'text-state-failed',
  compensating: 'text-state-compensating',
  compensated: 'text-state-compensated',
  approval: 'text-state-approval',
  paused: 'text-state-paused',
  'timed-out': 'text-state-timed-out',
  cancelled: 'text-state-cancelled',
  idle: 'text-text-3',
}

/** The hue at 10 % in light and 12 % in dark. */
export const TONE_FILL: Record<Tone, string> = {
  running: 'bg-state-running/10 dark:bg-state-running/12',
  completed: 'bg-state-completed/10 dark:bg-state-completed/12',
  failed: 'bg-state-failed/10 dark:bg-state-failed/12',
  compensating: 'bg-state-compensating/10 dark:bg-state-compensating/12',
  compensated: 'bg-state-compensated/10 dark:bg-state-compensated/12',
  approval: 'bg-state-approval/10 dark:bg-state-approval/12',
  paused: 'bg-state-paused/10 dark:bg-state-paused/12',
  'timed-out': 'bg-state-timed-out/10 dark:bg-state-timed-out/12',
  cancelled: 'bg-state-cancelled/10 dark:bg-state-cancelled/12',
  idle: 'bg-surface-3',
}

export const TONE_BAR: Record<Tone, string> = {
  running: 'bg-state-running',
  completed: 'bg-state-completed',
  failed: 'bg-state-failed',
  compensating: 'bg-state-compensating',
  compensated: 'bg-state-compensated',
  approval: 'bg-state-approval',
  paused: 'bg-state-paused',
  'timed-out': 'bg-state-timed-out',
  cancelled: 'bg-state-cancelled',
  idle: 'bg-border-control',
}
