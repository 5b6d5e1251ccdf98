/** A step in one line, as the drawing's second line and in lists; and in full, as it is read aloud. */
import type { Step } from '@/runtime/definition/schema'
import { formatDuration } from './duration'
import type { StepData } from './flow'
import { type StepOverlay, wordOf } from './overlay-store'
import { STEP_KINDS } from './step-kinds'

/** What the step does, in as few words as the document gives. */
export function summaryOf(step: Step): string {
  switch (step.type) {
    case 'action':
      return `${step.participant}.${step.operation}`
    case 'choice':
      return count(step.branches.length, 'condition')
    case 'parallel': {
      const branches = Object.keys(step.branches).length
      if (step.join === 'any')
        return `first of ${count(branches, 'branch', 'branches')} to end well`
      if (step.join === 'all') return `all of ${count(branches, 'branch', 'branches')}`
      return `${step.join.quorum} of ${count(branches, 'branch', 'branches')}`
    }
    case 'map':
      return `${step.items}, ${step.concurrency} at a time`
    case 'wait':
      if (step.forMs !== undefined) return `for ${formatDuration(step.forMs)}`
      return step.until === undefined ? 'no duration yet' : `until ${step.until}`
    case 'signal':
      return step.timeoutMs === undefined
        ? step.signal
        : `${step.signal}, at most ${formatDuration(step.timeoutMs)}`
    case 'approval':
      return step.question
    case 'transaction':
      return count(step.participants.length, 'participant')
    case 'saga':
      return step.saga
    case 'end':
      return step.outcome === 'failed' ? (step.reason ?? 'failed, compensates') : 'completed'
    default:
      return step satisfies never
  }
}

/** "Step 3 of 12, Charge card, action, 1 problem, has compensation". */
export function spokenName(data: StepData, overlay?: StepOverlay): string {
  const { step, problems } = data
  const parts = [`Step ${data.order} of ${data.total}`, data.title, STEP_KINDS[step.type].noun]
  if (step.type === 'end' && step.outcome === 'failed') parts.push('failed')
  if (step.type === 'action' && step.effect !== 'compensatable') parts.push(step.effect)
  if (overlay) {
    parts.push(wordOf(overlay))
    if (overlay.attempt !== undefined && overlay.attempt > 1)
      parts.push(`attempt ${overlay.attempt}`)
    if (overlay.compensation) parts.push(wordOf(overlay.compensation))
  }
  const found = (problems?.errors ?? 0) + (problems?.warnings ?? 0)
  if (found > 0) parts.push(count(found, 'problem'))
  if (data.undo) parts.push(`has compensation ${data.undo.rank}`)
  if (data.undoMissing) parts.push('compensation missing')
  return parts.join(', ')
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
