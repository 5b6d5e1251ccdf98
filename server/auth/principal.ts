/**
 * Whoever is calling: a person with a session, or a service with a key that some person owns.
 */
import type { Actor } from '@/runtime/journal/entry'
import type { Permission, Role } from './permissions'

export interface Principal {
  kind: 'user' | 'key'
  /** The person, or the key's owner. */
  userId: string
  email: string
  name: string
  roles: readonly Role[]
  /** What this call may do; for a key, already cut down to its scopes. */
  permissions: readonly Permission[]
  /** People who could be the caller instead, see vouchers.ts. Empty for nearly everybody. */
  vouchers: readonly string[]
  /** How this caller is written into journals and audit rows. */
  actor: Actor
}
