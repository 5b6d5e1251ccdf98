/**
 * The records that a step keeps of its child sagas. No rule of its own.
 */
import type { ChildRecord, StepRecord } from './state'
import type { Turn } from './turn'

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

/** Writes one child's record, of a saga step or a map, also one that was replaced. */
export function putChild(
  turn: Turn,
  id: string,
  childId: string,
  patch: Partial<ChildRecord>,
): void {
  const record = turn.record(id)
  const patched = (child: ChildRecord) => (child.id === childId ? { ...child, ...patch } : child)
  if (record.earlier?.some((child) => child.id === childId))
    turn.put(id, { earlier: record.earlier.map(patched) })
  else if (record.map)
    turn.put(id, { map: { ...record.map, children: record.map.children.map(patched) } })
  else if (record.child) turn.put(id, { child: patched(record.child) })
}
