/**
 * API keys of services: `sgw_<prefix>_<secret>`. The prefix (8 hex digits) names a key in lists and logs; of the secret
 * (256 random bits) only the SHA-256 is stored, so nobody can read a key out of the database.
 *
 * 1. A key is refused when it is revoked, expired, or its owner is disabled; the answer says which.
 * 2. Its permissions are its scopes and its owner's permissions together (permissions.ts).
 * 3. A key that was made with a key is revoked with it, and expires no later.
 * 4. `lastUsedAt` is written at most once a minute.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiKey, PrismaClient, User } from '@/prisma/generated/client'
import { permissionsOfKey } from './permissions'
import type { Principal } from './principal'
import { ShortCache } from './short-cache'

const FORMAT = /^sgw_([0-9a-f]{8})_([A-Za-z0-9_-]{43})$/
const USED_EVERY_MS = 60_000

/** A new key: what to show once, and what to store. */
export function mintKey(): { key: string; prefix: string; secretHash: string } {
  const prefix = randomBytes(4).toString('hex')
  const secret = randomBytes(32).toString('base64url')
  return { key: `sgw_${prefix}_${secret}`, prefix, secretHash: hashOf(secret) }
}

export class ApiKeys {
  readonly #db: PrismaClient
  readonly #cache = new ShortCache<(ApiKey & { user: User }) | null>({ ttlMs: 2_000, max: 10_000 })

  constructor(db: PrismaClient) {
    this.#db = db
  }

  /** The caller behind a bearer token; `refusal` says why there is none. */
  async authenticate(
    token: string,
  ): Promise<{ principal: Principal | null; refusal: string | null }> {
    const [, prefix, secret] = FORMAT.exec(token) ?? []
    if (!prefix || !secret) return refused('This is not an API key: keys look like sgw_1a2b3c4d_….')
    const hash = hashOf(secret)
    const found = await this.#cache.get(hash, () => this.#load(hash))
    if (!found || !same(found.secretHash, hash) || !same(found.prefix, prefix))
      return refused(`No API key sgw_${prefix}_… exists.`)
    if (found.revokedAt) return refused(`API key sgw_${prefix}_… was revoked.`)
    if (found.expiresAt && found.expiresAt.getTime() <= Date.now())
      return refused(`API key sgw_${prefix}_… expired at ${found.expiresAt.toISOString()}.`)
    if (found.user.disabledAt) return refused(`The owner of API key sgw_${prefix}_… is disabled.`)
    return { principal: principalOf(found), refusal: null }
  }

  /** Call it when a key or its owner was changed. */
  forgetAll(): void {
    this.#cache.clear()
  }

  async #load(secretHash: string) {
    const key = await this.#db.apiKey.findUnique({ where: { secretHash }, include: { user: true } })
    if (key && Date.now() - (key.lastUsedAt?.getTime() ?? 0) > USED_EVERY_MS)
      await this.#db.apiKey.update({ where: { id: key.id }, data: { lastUsedAt: new Date() } })
    return key
  }
}

/** Revokes a key with those made with it, at any depth. Returns the ids that were not revoked before. */
export async function revokeKeys(
  db: Pick<PrismaClient, '$queryRaw'>,
  id: string,
): Promise<{ id: string; name: string; prefix: string }[]> {
  return db.$queryRaw`
    WITH RECURSIVE made AS (
      SELECT id FROM api_key WHERE id = ${id}
      UNION SELECT child.id FROM api_key child JOIN made ON child.parent_id = made.id
    )
    UPDATE api_key SET revoked_at = now()
    WHERE id IN (SELECT id FROM made) AND revoked_at IS NULL
    RETURNING id, name, prefix`
}

function principalOf({ user, ...key }: ApiKey & { user: User }): Principal {
  return {
    kind: 'key',
    userId: user.id,
    email: user.email,
    name: key.name,
    roles: user.roles,
    permissions: permissionsOfKey(key.scopes, user.roles),
    vouchers: key.vouchers,
    actor: { kind: 'key', id: key.id, name: `${key.name} (key of ${user.name})` },
  }
}

const refused = (refusal: string) => ({ principal: null, refusal })
const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
