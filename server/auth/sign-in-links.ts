/**
 * One-time sign-in links, as `npm start` prints them and as admins make them for others.
 *
 * 1. The database keeps the token's SHA-256 only.
 * 2. A link works once: using it is one conditional update, so of two tries at a time one succeeds.
 * 3. A person has one link that works: making another ends it, and so do using it and a new password.
 * 4. Opening the link does not use it; the page's sign-in request does. Link previews spoil nothing.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { PrismaClient } from '@/prisma/generated/client'

/** Default life of a link. */
export const LINK_MS = 24 * 3_600_000

/** Makes a link for a person; `origin` is the address people open, `vouchers` those of vouchers.ts who see the link. */
export async function createSignInLink(
  db: PrismaClient,
  request: { userId: string; origin: string; lifeMs?: number; vouchers?: readonly string[] },
): Promise<{ url: string; expiresAt: Date }> {
  const token = randomBytes(32).toString('base64url')
  const expiresAt = new Date(Date.now() + (request.lifeMs ?? LINK_MS))
  const { userId, vouchers = [] } = request
  await db.$transaction([
    endSignInLinks(db, userId),
    db.signInLink.create({
      data: { tokenHash: hashOf(token), userId, expiresAt, vouchers: [...vouchers] },
    }),
  ])
  return { url: new URL(`/sign-in/link?token=${token}`, request.origin).href, expiresAt }
}

/** Ends the links of a person that were not used. */
export function endSignInLinks(db: Pick<PrismaClient, 'signInLink'>, userId: string) {
  return db.signInLink.deleteMany({ where: { userId, usedAt: null } })
}

/** Uses a link up and returns whose it was, with who vouches for them; null when it is unknown, used, expired, or its person is disabled. */
export async function redeemSignInLink(
  db: PrismaClient,
  token: string,
): Promise<{ id: string; email: string; name: string; vouchers: string[] } | null> {
  const now = new Date()
  const { count } = await db.signInLink.updateMany({
    where: { tokenHash: hashOf(token), usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  })
  if (count === 0) return null
  const link = await db.signInLink.findUnique({
    where: { tokenHash: hashOf(token) },
    include: { user: true },
  })
  if (!link || link.user.disabledAt) return null
  const { id, email, name } = link.user
  return { id, email, name, vouchers: link.vouchers }
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
