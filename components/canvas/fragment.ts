/**
 * Steps on the clipboard: JSON text that any tab, user or editor can paste. Ids are minted anew where they are taken,
 * arrows among the pasted steps are kept, arrows to anything else are left loose.
 */
import { z } from 'zod'
import type { EditCommand, RegionPath } from '@/runtime/definition/edit'
import { type Step, stepSchema } from '@/runtime/definition/schema'
import type { Point } from './arrange'
import { type Gesture, oneOf, withoutNested } from './canvas-commands'
import { mintId } from './new-step'
import type { StepIndex } from './step-index'

export const FRAGMENT_VERSION = 1
const STEPS_MAX = 1000

const fragmentSchema = z.object({
  kind: z.literal('saga-fragment'),
  v: z.int().min(1),
  steps: z.record(z.string(), stepSchema).refine((steps) => Object.keys(steps).length <= STEPS_MAX),
  layout: z.record(z.string(), z.object({ x: z.number(), y: z.number() })).default({}),
})
export type Fragment = z.infer<typeof fragmentSchema>

/** The chosen steps with all they hold, as clipboard text; `places` are their drawn positions. */
export function copySteps(
  index: StepIndex,
  ids: readonly string[],
  places: ReadonlyMap<string, Point>,
): string {
  const steps: Record<string, Step> = {}
  const layout: Record<string, Point> = {}
  for (const id of withoutNested(index, ids)) {
    const found = index.steps.get(id)
    if (!found) continue
    steps[id] = found.step
    const at = places.get(id)
    if (at) layout[id] = { x: at.x, y: at.y }
  }
  return JSON.stringify({ kind: 'saga-fragment', v: FRAGMENT_VERSION, steps, layout }, null, 2)
}

/** Null when the text is no fragment at all; a sentence when it is one that cannot be taken. */
export function readFragment(text: string): Fragment | { refused: string } | null {
  if (!text.includes('saga-fragment') || text.length > 1_000_000) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const parsed = fragmentSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { refused: `These steps cannot be pasted: ${issue?.path.join('.')}: ${issue?.message}` }
  }
  return parsed.data.v > FRAGMENT_VERSION
    ? { refused: 'These steps come from a newer version; update this one first' }
    : parsed.data
}

/** Adds the fragment to a region, loose, its top left corner at `at` when given. */
export function pasteCommand(
  index: StepIndex,
  fragment: Fragment,
  { region, at, label }: { region: RegionPath; at?: Point | undefined; label?: string },
): Gesture {
  const taken = new Set(index.steps.keys())
  const names = new Map<string, string>()
  for (const [id, step] of Object.entries(fragment.steps)) mintAll(id, step, taken, names)
  const roots = Object.keys(fragment.steps)
  if (roots.length === 0) return { refused: 'There are no steps on the clipboard' }
  const inside = new Set(roots)
  const commands: EditCommand[] = []
  const extra = new Map<string, Step>()
  for (const id of roots) {
    const step = fragment.steps[id]
    if (!step) continue
    const renamed = rename(step, names, inside, () => {
      const end = mintId('done', taken)
      extra.set(end, { type: 'end', outcome: 'completed' })
      return end
    })
    commands.push({ type: 'addStep', region, id: names.get(id) ?? id, step: renamed })
  }
  for (const [id, step] of extra) commands.unshift({ type: 'addStep', region, id, step })
  const title = label ?? `Paste ${roots.length === 1 ? 'a step' : `${roots.length} steps`}`
  return {
    type: 'edit',
    label: title,
    command: oneOf(title, commands),
    select: roots.map((id) => names.get(id) ?? id),
    ...(at ? { positions: placed(fragment, names, at) } : {}),
  }
}

function placed(fragment: Fragment, names: Map<string, string>, at: Point): Record<string, Point> {
  const places = Object.values(fragment.layout)
  const left = Math.min(...places.map(({ x }) => x))
  const top = Math.min(...places.map(({ y }) => y))
  const positions: Record<string, Point> = {}
  for (const [id, { x, y }] of Object.entries(fragment.layout)) {
    positions[names.get(id) ?? id] = { x: at.x + x - left, y: at.y + y - top }
  }
  return positions
}

function mintAll(id: string, step: Step, taken: Set<string>, names: Map<string, string>): void {
  names.set(id, mintId(id, taken))
  const regions =
    step.type === 'parallel'
      ? Object.values(step.branches)
      : step.type === 'map'
        ? [step.region]
        : []
  for (const region of regions) {
    for (const [inner, child] of Object.entries(region.steps)) mintAll(inner, child, taken, names)
  }
}

/** The step with new names; an arrow out of the fragment is dropped, or led to a new end where one is required. */
function rename(
  step: Step,
  names: ReadonlyMap<string, string>,
  inside: ReadonlySet<string>,
  newEnd: () => string,
): Step {
  const to = (id: string | undefined) =>
    id !== undefined && inside.has(id) ? (names.get(id) ?? id) : undefined
  const region = (source: { start: string; steps: Record<string, Step> }) => {
    const within = new Set(Object.keys(source.steps))
    const steps: Record<string, Step> = {}
    for (const [id, child] of Object.entries(source.steps)) {
      steps[names.get(id) ?? id] = rename(child, names, within, newEnd)
    }
    return { start: names.get(source.start) ?? source.start, steps }
  }
  switch (step.type) {
    case 'end':
      return step
    case 'choice': {
      const { otherwise, ...rest } = step
      const branches = step.branches.map((branch) => ({
        ...branch,
        next: to(branch.next) ?? newEnd(),
      }))
      const target = to(otherwise)
      return { ...rest, branches, ...(target ? { otherwise: target } : {}) }
    }
    default: {
      const { next, ...rest } = step
      const target = to(next)
      const moved = { ...rest, ...(target ? { next: target } : {}) } as Step
      if (moved.type === 'parallel') {
        const branches = Object.entries(moved.branches).map(([name, b]) => [name, region(b)])
        return { ...moved, branches: Object.fromEntries(branches) }
      }
      if (moved.type === 'map') return { ...moved, region: region(moved.region) }
      if (moved.type === 'signal' && moved.onTimeout) {
        const { onTimeout, ...signal } = moved
        const after = to(onTimeout.next)
        return after ? { ...signal, onTimeout: { next: after } } : signal
      }
      return moved
    }
  }
}
