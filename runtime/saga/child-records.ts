/**
 * The records that a step keeps of its child sagas. No rule of its own.
 */
import { invariant } from '../errors'
import type { ChildRecord, StepRecord } from './state'
import type { Turn } from './turn'

/**
 * Stands in a child's id between its parent's and the step's. A start that a caller makes is refused with it (request.ts),
 * so that nobody can take a child's id. Two dots are as they are in addresses, file names and shells.
 */
export const CHILD_MARK = '..'

/** Those that do the step's work. */
export function currentChildren(record: StepRecord): readonly ChildRecord[] {
  if (record.map) return record.map.children
  return record.child ? [record.child] : []
}

/** All that were ever started for the step. */
export function childrenOf(record: StepRecord): readonly ChildRecord[] {
  const current = currentChildren(record)
  return record.earlier ? [...current, ...record.earlier] : current
}

export function isRunning(child: ChildRecord): boolean {
  return child.status === null && !child.unwinding
}

export function isResolvedChild(child: ChildRecord): boolean {
  return child.status === 'ROLLED_BACK' || child.status === 'FAILED'
}

/**
 * The record of this child; undefined when the step never started it. A map's is looked up by the `index` that its report
 * names: to compare the ids of thousands for each would make every item dearer than the one before.
 */
export function findChild(
  record: StepRecord,
  childId: string,
  index: number | undefined,
): ChildRecord | undefined {
  const there = index === undefined ? undefined : record.map?.children[index]
  if (there?.id === childId) return there
  return childrenOf(record).find((child) => child.id === childId)
}

/** Writes one child's record, also that of a replaced one, and returns it. `child` is the record as it is now. */
export function putChild(
  turn: Turn,
  id: string,
  child: ChildRecord,
  patch: Partial<ChildRecord>,
): ChildRecord {
  const { map, earlier, child: only } = turn.record(id)
  const patched = { ...child, ...patch }
  const at = map?.children.indexOf(child) ?? -1
  const was = earlier?.indexOf(child) ?? -1
  if (map && at >= 0) turn.put(id, { map: { ...map, children: map.children.with(at, patched) } })
  else if (earlier && was >= 0) turn.put(id, { earlier: earlier.with(was, patched) })
  else {
    invariant(child === only, `${child.id} is no child of step ${id}`)
    turn.put(id, { child: patched })
  }
  return patched
}
