/**
 * A run as the rules of verbs see it (journal/verbs.ts): the same facts that the runtime has in its snapshot, found in
 * the view that screens fold from the journal. The document says which steps are pivots and which only read.
 */
import type { Step } from '../definition/schema'
import {
  childrenRefusal,
  resolveRefusal,
  retryRefusal,
  type SteeredSaga,
  type SteeredStep,
} from '../journal/verbs'
import type { RunView, StepView } from './run-view'

/** Children that a step may have replaced (SAGA_LIMITS of the runtime). */
const EARLIER_CHILDREN = 10_000

export function steeredRun(view: RunView, steps: ReadonlyMap<string, Step>): SteeredSaga {
  const title = (id: string) => `“${steps.get(id)?.title ?? id}”`
  return {
    name: 'The run',
    title,
    status: view.status,
    pausedFrom: view.pausedFrom,
    unwinding: view.unwinding,
    pivot: findPivot(view, steps, (step) => step.state === 'completed'),
    pivoting: findPivot(view, steps, isCalling),
    parent: view.parent,
    step: (id) => {
      const step = view.steps.get(id)
      return step && steeredStep(step, steps.get(id), title(id))
    },
    stuck: () => view.order.filter((id) => view.steps.get(id)?.stuck),
  }
}

/** The steps of a run that can be retried, or resolved by hand, now; in the order in which they were entered. */
export function stepsThatTake(
  verb: 'retryStep' | 'resolveStep',
  view: RunView,
  steps: ReadonlyMap<string, Step>,
): string[] {
  const run = steeredRun(view, steps)
  const refusal = verb === 'retryStep' ? retryRefusal : resolveRefusal
  return view.order.filter((id) => refusal(run, id) === null)
}

function findPivot(
  view: RunView,
  steps: ReadonlyMap<string, Step>,
  is: (step: StepView) => boolean,
): string | null {
  for (const [id, step] of steps) {
    if (step.type !== 'action' || step.effect !== 'pivot') continue
    const seen = view.steps.get(id)
    if (seen && is(seen)) return id
  }
  return null
}

/** Its result is still to come, or waits until the run resumes. */
function isCalling(step: StepView): boolean {
  const last = step.attempts.at(-1)
  return last !== undefined && last.endedAt === null
}

const STATES: Record<StepView['state'], SteeredStep['state']> = {
  pending: 'pending',
  running: 'running',
  retrying: 'retrying',
  waiting: 'waiting',
  approval: 'waiting',
  completed: 'completed',
  failed: 'failed',
  unknown: 'unknown',
  cancelled: 'stopped',
}

const UNDOS = {
  compensating: 'running',
  retrying: 'retrying',
  compensated: 'completed',
  exhausted: 'exhausted',
  resolved: 'completed',
} as const

function steeredStep(step: StepView, definition: Step | undefined, title: string): SteeredStep {
  return {
    state: STATES[step.state],
    undo: step.compensation && UNDOS[step.compensation.state],
    stuck: step.stuck,
    get stands() {
      return isStanding(step, definition)
    },
    get notAgain() {
      return childrenRefusal({
        name: 'The run',
        step: title,
        current: step.children.filter(({ replaced }) => !replaced).map(known),
        earlier: step.children.filter(({ replaced }) => replaced).map(known),
        max: EARLIER_CHILDREN,
      })
    },
  }
}

/** A child that runs has no status yet in its parent's snapshot. */
const known = (child: StepView['children'][number]) => ({
  id: child.sagaId,
  status: child.endedAt === null ? null : child.status,
  ...(child.spent ? { spent: child.spent } : {}),
})

function isStanding(step: StepView, definition: Step | undefined): boolean {
  const undo = step.compensation?.state
  if (undo === 'compensated' || undo === 'resolved') return false
  if (definition?.type !== 'action') return step.children.some(({ status }) => status === 'FAILED')
  if (definition.effect === 'readonly') return false
  return step.state === 'completed' || step.state === 'unknown'
}
