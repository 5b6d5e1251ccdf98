/**
 * What a run needs people to know at this moment, in words: what happened, why, and what happens next. Null while there is
 * nothing beyond its status.
 */
import type { Step } from '@/runtime/definition/schema'
import type { RunView, StepView, TurnView } from '@/runtime/projection/run-view'
import type { WaitsFor } from '@/server/api/contract'
import type { Tone } from '../ui/state'
import { waitWords } from './run-note'

export interface RunNews {
  tone: Tone
  title: string
  why: string | null
  next: string
  /** The step it is about. */
  step: string | null
  /** A gate waits for a decision. */
  gate: string | null
  /** The run that it waits for. */
  run?: string
}

/** `waits`: the descendant for whom the run waits. */
export function newsOf(
  view: RunView,
  steps: ReadonlyMap<string, Step>,
  waits: WaitsFor | null = null,
): RunNews | null {
  const title = (id: string) => `“${steps.get(id)?.title ?? id}”`
  const undone = [...view.steps.values()].filter(
    (step) => step.compensation?.state === 'compensated' || step.compensation?.state === 'resolved',
  ).length
  const cause = view.cause ?? view.turn
  const gate = view.gates.findLast((candidate) => candidate.closedAt === null)
  const all = [...view.steps.values()]
  const given = all.filter((step) => step.compensation?.state === 'exhausted')
  const exhausted = given[0]
  const standing = all.find((step) => step.state === 'unknown')
  const base = { step: cause?.step ?? null, gate: null }

  switch (view.status) {
    case 'COMPENSATING':
      if (gate) return gateNews(gate)
      if (waits) return waitNews(waits)
      return {
        ...base,
        tone: 'compensating',
        title: causeWords(cause, title),
        why: whyOf(cause),
        next: `${undoRetry(view, title)}Compensating: ${undone} of ${view.compensations.length || 1} started so far ${undone === 1 ? 'is' : 'are'} done. Nothing has to be done unless one gives up.`,
      }
    case 'PAUSED':
      return {
        tone: 'paused',
        title: view.turn?.by?.actor ? `Paused by ${view.turn.by.actor.name}` : 'Paused',
        why: view.turn?.reason ?? null,
        next: view.turn?.step
          ? 'Mend the cause, then retry the step or resume the run.'
          : gate
            ? 'The gate is still open: decide, or resume the run.'
            : 'Timers are frozen. Resume it to go on where it stopped.',
        step: view.turn?.step ?? null,
        gate: gate?.gate ?? null,
      }
    case 'QUARANTINED':
      return {
        tone: 'failed',
        title: 'In quarantine: this run needs an owner',
        why: exhausted
          ? `Could not be undone: ${given.map((step) => title(step.step)).join(', ')}. ${exhausted.compensation?.error?.code ?? ''}: ${exhausted.compensation?.error?.message ?? ''}`
          : (view.turn?.reason ?? null),
        next: exhausted
          ? 'Nothing moves by itself. Retry the compensation, or undo the effect by hand and resolve its step.'
          : 'Nothing moves by itself. Find out what stands, undo it by hand or accept it, and resolve its step.',
        step: exhausted?.step ?? standing?.step ?? null,
        gate: null,
      }
    case 'ROLLED_BACK':
      return {
        ...base,
        tone: 'compensated',
        title: causeWords(cause, title),
        why: whyOf(cause),
        next:
          undone === 0
            ? 'Rolled back: no effect had to be undone.'
            : `Rolled back: ${undone} ${undone === 1 ? 'step is' : 'steps are'} compensated. No effect is left standing.`,
      }
    case 'FAILED':
      return {
        ...base,
        tone: 'failed',
        title: `Ended with effects left standing: ${view.left.map(title).join(', ') || 'none named'}`,
        why: [causeWords(cause, title), whyOf(cause)].filter(Boolean).join('. '),
        next: 'Somebody accepted that. The journal says who and why.',
      }
    case 'RUNNING':
      if (gate) return gateNews(gate)
      if (waits) return waitNews(waits)
      return retryNews(view, title)
    default:
      return null
  }
}

function gateNews(gate: {
  gate: string
  step: string
  question: string
  roles: string[]
}): RunNews {
  return {
    tone: 'approval',
    title: gate.question,
    why: null,
    next: `Waits for a decision by ${gate.roles.join(' or ')}.`,
    step: gate.step,
    gate: gate.gate,
  }
}

function causeWords(cause: TurnView | null, title: (id: string) => string): string {
  const who = cause?.by?.actor?.name ?? 'somebody'
  switch (cause?.by?.verb) {
    case 'cancel':
      return `Cancelled by ${who}`
    case 'rollBack':
      return `Rolled back by ${who}`
    case 'decide':
      return `Turned back at the gate by ${who}`
    case 'unwind':
      return 'Turned back because its parent did'
    default:
      return cause?.step ? `${title(cause.step)} failed` : 'The run turned back'
  }
}

function whyOf(cause: TurnView | null): string | null {
  if (cause?.error) return `${cause.error.code}: ${cause.error.message}`
  return cause?.reason ?? null
}

function waitNews(waits: WaitsFor): RunNews {
  return {
    tone: waits.for === 'owner' ? 'failed' : waits.for === 'resume' ? 'paused' : 'approval',
    title: `It waits: its part ${waitWords({ ...waits, reason: null })}`,
    why: waits.reason,
    next: 'This run goes on by itself once that one does.',
    step: null,
    gate: waits.for === 'decision' ? waits.gateId : null,
    run: waits.sagaId,
  }
}

function retryNews(view: RunView, title: (id: string) => string): RunNews | null {
  const retrying = [...view.steps.values()].filter((step) => step.state === 'retrying')
  const first = retrying[0]
  if (!first) return null
  return {
    tone: 'timed-out',
    title:
      retrying.length === 1
        ? `${title(first.step)} failed and is tried again`
        : `${retrying.length} steps failed and are tried again: ${retrying.map((step) => title(step.step)).join(', ')}`,
    why: errorOf(first),
    next: `${attempts(first.attemptsTotal)} made. The next starts by itself; the step can also be retried now.`,
    step: first.step,
    gate: null,
  }
}

/** Said before how far the way back is. */
function undoRetry(view: RunView, title: (id: string) => string): string {
  const retrying = [...view.steps.values()].find((step) => step.compensation?.state === 'retrying')
  const undo = retrying?.compensation
  if (!retrying || !undo) return ''
  return `Undoing ${title(retrying.step)} failed (${undo.error?.code ?? 'no reason'}) and is tried again, ${attempts(undo.attemptsTotal)} made. `
}

const attempts = (count: number) => `${count} ${count === 1 ? 'attempt' : 'attempts'}`

const errorOf = ({ error }: StepView) => (error ? `${error.code}: ${error.message}` : null)
