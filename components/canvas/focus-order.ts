/** Where arrow keys lead: down along the flow, up against it, sideways to steps on the same level. */
import type { Box } from './arrange'
import { startId } from './flow'
import type { IndexedRegion, StepIndex } from './step-index'

export type Direction = 'up' | 'down' | 'left' | 'right'

/** The next step to focus, or null at the edge. `boxes` hold absolute places, for what lies beside what. */
export function nextFocus(
  index: StepIndex,
  from: string,
  direction: Direction,
  boxes: ReadonlyMap<string, Box>,
  /** Whether the dots at which regions begin are places too, as where the drawing is edited. */
  starts = false,
): string | null {
  const region = regionOfStart(index, from)
  if (region) {
    if (direction === 'down') return index.steps.has(region.start) ? region.start : null
    return direction === 'up' ? region.holder : null
  }
  const found = index.steps.get(from)
  if (!found) return index.graph.order[0] ?? null
  switch (direction) {
    case 'down':
      return firstInside(index, from) ?? following(index, from)
    case 'up': {
      const before = found.incoming[0]?.from
      if (before !== undefined) return lastInside(index, before) ?? before
      const region = index.regions.get(found.regionKey)
      if (starts && region?.start === from) return startId(found.regionKey)
      return region?.holder ?? null
    }
    case 'left':
    case 'right':
      return beside(index, from, direction, boxes)
    default:
      return direction satisfies never
  }
}

/** The region that begins at this dot; undefined for a step. */
export function regionOfStart(index: StepIndex, id: string): IndexedRegion | undefined {
  return id.startsWith('start:') ? index.regions.get(id.slice('start:'.length)) : undefined
}

function firstInside(index: StepIndex, holder: string): string | null {
  for (const region of index.regions.values()) {
    if (region.holder === holder && region.steps[0]) return region.steps[0]
  }
  return null
}

function lastInside(index: StepIndex, holder: string): string | null {
  for (const region of index.regions.values()) {
    if (region.holder === holder) return region.steps.at(-1) ?? null
  }
  return null
}

/** What comes next, leaving containers at their last step. */
function following(index: StepIndex, from: string): string | null {
  let at: string | null = from
  while (at !== null) {
    const next: string | undefined = index.graph.successors(at)[0]
    if (next !== undefined) return next
    at = index.regions.get(index.steps.get(at)?.regionKey ?? '')?.holder ?? null
  }
  return null
}

/** The nearest step whose middle lies in that direction, preferring the same height. */
function beside(
  index: StepIndex,
  from: string,
  direction: 'left' | 'right',
  boxes: ReadonlyMap<string, Box>,
): string | null {
  const here = boxes.get(from)
  if (!here) return null
  const middle = { x: here.x + here.width / 2, y: here.y + here.height / 2 }
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const id of index.steps.keys()) {
    const box = boxes.get(id)
    if (!box || id === from || holds(index, id, from) || holds(index, from, id)) continue
    const dx = box.x + box.width / 2 - middle.x
    const dy = Math.abs(box.y + box.height / 2 - middle.y)
    if (direction === 'left' ? dx > -8 : dx < 8) continue
    if (dy > Math.max(here.height, box.height)) continue
    const cost = Math.abs(dx) + 3 * dy
    if (cost < least) {
      least = cost
      best = id
    }
  }
  return best
}

function holds(index: StepIndex, holder: string, id: string): boolean {
  return index.steps.get(id)?.region.includes(holder) ?? false
}
