/**
 * Steps that are sagas of their own: a child saga, or one for each item of a map. Starting them, trying them again, and
 * what their reports mean.
 *
 * 1. Each try is a saga with an id of its own: `<saga>..<step>`, `<saga>..<step>.<index>`, from the second on with `~<try>`.
 *    No caller can choose such an id. In format 1 there was one dot, and a caller could.
 * 2. Only a child that was rolled back is tried again: nothing of it stands. The items of a map that completed or still
 *    run stay what they are.
 * 3. What a replaced child says moves nothing forward. Should it say that it completed after all, it is unwound: another
 *    does its work.
 */
import { regionReads } from '../compiler/region-reads'
import type { MapStep, SagaStep } from '../definition/schema'
import type { Message } from '../journal/entry'
import { childrenRefusal } from '../journal/verbs'
import { CHILD_MARK, currentChildren, findChild, putChild } from './child-records'
import { type ChildRecord, SAGA_LIMITS } from './state'
import { completeStep, failStep } from './step-end'
import { expressionFailure, type Turn } from './turn'
import { schedule, sendUnwind, unwinds } from './unwind'

export function startChild(turn: Turn, id: string, step: SagaStep): void {
  const [name = '', version] = step.saga.split('@')
  const child = childId(turn, id)
  const input = step.input === undefined ? null : (turn.map(step.input, turn.at) ?? null)
  replace(turn, id, turn.record(id).child)
  turn.put(id, { child: { id: child, status: null } })
  spawn(turn, id, child, {
    type: 'start',
    ...formatOf(turn),
    // The newest version, and its digest, are looked up when the child takes the message.
    definition: { name, version: version === undefined ? 0 : Number(version), digest: '' },
    input,
    ventureId: turn.state.ventureId,
    parent: { sagaId: turn.state.id, step: id },
  })
}

export function startMap(turn: Turn, id: string, step: MapStep): void {
  const value = turn.evaluate(step.items, turn.at)
  const items = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]
  if (items.length > SAGA_LIMITS.mapItems)
    throw new Error(`${id} has ${items.length} items; at most ${SAGA_LIMITS.mapItems} are taken`)
  turn.put(id, { map: { items, next: 0, children: [], outputs: [] } })
  turn.fact({ t: 'step.started', step: id, attempt: Math.max(1, turn.record(id).attempt) })
  turn.fact({ t: 'map.planned', step: id, items: items.length })
  launchItems(turn, id, step)
}

/** Why a stuck step's children cannot be tried again; null when they can. */
export function whyNotAgain(turn: Turn, id: string): string | null {
  const record = turn.state.steps[id]
  if (!record) return null
  return childrenRefusal({
    name: `Saga ${turn.state.id}`,
    step: id,
    current: currentChildren(record),
    earlier: record.earlier ?? [],
    max: SAGA_LIMITS.earlierChildren,
  })
}

/** Tries again what was rolled back, under new ids. Ask `whyNotAgain` first. */
export function restartChildren(turn: Turn, id: string, step: SagaStep | MapStep): void {
  const attempt = Math.max(1, turn.record(id).attempt) + 1
  const restarted = turn.put(id, { state: 'running', attempt })
  delete restarted.error
  const { map } = restarted
  try {
    if (step.type === 'map' && !map) return startMap(turn, id, step)
    turn.fact({ t: 'step.started', step: id, attempt })
    if (step.type === 'saga') return startChild(turn, id, step)
    if (!map) return
    const again = map.children.flatMap(({ status }, n) => (status === 'ROLLED_BACK' ? [n] : []))
    turn.put(id, { map: { ...map, again } })
    launchItems(turn, id, step)
  } catch (error) {
    failStep(turn, id, expressionFailure(error))
  }
}

