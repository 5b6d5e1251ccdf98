/**
 * The search in a drawing. Words must all occur in a step's id, title, type or values; `type:`, `has:` and `missing:`
 * filter (`missing:timeout`, `has:compensation`).
 */
import type { Step } from '@/runtime/definition/schema'
import { type StepIndex, titleOf } from './step-index'
import { STEP_KINDS } from './step-kinds'

const PARTS: Record<string, (step: Step) => boolean> = {
  compensation: (step) => step.type === 'action' && step.compensation !== undefined,
  timeout: (step) => 'timeoutMs' in step && step.timeoutMs !== undefined,
  retry: (step) => step.type === 'action' && step.retry !== undefined,
  title: (step) => step.title !== undefined,
  description: (step) => step.description !== undefined,
}
/** Which steps could have the part at all: `missing:` speaks of these alone. */
const COULD: Record<string, (step: Step) => boolean> = {
  compensation: (step) => step.type === 'action' && step.effect === 'compensatable',
  timeout: (step) => ['action', 'signal', 'approval', 'transaction'].includes(step.type),
  retry: (step) => step.type === 'action',
}

/** Ids of the steps that match, in reading order; none for an empty query. */
export function findSteps(index: StepIndex, query: string): string[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  const found: string[] = []
  for (const [id, { step }] of index.steps) {
    let blob: string | null = null
    const matches = words.every((word) => {
      const [key, value] = word.split(':', 2)
      if (value !== undefined && value !== '') {
        if (key === 'type' || key === 'kind') return step.type.startsWith(value)
        if (key === 'has' && value in PARTS) return PARTS[value]?.(step) ?? false
        if (key === 'missing' && value in PARTS) {
          return (COULD[value]?.(step) ?? true) && !PARTS[value]?.(step)
        }
      }
      blob ??= blobOf(id, step)
      return blob.includes(word)
    })
    if (matches) found.push(id)
  }
  return found
}

function blobOf(id: string, step: Step): string {
  // what a container holds is found by itself
  const own = {
    ...step,
    ...(step.type === 'parallel' ? { branches: Object.keys(step.branches) } : {}),
  }
  const { region: _, ...rest } = own as { region?: unknown }
  return `${id} ${titleOf(id, step)} ${STEP_KINDS[step.type].noun} ${JSON.stringify(rest)}`.toLowerCase()
}
