/**
 * Which verbs fit a run at this moment, and for those that do not, why: the runtime's own rules (runtime/journal/verbs.ts)
 * on what the screen has folded. The runtime decides; this says so beforehand.
 */
import type { Step } from '@/runtime/definition/schema'
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
