/**
 * People: who they are, what they may, and how they get in.
 */
import { z } from 'zod'
import type { Prisma, User } from '@/prisma/generated/client'
import { SagaError } from '@/runtime/errors'
import { audit } from '../../audit'
import { hashPassword } from '../../auth/passwords'
import { beyondCaller, type Role } from '../../auth/permissions'
import type { Principal } from '../../auth/principal'
import { createSignInLink, endSignInLinks } from '../../auth/sign-in-links'
import { vouchersOf } from '../../auth/vouchers'
import { contains, pageOf, readCursor } from '../../product/cursor'
import { isUniqueViolation } from '../../product/definitions'
import { type Me, type Page, page, saveUser, type UserItem } from '../contract'
import { procedure, publicProcedure, router } from '../trpc'

export const usersRouter = router({
  me: publicProcedure.query(({ ctx }): Me | null => {
    const { principal } = ctx
    if (!principal) return null
    const { userId, name, email, roles, permissions } = principal
    return { id: userId, name, email, roles: [...roles], permissions: [...permissions] }
  }),

  list: procedure('user:manage')
    .input(page.extend({ text: z.string().max(200).optional() }))
    .query(async ({ ctx, input }): Promise<Page<UserItem>> => {
      const after = readCursor(input.cursor, z.tuple([z.string()]))
      const words = input.text?.trim()
      const like = {
        contains: contains(words ?? '').slice(1, -1),
        mode: 'insensitive' as const,
      }
      const rows = await ctx.host.db.user.findMany({
        where: {
          ...(words ? { OR: [{ email: like }, { name: like }] } : {}),
          ...(after ? { email: { gt: after[0] } } : {}),
        },
        orderBy: { email: 'asc' },
        take: input.limit + 1,
      })
      return pageOf(rows, input.limit, { item: toItem, position: (row) => [row.email] })
    }),

  save: procedure('user:manage')
    .input(saveUser)
    .mutation(async ({ ctx, input }): Promise<UserItem> => {
      const { db, people, apiKeys } = ctx.host
      const { id, password, disabled, name, roles } = input
      const email = input.email.trim().toLowerCase()
      if (id === ctx.principal.userId && (disabled || !roles.includes('ADMIN')))
        throw new SagaError(
          'WRONG_STATE',
          'You cannot disable yourself or give up your own ADMIN role. Another admin can.',
          { userId: id },
        )
      refuseWider(ctx.principal, roles, email)
      const passwordHash = password === undefined ? undefined : await hashPassword(password)
      const saved = await db
        .$transaction(async (tx) => {
          const before = id === undefined ? null : await tx.user.findUnique({ where: { id } })
          if (id !== undefined && !before) throw noUser(id)
          if (before) refuseWider(ctx.principal, before.roles, before.email)
          const data = {
            email,
            name,
            roles: [...new Set(roles)],
            disabledAt: disabled ? (before?.disabledAt ?? new Date()) : null,
            ...(passwordHash === undefined
              ? {}
              : { passwordHash, passwordVouchers: vouchersFor(ctx.principal, id ?? '') }),
          }
          const user = before
            ? await tx.user.update({
                where: { id: before.id },
                // whoever knew the old password, or took a session by it, is out
                data:
                  passwordHash === undefined
                    ? data
                    : { ...data, sessionGeneration: { increment: 1 } },
              })
            : await tx.user.create({ data })
          if (passwordHash !== undefined) await endSignInLinks(tx, user.id)
          await audit(tx, {
            by: ctx.principal.actor,
            action: before ? 'user.changed' : 'user.created',
            subject: `user/${user.id}`,
            details: changes(before, user),
          })
          return user
        })
        .catch((error) => {
          if (!isUniqueViolation(error)) throw error
          throw new SagaError(
            'ALREADY_EXISTS',
            `${email} belongs to somebody already. Change that person instead.`,
            { email },
          )
        })
      people.forget(saved.id)
      apiKeys.forgetAll()
      return toItem(saved)
    }),

  /** A link that signs this person in, once, within a day. Hand it over on a channel you trust. */
  createSignInLink: procedure('user:manage')
    .input(z.object({ userId: z.string().min(1).max(64) }))
    .mutation(async ({ ctx, input }): Promise<{ url: string; expiresAt: Date }> => {
      const { db, env } = ctx.host
      const user = await db.user.findUnique({ where: { id: input.userId } })
      if (!user) throw noUser(input.userId)
      if (user.disabledAt)
        throw new SagaError('WRONG_STATE', `${user.email} is disabled. Enable the account first.`, {
          userId: user.id,
        })
      refuseWider(ctx.principal, user.roles, user.email)
      const vouchers = vouchersFor(ctx.principal, user.id)
      const link = await createSignInLink(db, {
        userId: user.id,
        origin: env.NEXTAUTH_URL,
        vouchers,
      })
      await audit(db, {
        by: ctx.principal.actor,
        action: 'sign-in-link.created',
        subject: `user/${user.id}`,
        details: { expiresAt: link.expiresAt.toISOString() },
      })
      return link
    }),
})

/** A key with one scope must not make, change or become somebody who may more. */
function refuseWider(principal: Principal, roles: readonly Role[], email: string): void {
  const beyond = beyondCaller(principal, roles)
  if (beyond.length === 0) return
  throw new SagaError(
    'FORBIDDEN',
    `${email} is to have permissions that you lack: ${beyond.join(', ')}. Somebody who has them can do it.`,
    { permissions: beyond },
  )
}

function vouchersFor(principal: Principal, userId: string): string[] {
  const vouchers = vouchersOf(principal, userId)
  if (vouchers) return vouchers
  throw new SagaError(
    'FORBIDDEN',
    'Too many people have signed in by links of one another. Sign in by your own password first.',
  )
}

const toItem = (user: User): UserItem => ({
  id: user.id,
  name: user.name,
  email: user.email,
  roles: user.roles,
  disabled: user.disabledAt !== null,
  lastSeenAt: user.lastSeenAt,
})

/** What the audit row tells: the fields that count for access, before and after. */
function changes(before: User | null, after: User): Prisma.InputJsonObject {
  const facts = (user: User) => ({
    email: user.email,
    roles: user.roles,
    disabled: user.disabledAt !== null,
  })
  return {
    ...(before ? { before: facts(before) } : {}),
    after: facts(after),
    passwordChanged: before !== null && before.passwordHash !== after.passwordHash,
  }
}

const noUser = (id: string) =>
  new SagaError('NOT_FOUND', `There is no user ${id}. See the list of users.`, { userId: id })
