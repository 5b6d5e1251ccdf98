/**
 * Orders open gates by how soon somebody has to act, and says how urgent one is. A compensation that failed comes first:
 * what it should have undone stands until somebody decides. Times are the server's.
 */
import type { GateListItem } from '@/server/api/contract'

export interface GateGroup {
  title: string
  gates: GateListItem[]
}

export function groupGates(gates: readonly GateListItem[], now: number): GateGroup[] {
  const groups: GateGroup[] = [
    { title: 'Could not be undone', gates: [] },
    { title: 'Due within the hour', gates: [] },
    { title: 'Due today', gates: [] },
    { title: 'Later', gates: [] },
    { title: 'Without a deadline', gates: [] },
    { title: 'Waiting on others', gates: [] },
  ]
  for (const gate of [...gates].sort(byDeadline)) {
    const left = gate.dueAt === null ? null : gate.dueAt.getTime() - now
    const place = !gate.mayDecide
      ? 5
      : gate.about === 'compensation'
        ? 0
        : left === null
          ? 4
          : left <= 3_600_000
            ? 1
            : left <= 86_400_000
              ? 2
              : 3
    groups[place]?.gates.push(gate)
  }
  return groups.filter((group) => group.gates.length > 0)
}

function byDeadline(a: GateListItem, b: GateListItem): number {
  const far = Number.POSITIVE_INFINITY
  const due = (a.dueAt?.getTime() ?? far) - (b.dueAt?.getTime() ?? far)
  return Number.isNaN(due) || due === 0 ? a.openedAt.getTime() - b.openedAt.getTime() : due
}

export type Urgency = 'calm' | 'soon' | 'now'

/** Soon below a quarter of the time given, now below a tenth. */
export function urgencyOf(
  gate: { openedAt: number; dueAt: number },
  now: number,
): { leftMs: number; urgency: Urgency } {
  const whole = Math.max(1, gate.dueAt - gate.openedAt)
  const leftMs = Math.max(0, gate.dueAt - now)
  const share = leftMs / whole
  return { leftMs, urgency: share <= 0.1 ? 'now' : share <= 0.25 ? 'soon' : 'calm' }
}
