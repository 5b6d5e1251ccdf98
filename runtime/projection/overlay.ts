/**
 * A run's state on the drawing: for each entered step what the canvas shows on its node. An unchanged step yields the
 * same object, so a live run redraws only the nodes that changed.
 */
import { duration } from './duration'
import {
  type CompensationState,
  type CompensationView,
  itemsEnded,
  type RunView,
  type StepState,
  type StepView,
} from './run-view'

/** A colour's name: the suffix of the `--color-state-…` tokens. */
export type OverlayTone =
  | 'running'
  | 'completed'
  | 'failed'
  | 'compensating'
  | 'compensated'
  | 'approval'
  | 'paused'
  | 'timed-out'
  | 'cancelled'

export interface StepOverlay {
  state: OverlayTone
  /** The word beside the colour; short, because it stands beside the title. */
  label: string
  /** From the second attempt on. */
  attempt?: number
  /** The way out that was taken: `next`, `branch:1`, `otherwise`, `timeout`. */
  taken?: string
  compensation?: { state: OverlayTone; rank: number; label: string }
}

const STEP_TONES: Record<StepState, OverlayTone> = {
  pending: 'running',
  running: 'running',
  retrying: 'timed-out',
  waiting: 'running',
  approval: 'approval',
  completed: 'completed',
  failed: 'failed',
  unknown: 'timed-out',
  cancelled: 'cancelled',
}

const COMPENSATION_TONES: Record<CompensationState, OverlayTone> = {
  compensating: 'compensating',
  retrying: 'compensating',
  compensated: 'compensated',
  exhausted: 'failed',
  resolved: 'compensated',
}

const made = new WeakMap<StepView, StepOverlay>()

/** Steps that were not reached are not in it. */
export function overlayOf(view: RunView): Map<string, StepOverlay> {
  const overlay = new Map<string, StepOverlay>()
  for (const [id, step] of view.steps) overlay.set(id, overlayOfStep(step))
  return overlay
}

function overlayOfStep(step: StepView): StepOverlay {
  let overlay = made.get(step)
  if (!overlay) {
    const taken = takenOf(step)
    overlay = {
      state: step.stuck ? 'paused' : STEP_TONES[step.state],
      label: labelOf(step),
      ...(step.attemptsTotal > 1 ? { attempt: step.attemptsTotal } : {}),
      ...(taken ? { taken } : {}),
      ...(step.compensation ? { compensation: undoOf(step.compensation) } : {}),
    }
    made.set(step, overlay)
  }
  return overlay
}

function undoOf(undo: CompensationView): NonNullable<StepOverlay['compensation']> {
  return {
    state: COMPENSATION_TONES[undo.state],
    rank: undo.rank,
    label: undoLabelOf(undo),
  }
}

function undoLabelOf(undo: CompensationView): string {
  switch (undo.state) {
    case 'compensating':
      return undo.attemptsTotal > 1 ? `Attempt ${undo.attemptsTotal}` : 'Compensating'
    case 'retrying':
      return 'Retrying'
    case 'compensated':
      return 'Compensated'
    case 'exhausted':
      return 'Gave up'
    case 'resolved':
      return 'By hand'
    default:
      return undo.state satisfies never
  }
}

function takenOf(step: StepView): string | null {
  if (step.choice) {
    return step.choice.branch === 'otherwise' ? 'otherwise' : `branch:${step.choice.branch}`
  }
  return step.state === 'completed' ? 'next' : null
}

function labelOf(step: StepView): string {
  if (step.items !== null && step.state === 'running') {
    return `${itemsEnded(step)} of ${step.items} items`
  }
  switch (step.state) {
    case 'pending':
      return 'Not started'
    case 'running':
      return 'Running'
    case 'completed': {
      const took = (step.endedAt ?? step.startedAt) - step.startedAt
      return took > 0 ? `Done ${duration(took)}` : 'Done'
    }
    case 'failed':
      return step.stuck ? 'Stuck' : 'Failed'
    case 'unknown':
      return 'May have happened'
    case 'retrying':
      return 'Retrying'
    case 'waiting':
      return step.waitingFor?.for === 'timer' ? 'Timer' : 'Waiting'
    case 'approval':
      return 'Approval'
    case 'cancelled':
      return 'Stopped'
    default:
      return step.state satisfies never
  }
}
