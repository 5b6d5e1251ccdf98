/**
 * Gestures as edit commands: what inserting, deleting, connecting, duplicating and pasting mean for the document.
 *
 * 1. Pure. A refusal is a sentence for the user; nothing is half done.
 * 2. One gesture is one command, so that it is one entry in the history.
 */
import type { EditCommand, RegionPath } from '@/runtime/definition/edit'
import type { Step, StepType } from '@/runtime/definition/schema'
import type { Point } from './arrange'
import { newStep, type StepTemplate } from './new-step'
import { portOf, type StepIndex } from './step-index'
import { STEP_KINDS } from './step-kinds'

/** What the canvas asks its owner to do. In view mode only `open` is asked. */
export type CanvasCommand =
  | {
      type: 'edit'
      /** For the history: `Insert Charge card`. */
      label: string
      command: EditCommand
      /** Pins for steps that the gesture has put at a place. */
      positions?: Record<string, Point>
      select?: string[]
    }
  | { type: 'move'; label: string; positions: Record<string, Point> }
  /** Clears pins: of these steps, or of all. */
  | { type: 'tidy'; steps: string[] | null }
  /** Show this step's details. */
  | { type: 'open'; step: string; field?: 'title' }

export type Gesture = Extract<CanvasCommand, { type: 'edit' }> | { refused: string }

/** Where a new step goes: on the way out of a step (or of the region's start), or loose at a place. */
export interface Spot {
  region: RegionPath
  /** Undefined: not connected. Null: the region's start. */
  from?: string | null
  port?: string
  at?: Point
}

/** The step types that may go to this spot, each with the reason when it may not. */
export function refusalFor(index: StepIndex, spot: Spot, type: StepType): string | null {
  if (spot.from === undefined) return null
  if (type === 'end' && targetOf(index, spot) !== null) return 'An end would cut off what follows'
  const from = spot.from === null ? null : index.steps.get(spot.from)?.step
  return from?.type === 'end' ? 'Nothing follows an end' : null
}

/** A new step at the spot; on an arrow it is joined to what the arrow led to. */
export function addCommand(index: StepIndex, spot: Spot, template: StepTemplate): Gesture {
  const refused = refusalFor(index, spot, template.type)
  if (refused) return { refused }
  const taken = new Set(index.steps.keys())
  const { id, step, extra } = newStep(template, taken, targetOf(index, spot))
  const { region, from } = spot
  const commands: EditCommand[] = extra.map((more) => ({ type: 'addStep', region, ...more }))
  if (from === undefined) commands.push({ type: 'addStep', region, id, step })
  else commands.push({ type: 'insertStep', region, from, ...portOf(spot.port), id, step })
  const label = `Add ${(step.title ?? STEP_KINDS[step.type].label).toLowerCase()}`
  return {
    type: 'edit',
    label,
    command: oneOf(label, commands),
    select: [id],
    ...(spot.at ? { positions: { [id]: spot.at } } : {}),
  }
}

/** Deletes steps with all they hold; `reconnect` joins what was before to what comes after. */
export function removeCommand(
  index: StepIndex,
  ids: readonly string[],
  reconnect: boolean,
): Gesture {
  const roots = withoutNested(index, ids)
  if (roots.length === 0) return { refused: 'Select a step first' }
  for (const [key, region] of index.regions) {
    if (
      key === '' &&
      region.steps.length === roots.length &&
      roots.every((id) => region.steps.includes(id))
    ) {
      return { refused: 'A saga needs at least one step; replace it instead (R)' }
    }
  }
  const first = roots.length === 1 ? nameOf(index, roots[0] ?? '') : `${roots.length} steps`
  const label = reconnect ? `Delete ${first} and reconnect` : `Delete ${first}`
  const commands = roots.map((id): EditCommand => ({ type: 'removeStep', id, reconnect }))
  return { type: 'edit', label, command: oneOf(label, commands), select: [] }
}

