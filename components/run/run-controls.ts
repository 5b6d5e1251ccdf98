/**
 * Which verbs fit a run at this moment, and for those that do not, why. The runtime decides; this says so beforehand.
 */

import type { SagaDocument, Step } from '@/runtime/definition/schema'
import { type SagaStatus, TERMINAL } from '@/runtime/journal/entry'
import type { RunView, StepView } from '@/runtime/projection/run-view'

/** Null: it can be done. */
export type Refusal = string | null

export interface RunRefusals {
  pause: Refusal
  resume: Refusal
  cancel: Refusal
  rollBack: Refusal
  signal: Refusal
}

const WORD: Record<SagaStatus, string> = {
  PENDING: 'has not started yet',
  RUNNING: 'is running',
  COMPENSATING: 'is compensating already',
  PAUSED: 'is paused already',
  COMPLETED: 'has completed',
  ROLLED_BACK: 'is rolled back',
  FAILED: 'has ended as failed',
  QUARANTINED: 'is in quarantine',
}

export function refusalsOf(view: RunView, steps: ReadonlyMap<string, Step>): RunRefusals {
  const { status } = view
  const ended = TERMINAL.includes(status)
  const unwinding = view.cause !== null && !ended
  const is = `The run ${WORD[status]}`
  return {
    pause: ended || status === 'PAUSED' || status === 'QUARANTINED' ? is : null,
    resume: status === 'PAUSED' ? null : `${is}; only a paused one resumes`,
    cancel:
      ended || status === 'QUARANTINED'
        ? is
        : unwinding
          ? 'The run is compensating already'
          : pastPivot(view, steps),
    rollBack: status === 'ROLLED_BACK' ? 'Everything is compensated already' : null,
    signal: ended || unwinding || status === 'QUARANTINED' ? `${is} and takes no signals` : null,
  }
}

function pastPivot(view: RunView, steps: ReadonlyMap<string, Step>): Refusal {
  for (const [id, step] of steps) {
    if (step.type !== 'action' || step.effect !== 'pivot') continue
    const state = view.steps.get(id)?.state
    const title = step.title ?? id
    if (state === 'completed') {
      return `Past its pivot “${title}” the way is forward. Roll it back to undo what can be undone.`
    }
    if (state === 'running' || state === 'waiting') {
      return `Its pivot “${title}” is being committed. Try again when its outcome is known.`
    }
  }
  return null
}

export function retryRefusal(step: StepView | undefined): Refusal {
  if (!step) return 'This step has not been reached'
  const undo = step.compensation?.state
  if (undo === 'exhausted' || undo === 'retrying') return null
  if (step.stuck || step.state === 'retrying') return null
  return 'Only a step that waits for a retry, is stuck, or whose compensation is exhausted can be retried'
}

export function resolveRefusal(
  view: RunView,
  step: StepView | undefined,
  definition: Step | undefined,
): Refusal {
  if (!step) return 'This step has not been reached'
  if (step.compensation?.state === 'exhausted') return null
  const stands =
    definition?.type === 'action' &&
    definition.effect !== 'readonly' &&
    step.state === 'completed' &&
    step.compensation?.state !== 'compensated' &&
    step.compensation?.state !== 'resolved'
  if (view.status === 'QUARANTINED' && stands) return null
  return 'Only an exhausted compensation, or an effect left standing in quarantine, can be resolved by hand'
}

/** Every step of a document by id, nested regions included. */
export function stepsOf(document: SagaDocument): Map<string, Step> {
  const steps = new Map<string, Step>()
  const walk = (region: { steps: Record<string, Step> }) => {
    for (const [id, step] of Object.entries(region.steps)) {
      steps.set(id, step)
      if (step.type === 'parallel') for (const branch of Object.values(step.branches)) walk(branch)
      if (step.type === 'map') walk(step.region)
    }
  }
  walk(document)
  return steps
}
