/**
 * Which verbs fit a run at this moment, and for those that do not, why: the runtime's own rules (runtime/journal/verbs.ts)
 * on what the screen has folded. The runtime decides; this says so beforehand.
 */
import type { SagaDocument, Step } from '@/runtime/definition/schema'
import {
  cancelRefusal,
  pauseRefusal,
  type Refusal,
  resolveRefusal,
  resumeRefusal,
  retryRefusal,
  rollBackRefusal,
  signalRefusal,
} from '@/runtime/journal/verbs'
import type { RunView } from '@/runtime/projection/run-view'
import { steeredRun } from '@/runtime/projection/steered-run'

export interface RunRefusals {
  pause: Refusal
  resume: Refusal
  cancel: Refusal
  rollBack: Refusal
  signal: Refusal
}

export function refusalsOf(view: RunView, steps: ReadonlyMap<string, Step>): RunRefusals {
  const run = steeredRun(view, steps)
  return {
    pause: pauseRefusal(run),
    resume: resumeRefusal(run),
    cancel: cancelRefusal(run),
    rollBack: rollBackRefusal(run),
    signal: signalRefusal(run),
  }
}

export interface StepRefusals {
  retry: Refusal
  resolve: Refusal
}

export function stepRefusalsOf(
  view: RunView,
  steps: ReadonlyMap<string, Step>,
  step: string,
): StepRefusals {
  const run = steeredRun(view, steps)
  return { retry: retryRefusal(run, step), resolve: resolveRefusal(run, step) }
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
