/**
 * Who may decide at a gate. The one place: lists show it, previews show it, and every decision is checked against it.
 *
 * 1. One of the gate's roles, or ADMIN.
 * 2. Four eyes: nobody decides in a saga they started themselves, nor with a key of theirs that did, nor at a gate of
 *    its children. Not even an admin: whoever may spend must not be alone in saying that it was right. Nor in a session
 *    that the starter could have opened, having made its link or password (vouchers.ts).
 */
import type { Principal } from './principal'

export interface GateFacts {
  status: 'OPEN' | 'DECIDED' | 'EXPIRED' | 'CANCELLED'
  /** As the document has them: lower case. */
  roles: readonly string[]
  /** The person who started the saga, or its outermost parent; null when nobody is known. */
  starterUserId: string | null
}

/** Null when the caller may decide; else why not, in a sentence for them. */
export function mayNotDecide(principal: Principal, gate: GateFacts): string | null {
  if (gate.status !== 'OPEN') return `This gate is closed (${gate.status.toLowerCase()}).`
  if (!principal.permissions.includes('approval:decide'))
    return principal.kind === 'key'
      ? 'This key lacks the permission approval:decide.'
      : 'Your role may see gates but not decide.'
  const roles = principal.roles.map((role) => role.toLowerCase())
  if (!roles.includes('admin') && !gate.roles.some((role) => roles.includes(role)))
    return `This gate is for ${gate.roles.join(' or ')}; you are ${roles.join(' and ') || 'without a role'}.`
  if (gate.starterUserId === principal.userId)
    return 'You started this saga, so somebody else has to decide (four eyes).'
  if (gate.starterUserId !== null && principal.vouchers.includes(gate.starterUserId))
    return 'Whoever started this saga made the link or password of this session, so it cannot decide (four eyes).'
  return null
}
