/**
 * A run's state on the drawing: for each entered step what the canvas shows on its node. An unchanged step yields the
 * same object, so a live run redraws only the nodes that changed.
 */
import { duration } from './duration'
import type { CompensationState, RunView, StepState, StepView } from './run-view'

export interface StepOverlay {
  state: StepState
  /** From the second attempt on. */
  attempt?: number
  /** Few words: how long it took, what it waits for, the failure's code. */
  label?: string
  compensation?: { state: CompensationState; rank: number }
  /** Of a choice: the port that was taken (`branch:<n>` or `otherwise`). */
  port?: string
}

const made = new WeakMap<StepView, StepOverlay>()

export function overlayOf(view: RunView): Map<string, StepOverlay> {
  const overlay = new Map<string, StepOverlay>()
  for (const [id, step] of view.steps) overlay.set(id, overlayOfStep(step))
  return overlay
}

function overlayOfStep(step: StepView): StepOverlay {
  let overlay = made.get(step)
  if (!overlay) {
    const label = labelOf(step)
    overlay = {
      state: step.state,
      ...(step.attemptsTotal > 1 ? { attempt: step.attemptsTotal } : {}),
      ...(label ? { label } : {}),
      ...(step.compensation
        ? { compensation: { state: step.compensation.state, rank: step.compensation.rank } }
        : {}),
      ...(step.choice
        ? {
            port: step.choice.branch === 'otherwise' ? 'otherwise' : `branch:${step.choice.branch}`,
          }
        : {}),
    }
    made.set(step, overlay)
  }
  return overlay
}

function labelOf(step: StepView): string | null {
  if (step.items !== null) {
    const done = step.children.filter((child) => child.endedAt !== null).length
    return `${done} of ${step.items} items`
  }
  switch (step.state) {
    case 'completed':
      return step.endedAt === null ? null : duration(step.endedAt - step.startedAt)
    case 'failed':
    case 'retrying':
      return step.error?.code ?? null
    case 'waiting':
      return step.waitingFor ? `for a ${step.waitingFor.for}` : null
    case 'approval':
      return 'for a decision'
    case 'pending':
    case 'running':
    case 'cancelled':
      return null
    default:
      return step.state satisfies never
  }
}
