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

/** What the decision does, in one line under its name: all of it from the preview. */
export function effectWords(preview: DecisionPreview): string {
  const undone = steps(distinct(preview).length)
  const standing =
    preview.irreversible.length > 0
      ? `; ${steps(preview.irreversible.length)} cannot be undone`
      : ''
  switch (preview.decision) {
    case 'CONTINUE':
      if (preview.gate === 'undo') return `Tries again to undo what failed${goesOn(preview)}`
      return preview.starts.length > 0
        ? `Opens the gate; ${steps(preview.starts.length)} ${preview.starts.length === 1 ? 'starts' : 'start'}${pivots(preview)}`
        : `Opens the gate${pivots(preview)}`
    case 'PAUSE':
      return 'Holds everything; timers are frozen, the gate stays open'
    case 'ABORT':
      if (preview.status === 'QUARANTINED')
        return `Stops undoing; the run is quarantined${preview.irreversible.length > 0 ? ` and ${steps(preview.irreversible.length)} stand` : ''}`
      return distinct(preview).length > 0
        ? `Ends forward work and undoes ${undone}${standing}`
        : `Ends forward work; ${standing === '' ? 'nothing has to be undone' : standing.slice(2)}`
    case 'FORCE_COMPENSATION':
      if (preview.gate === 'undo') return 'Does the same as Continue: tries again to undo'
      return distinct(preview).length > 0
        ? `Undoes ${undone}, whatever has happened since${standing}`
        : 'Nothing can be undone'
  }
}

const goesOn = (preview: DecisionPreview) =>
  preview.compensates.length > 1 ? `; ${steps(distinct(preview).length)} in all` : ''

/** Whether the way ahead passes the point of no return. */
function pivots(preview: DecisionPreview): string {
  return preview.ahead.some((item) => item.t === 'call' && item.pivot)
    ? '; then one that cannot be undone'
    : ''
}

/** The button's name: its effect. */
export function verbOf(preview: DecisionPreview, title: (step: string) => string): string {
  const count = distinct(preview).length
  switch (preview.decision) {
    case 'CONTINUE': {
      if (preview.gate === 'undo') return tryAgain(preview, title)
      const first = preview.starts[0]
      if (first && preview.starts.length === 1) return `Continue with ${title(first.step)}`
      return preview.starts.length > 1
        ? `Continue with ${steps(preview.starts.length)}`
        : 'Continue'
    }
    case 'PAUSE':
      return 'Pause the saga'
    case 'ABORT':
      if (preview.status === 'QUARANTINED') return 'Leave it and quarantine'
      return count > 0 ? `Abort and compensate ${steps(count)}` : 'Abort the saga'
    case 'FORCE_COMPENSATION':
      if (preview.gate === 'undo') return tryAgain(preview, title)
      return count > 0 ? `Force compensation of ${steps(count)}` : 'Force compensation'
  }
}

function tryAgain(preview: DecisionPreview, title: (step: string) => string): string {
  const first = preview.compensates[0]
  return first ? `Try again to undo ${title(first.step)}` : 'Try again'
}

/** What a call is sent, short: plain fields of it, e.g. `amount 185,000 · currency EUR`. */
export function inputWords(input: unknown): string | null {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return null
  const plain = Object.entries(input).filter(([, value]) => typeof value !== 'object')
  const words = plain
    .slice(0, 4)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'number' ? value.toLocaleString('en') : value}`,
    )
  return words.length > 0 ? words.join(' · ').slice(0, 160) : null
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
  const later = (preview: DecisionPreview) =>
    preview.ahead.flatMap((item) =>
      item.t === 'call' && !started(preview).includes(item.step) ? [item.step] : [],
    )
  compare(later(before), later(after), 'Would now go on to', 'Would no longer go on to')
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
