/**
 * The records that a step keeps of its child sagas. No rule of its own.
 */
import type { ChildRecord, StepRecord } from './state'
import type { Turn } from './turn'

export function childrenOf(record: StepRecord): readonly ChildRecord[] {
  if (record.map) return record.map.children
  return record.child ? [record.child] : []
}

export function isRunning(child: ChildRecord): boolean {
  return child.status === null && !child.unwinding
}

export function isResolvedChild(child: ChildRecord): boolean {
  return child.status === 'ROLLED_BACK' || child.status === 'FAILED'
}

/** Writes one child's record, of a saga step or a map. */
export function putChild(
  turn: Turn,
  id: string,
  childId: string,
  patch: Partial<ChildRecord>,
): void {
  const record = turn.record(id)
  if (record.child?.id === childId) turn.put(id, { child: { ...record.child, ...patch } })
  else if (record.map)
    turn.put(id, {
      map: {
        ...record.map,
        children: record.map.children.map((child) =>
          child.id === childId ? { ...child, ...patch } : child,
        ),
      },
    })
}