/** Starts items up to the concurrency, those to be tried again first; completes the map when all have. */
function launchItems(turn: Turn, id: string, step: MapStep): void {
  const map = turn.record(id).map
  if (!map) return
  const outer = outerScope(turn, step)
  const children = [...map.children]
  const again = [...(map.again ?? [])]
  let running = 0
  for (const child of children) if (child.status === null) running++
  let { next } = map
  for (; running < step.concurrency; running++) {
    const index = again.shift() ?? (next < map.items.length ? next++ : undefined)
    if (index === undefined) break
    replace(turn, id, children[index])
    const child: ChildRecord = {
      id: childId(turn, id, index, children[index] ? turn.record(id).attempt : 1),
      status: null,
    }
    children[index] = child
    spawn(
      turn,
      id,
      child.id,
      {
        type: 'start',
        ...formatOf(turn),
        definition: turn.state.definition,
        input: map.items[index] ?? null,
        ventureId: turn.state.ventureId,
        parent: { sagaId: turn.state.id, step: id, index },
        scope: { item: map.items[index] ?? null, index, ...outer },
        region: id,
      },
      index,
    )
  }
  const { again: _, ...rest } = map
  turn.put(id, { map: { ...rest, children, next, ...(again.length > 0 ? { again } : {}) } })
  if (
    running === 0 &&
    children.length === map.items.length &&
    children.every((child) => child.status === 'COMPLETED')
  )
    completeStep(turn, id, map.outputs)
}

/** The id of this try's child. */
function childId(
  turn: Turn,
  id: string,
  index?: number,
  attempt = turn.record(id).attempt,
): string {
  const { state } = turn
  const of = `${state.id}${state.format >= 2 ? CHILD_MARK : '.'}${id}`
  const first = index === undefined ? of : `${of}.${index}`
  return attempt > 1 ? `${first}~${attempt}` : first
}

/** A child is decided by its parent's rules. */
function formatOf({ state: { format } }: Turn): { format?: number } {
  return format === 1 ? {} : { format }
}

function replace(turn: Turn, id: string, child: ChildRecord | undefined): void {
  if (child) turn.put(id, { earlier: [...(turn.record(id).earlier ?? []), child] })
}

/**
 * What the items' expressions read of this saga: only the steps they name and the fields of the input that they name. Each
 * item's start holds it; before format 2 that was the whole input, so that a map wrote as many copies of it as it had items.
 */
function outerScope(turn: Turn, step: MapStep): { input: unknown; steps: Record<string, unknown> } {
  const reads = regionReads(step)
  const { input, steps } = turn.scope(reads, turn.at)
  const whole = turn.state.format === 1 || reads.inputFields === null || !isRecord(input)
  if (!reads.input || whole) return { input: reads.input ? input : null, steps }
  const named = (reads.inputFields ?? []).filter((field) => Object.hasOwn(input, field))
  return { input: Object.fromEntries(named.map((field) => [field, input[field]])), steps }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function spawn(turn: Turn, id: string, child: string, message: Message, index?: number): void {
  turn.commands.push({ c: 'send', to: child, id: `start:${child}`, message })
  turn.fact({
    t: 'child.started',
    step: id,
    sagaId: child,
    ...(index === undefined ? {} : { index }),
  })
}

/** A child saga reports its end, the first time or after it was unwound. */
export function childEnded(turn: Turn, message: Extract<Message, { type: 'child' }>): void {
  const { step: id, sagaId, index, status, output, error, spent } = message
  const step = turn.step(id)
  const child = findChild(turn.record(id), sagaId, index)
  // It says again how it ended, because our `unwind` came after that.
  if (!child || child.status === status) return
  turn.fact({
    t: 'child.ended',
    step: id,
    sagaId,
    status,
    ...(index === undefined ? {} : { index }),
  })
  const isReplaced = turn.record(id).earlier?.includes(child) === true
  const ended = putChild(turn, id, child, { status, ...(spent ? { spent } : {}) })
  if (unwinds(turn, id)) {
    if (turn.record(id).state === 'running') turn.put(id, { state: 'stopped' })
    // It completed before our `unwind` reached it; it will unwind now and report again.
    schedule(turn)
    return
  }
  if (isReplaced) {
    if (status === 'COMPLETED') sendUnwind(turn, id, ended, 'Another try does its work')
    return
  }
  if (status !== 'COMPLETED') {
    failStep(
      turn,
      id,
      {
        kind: 'terminal',
        code: error?.code ?? 'CHILD_FAILED',
        message: `${sagaId} ended ${status}${error ? `: ${error.message}` : ''}`.slice(0, 500),
      },
      whyNotAgain(turn, id),
    )
    return
  }
  if (step.type === 'saga') return completeStep(turn, id, output ?? null)
  const map = turn.record(id).map
  if (step.type !== 'map' || !map || index === undefined) return
  const outputs = [...map.outputs]
  while (outputs.length < index) outputs.push(null)
  outputs[index] = output ?? null
  turn.put(id, { map: { ...map, outputs } })
  launchItems(turn, id, step)
}
