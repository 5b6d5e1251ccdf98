/**
 * The four decisions in words, from their computed previews: what a button is called, what a reason must be, and what
 * changed between two previews of the same decision.
 */
import type { Decision, SagaStatus } from '@/runtime/journal/entry'
import type { DecisionPreview } from '@/runtime/runtime'

export const DECISIONS: readonly Decision[] = ['CONTINUE', 'PAUSE', 'ABORT', 'FORCE_COMPENSATION']

export const DECISION_WORD: Record<Decision, string> = {
  CONTINUE: 'Continue',
  PAUSE: 'Pause',
  ABORT: 'Abort',
  FORCE_COMPENSATION: 'Force compensation',
}

/** Shorter text than this is no reason to undo what may be past the point of no return. */
export const FORCE_REASON_MIN = 20

/** What the decision does, in one line under its name. */
export function effectWords(preview: DecisionPreview): string {
  const undone = steps(distinct(preview).length)
  switch (preview.decision) {
    case 'CONTINUE':
      return preview.starts.length > 0
        ? `Opens the gate; ${steps(preview.starts.length)} ${preview.starts.length === 1 ? 'starts' : 'start'}`
        : preview.compensates.length > 0
          ? `Tries ${steps(preview.compensates.length)} again`
          : 'Opens the gate'
    case 'PAUSE':
      return 'Holds everything; timers are frozen, the gate stays open'
    case 'ABORT':
      return distinct(preview).length > 0
        ? `Ends forward work and undoes ${undone}`
        : 'Ends forward work; nothing has to be undone'
    case 'FORCE_COMPENSATION':
      return distinct(preview).length > 0
        ? `Undoes ${undone}, whatever has happened since`
        : 'Nothing can be undone'
  }
}

/** The button's name: its effect. */
export function verbOf(preview: DecisionPreview, title: (step: string) => string): string {
  const count = distinct(preview).length
  switch (preview.decision) {
    case 'CONTINUE': {
      const first = preview.starts[0]
      if (first && preview.starts.length === 1) return `Continue with ${title(first.step)}`
      return preview.starts.length > 1
        ? `Continue with ${steps(preview.starts.length)}`
        : 'Continue'
    }
    case 'PAUSE':
      return 'Pause the saga'
    case 'ABORT':
      return count > 0 ? `Abort and compensate ${steps(count)}` : 'Abort the saga'
    case 'FORCE_COMPENSATION':
      return count > 0 ? `Force compensation of ${steps(count)}` : 'Force compensation'
  }
}

/** Null when the reasoning is good enough for the decision. */
export function reasoningProblem(decision: Decision, reasoning: string): string | null {
  const length = reasoning.trim().length
  if (decision === 'CONTINUE') return null
  if (decision === 'FORCE_COMPENSATION' && length < FORCE_REASON_MIN) {
    return `Say why, in at least ${FORCE_REASON_MIN} characters (${length} so far).`
  }
  return length === 0 ? 'Say why. The reason is kept with the decision.' : null
}

/** What is different in the newer preview, in words; empty when only the snapshot's number changed. */
export function previewChanges(
  before: DecisionPreview,
  after: DecisionPreview,
  title: (step: string) => string,
): string[] {
  const changes: string[] = []
  if (before.allowed && !after.allowed)
    changes.push(`No longer possible: ${after.refusal ?? 'the saga moved on'}`)
  const compare = (was: string[], is: string[], added: string, gone: string) => {
    for (const step of is) if (!was.includes(step)) changes.push(`${added}: ${title(step)}`)
    for (const step of was) if (!is.includes(step)) changes.push(`${gone}: ${title(step)}`)
  }
  const started = (preview: DecisionPreview) => preview.starts.map((start) => start.step)
  compare(started(before), started(after), 'Would now start', 'Would no longer start')
  compare(
    distinct(before),
    distinct(after),
    'Would now also be undone',
    'Would no longer be undone',
  )
  compare(
    before.irreversible,
    after.irreversible,
    'Can now no longer be undone',
    'Can be undone again',
  )
  if (before.finalStatus !== after.finalStatus) {
    changes.push(
      `Would now end ${statusWord(after.finalStatus)}, not ${statusWord(before.finalStatus)}`,
    )
  }
  return changes
}

export function statusWord(status: SagaStatus): string {
  return status.toLowerCase().replaceAll('_', ' ')
}

function distinct(preview: DecisionPreview): string[] {
  return [...new Set(preview.compensates.map((undo) => undo.step))]
}

function steps(count: number): string {
  return `${count} ${count === 1 ? 'step' : 'steps'}`
}
