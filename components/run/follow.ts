/** Where a run is: the step to look at while it goes on. */
import type { RunView } from '@/runtime/projection/run-view'

const ACTIVE = new Set(['running', 'retrying', 'waiting', 'approval'])
const UNDOING = new Set(['compensating', 'retrying'])

/** The step that something was heard of last, among those where something goes on; null when nothing does. */
export function stepToFollow({ steps }: Pick<RunView, 'steps'>): string | null {
  let newest: string | null = null
  let seq = -1
  for (const [id, step] of steps) {
    const undoing = step.compensation !== null && UNDOING.has(step.compensation.state)
    if (!undoing && !ACTIVE.has(step.state)) continue
    if (step.lastSeq < seq) continue
    seq = step.lastSeq
    newest = id
  }
  return newest
}