/** An arrow from a port to a step. Refuses what could never be drawn right: other regions, loops, the start dot. */
export function connectCommand(
  index: StepIndex,
  { from, port, to, region }: { from: string | null; port: string; to: string; region: RegionPath },
): Gesture {
  const refused = connectRefusal(index, { from, to, region })
  if (refused) return { refused }
  const label = `Connect ${from === null ? 'the start' : nameOf(index, from)} to ${nameOf(index, to)}`
  const command: EditCommand = { type: 'connect', region, from, ...portOf(startless(port)), to }
  return { type: 'edit', label, command }
}

export function connectRefusal(
  index: StepIndex,
  { from, to, region }: { from: string | null; to: string; region: RegionPath },
): string | null {
  const target = index.steps.get(to)
  if (!target) return 'Arrows lead to steps'
  if (target.regionKey !== region.join('/')) return 'Arrows stay inside their branch'
  if (from === null) return null
  if (from === to) return 'A step cannot follow itself'
  const reached = new Set<string>([to])
  for (const at of reached) {
    if (at === from) return 'That would make a loop; use For each to repeat steps'
    for (const next of index.graph.successors(at)) reached.add(next)
  }
  return null
}

export function disconnectCommand(
  index: StepIndex,
  { from, port, region }: { from: string | null; port: string; region: RegionPath },
): Gesture {
  if (from === null) return { refused: 'A region needs a start; connect it elsewhere instead' }
  const label = `Disconnect ${nameOf(index, from)}`
  const command: EditCommand = { type: 'connect', region, from, ...portOf(port), to: null }
  return { type: 'edit', label, command }
}

/** Another type under the same id and title; what both types know is kept. */
export function replaceCommand(index: StepIndex, id: string, template: StepTemplate): Gesture {
  const found = index.steps.get(id)
  if (!found) return { refused: 'Select the step to replace' }
  const before = found.step
  const target = found.ports.find((port) => port.target !== null)?.target ?? null
  const made = newStep(template, new Set(index.steps.keys()), target)
  const keep: Record<string, unknown> = {}
  const shared = ['title', 'description', 'timeoutMs', 'retry', 'input'] as const
  for (const field of shared) {
    if (field in before && keeps(made.step.type, field)) keep[field] = before[field as never]
  }
  const step = { ...made.step, ...keep } as Step
  if (target !== null && takesNext(step)) step.next = target
  const { region } = found
  const label = `Replace ${nameOf(index, id)}`
  const commands: EditCommand[] = [
    ...made.extra.map((more): EditCommand => ({ type: 'addStep', region, ...more })),
    { type: 'replaceStep', id, step },
  ]
  return { type: 'edit', label, command: oneOf(label, commands), select: [id] }
}

const FIELDS: Partial<Record<StepType, readonly string[]>> = {
  action: ['timeoutMs', 'retry', 'input'],
  signal: ['timeoutMs'],
  approval: ['timeoutMs'],
  transaction: ['timeoutMs'],
  saga: ['input'],
}

function keeps(type: StepType, field: string): boolean {
  return field === 'title' || field === 'description' || (FIELDS[type]?.includes(field) ?? false)
}

function takesNext(step: Step): step is Exclude<Step, { type: 'choice' | 'end' }> {
  return step.type !== 'choice' && step.type !== 'end'
}

/** Where the spot's arrow leads now. */
export function targetOf(index: StepIndex, { region, from, port }: Spot): string | null {
  if (from === undefined) return null
  if (from === null) {
    const start = index.regions.get(region.join('/'))?.start
    return start !== undefined && index.steps.has(start) ? start : null
  }
  const ports = index.steps.get(from)?.ports ?? []
  return ports.find((candidate) => candidate.id === (port ?? 'next'))?.target ?? null
}

/** Leaves out steps whose container is in the list too. */
export function withoutNested(index: StepIndex, ids: readonly string[]): string[] {
  const chosen = new Set(ids)
  return ids.filter((id) => {
    const found = index.steps.get(id)
    return found !== undefined && !found.region.some((part) => part !== id && chosen.has(part))
  })
}

export function nameOf(index: StepIndex, id: string): string {
  const step = index.steps.get(id)?.step
  return `“${step?.title ?? id}”`
}

export function oneOf(label: string, commands: EditCommand[]): EditCommand {
  const [only] = commands
  return commands.length === 1 && only ? only : { type: 'batch', label, commands }
}

const startless = (port: string): string => (port === 'start' ? 'next' : port)
