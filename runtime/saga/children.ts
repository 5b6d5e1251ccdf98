/**
 * Steps that are sagas of their own: a child saga, or one for each item of a map. Starting them, and what their reports
 * mean.
 */
import { regionReads } from '../compiler/region-reads'
import type { MapStep, SagaStep } from '../definition/schema'
import type { Message } from '../journal/entry'
import { childrenOf, putChild } from './child-records'
import { type ChildRecord, SAGA_LIMITS } from './state'
import { completeStep, failStep } from './step-end'
import type { Turn } from './turn'
import { schedule, unwinds } from './unwind'

export function startChild(turn: Turn, id: string, step: SagaStep): void {
  const [name = '', version] = step.saga.split('@')
  const child = `${turn.state.id}.${id}`
  const input = step.input === undefined ? null : (turn.map(step.input, turn.at) ?? null)
  turn.put(id, { child: { id: child, status: null } })
  spawn(turn, id, child, {
    type: 'start',
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
  turn.fact({ t: 'step.started', step: id, attempt: 1 })
  turn.fact({ t: 'map.planned', step: id, items: items.length })
  launchItems(turn, id, step)
}

/** Starts items up to the concurrency; completes the map when all have. */
function launchItems(turn: Turn, id: string, step: MapStep): void {
  const map = turn.record(id).map
  if (!map) return
  const outer = outerScope(turn, step)
  const children = [...map.children]
  let running = children.filter((child) => child.status === null).length
  let { next } = map
  for (; next < map.items.length && running < step.concurrency; next++, running++) {
    const child: ChildRecord = { id: `${turn.state.id}.${id}.${next}`, status: null }
    children.push(child)
    spawn(
      turn,
      id,
      child.id,
      {
        type: 'start',
        definition: turn.state.definition,
        input: map.items[next] ?? null,
        ventureId: turn.state.ventureId,
        parent: { sagaId: turn.state.id, step: id, index: next },
        scope: { item: map.items[next] ?? null, index: next, ...outer },
        region: id,
      },
      next,
    )
  }
  turn.put(id, { map: { ...map, children, next } })
  if (
    children.length === map.items.length &&
    children.every((child) => child.status === 'COMPLETED')
  )
    completeStep(turn, id, map.outputs)
}

/** What the items' expressions read of this saga: only the steps they name, and the input if they do. */
function outerScope(turn: Turn, step: MapStep): { input: unknown; steps: Record<string, unknown> } {
  const reads = regionReads(step)
  const { input, steps } = turn.scope(reads, turn.at)
  return { input: reads.input ? input : null, steps }
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
  const { step: id, sagaId, index, status, output, error } = message
  const step = turn.step(id)
  // It says again how it ended, because our `unwind` came after that.
  if (childrenOf(turn.record(id)).some((one) => one.id === sagaId && one.status === status)) return
  turn.fact({
    t: 'child.ended',
    step: id,
    sagaId,
    status,
    ...(index === undefined ? {} : { index }),
  })
  putChild(turn, id, sagaId, { status })
  if (unwinds(turn, id)) {
    if (turn.record(id).state === 'running') turn.put(id, { state: 'stopped' })
    // It completed before our `unwind` reached it; it will unwind now and report again.
    schedule(turn)
    return
  }
  if (status !== 'COMPLETED') {
    failStep(turn, id, {
      kind: 'terminal',
      code: error?.code ?? 'CHILD_FAILED',
      message: `${sagaId} ended ${status}${error ? `: ${error.message}` : ''}`.slice(0, 500),
    })
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
