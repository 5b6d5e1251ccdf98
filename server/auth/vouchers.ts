/**
 * Who may be behind a caller. Whoever makes somebody's sign-in link, or sets their password, can sign in as that person,
 * so a session carries the ids of those people, and four eyes (decision-policy.ts) takes what it does for theirs too.
 * A key made in such a session carries them on.
 */
import type { Principal } from './principal'

/** People in a chain of links and passwords that are remembered; a longer chain is refused. */
const VOUCHERS_MAX = 16

/** Those who vouch for `userId` when `by` makes a link or password for them. Null when the chain is too long. */
export function vouchersOf(by: Principal, userId: string): string[] | null {
  const all = new Set([by.userId, ...by.vouchers])
  all.delete(userId)
  return all.size > VOUCHERS_MAX ? null : [...all]
}
