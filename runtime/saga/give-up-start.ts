/**
 * A start that cannot be decided or stored, and whose saga is cancelled meanwhile: there is nothing to undo, so the start is
 * refused, and a parent that waits for it is told. Without this such a start could not be ended by anybody.
 */
import type { Message } from '../journal/entry'
import { isEnding, type Resident } from './resident'

/** True when there was such a start, which its next turn refuses. */
export function giveUpStart({ id, state, queue }: Resident, reason: string): boolean {
  if (state !== null || !queue.some(({ message }) => isEnding(message))) return false
  let found = false
  for (const item of queue) {
    const { message } = item
    if (message.type !== 'start' || item.refusal) continue
    found = true
    item.refusal = {
      accepted: false,
      code: 'INVALID_INPUT',
      reason: `Saga ${id} was cancelled before it could begin: ${reason}`.slice(0, 500),
    }
    const { parent } = message
    if (!parent) continue
    const report: Message = {
      type: 'child',
      step: parent.step,
      sagaId: id,
      ...(parent.index === undefined ? {} : { index: parent.index }),
      status: 'ROLLED_BACK',
      error: { kind: 'terminal', code: 'CHILD_NOT_STARTED', message: item.refusal.reason },
    }
    item.posts = [{ id: `child:${id}:0:0`, entityId: parent.sagaId, message: report }]
  }
  return found
}
