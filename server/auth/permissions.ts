/**
 * Who may do what. A procedure names one permission; a role is a set of permissions; a key's scopes are permissions too.
 *
 * 1. A person may what any of their roles may.
 * 2. A key may what it was given AND its owner still may: taking a role away takes it from the owner's keys at once.
 * 3. `saga:operate` steers forward work and steps; `saga:force` undoes effects even past the pivot.
 * 4. `key:manage` covers one's own keys; everybody's keys also need `user:manage`.
 * 5. `participant:private-network` opens loopback and private networks to a participant, and is needed to change or
 *    remove one that has them open: removing it and registering another under its name is a change.
 */

export const PERMISSIONS = [
  'definition:read',
  'definition:write',
  'definition:publish',
  'saga:read',
  'saga:start',
  'saga:operate',
  'saga:force',
  'approval:read',
  'approval:decide',
  'participant:read',
  'participant:write',
  'participant:private-network',
  'user:manage',
  'key:manage',
  'system:read',
] as const

export type Permission = (typeof PERMISSIONS)[number]

export const ROLES = ['ANALYST', 'OPERATOR', 'CHAIRMAN', 'ADMIN'] as const

export type Role = (typeof ROLES)[number]

const everybody = [
  'definition:read',
  'saga:read',
  'approval:read',
  'participant:read',
  'key:manage',
  'system:read',
] as const satisfies Permission[]

export const ROLE_PERMISSIONS: Record<Role, readonly Permission[]> = {
  ANALYST: [...everybody, 'definition:write', 'definition:publish', 'saga:start'],
  OPERATOR: [...everybody, 'saga:start', 'saga:operate', 'approval:decide', 'participant:write'],
  CHAIRMAN: [...everybody, 'saga:force', 'approval:decide'],
  ADMIN: PERMISSIONS,
}

/** The union of the roles' permissions, in the order of `PERMISSIONS`. */
export function permissionsOf(roles: readonly Role[]): Permission[] {
  return PERMISSIONS.filter((permission) =>
    roles.some((role) => ROLE_PERMISSIONS[role].includes(permission)),
  )
}

/** What a key may do: its scopes, less everything its owner may not (any more). Unknown scopes give nothing. */
export function permissionsOfKey(scopes: readonly string[], ownerRoles: readonly Role[]) {
  return permissionsOf(ownerRoles).filter((permission) => scopes.includes(permission))
}

/** What the roles may and the caller may not: nobody gives, or takes over, more than they have. */
export function beyondCaller(
  { permissions }: { permissions: readonly Permission[] },
  roles: readonly Role[],
): Permission[] {
  return permissionsOf(roles).filter((permission) => !permissions.includes(permission))
}
