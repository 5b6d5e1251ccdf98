/**
 * API keys of services. Everybody manages their own; holders of `user:manage` see and revoke everybody's.
 */
import { z } from 'zod'
import type { ApiKey } from '@/prisma/generated/client'
import { SagaError } from '@/runtime/errors'
import { audit } from '../../audit'
import { mintKey, revokeKeys } from '../../auth/api-keys'
import type { Principal } from '../../auth/principal'
import { pageOf, readCursor } from '../../product/cursor'
import { type ApiKeyItem, createApiKey, type Page, page } from '../contract'
import { procedure, router } from '../trpc'

/** A person's keys that still work; more are refused. */
const KEYS_MAX = 100
const DAY_MS = 86_400_000

export const apiKeysRouter = router({
  list: procedure('key:manage')
    .input(page.extend({ all: z.boolean().default(false) }))
    .query(async ({ ctx, input }): Promise<Page<ApiKeyItem>> => {
      const after = readCursor(input.cursor, z.tuple([z.string()]))
      const everybody = input.all && maySeeAll(ctx.principal)
      const rows = await ctx.host.db.apiKey.findMany({
        where: {
          ...(everybody ? {} : { userId: ctx.principal.userId }),
          ...(after ? { id: { lt: after[0] } } : {}),
        },
        // ids are time-ordered: newest first
        orderBy: { id: 'desc' },
        take: input.limit + 1,
        include: { user: { select: { name: true } } },
      })
      return pageOf(rows, input.limit, { item: toItem, position: (row) => [row.id] })
    }),

  /** The key is in this answer and nowhere else. */
  create: procedure('key:manage')
    .input(createApiKey)
    .mutation(async ({ ctx, input }): Promise<{ key: string; item: ApiKeyItem }> => {
      const { db } = ctx.host
      const { principal } = ctx
      const scopes = [...new Set(input.scopes)]
      const beyond = scopes.filter((scope) => !principal.permissions.some((own) => own === scope))
      if (beyond.length > 0)
        throw new SagaError(
          'FORBIDDEN',
          `A key may do no more than you: you lack ${beyond.join(', ')}.`,
          { scopes: beyond },
        )
      const live = { userId: principal.userId, revokedAt: null }
      if ((await db.apiKey.count({ where: live })) >= KEYS_MAX)
        throw new SagaError(
          'LIMIT_EXCEEDED',
          `You have ${KEYS_MAX} keys that were not revoked. Revoke one first.`,
        )
      const { key, prefix, secretHash } = mintKey()
      const parentId = principal.kind === 'key' ? principal.actor.id : null
      const parent =
        parentId === null ? null : await db.apiKey.findUnique({ where: { id: parentId } })
      const asked = input.expiresInDays ? new Date(Date.now() + input.expiresInDays * DAY_MS) : null
      const row = await db.$transaction(async (tx) => {
        const created = await tx.apiKey.create({
          data: {
            name: input.name,
            prefix,
            secretHash,
            scopes,
            userId: principal.userId,
            expiresAt: earlier(asked, parent?.expiresAt ?? null),
            parentId,
            vouchers: [...principal.vouchers],
          },
          include: { user: { select: { name: true } } },
        })
        await audit(tx, {
          by: principal.actor,
          action: 'api-key.created',
          subject: `api-key/${created.id}`,
          details: { name: created.name, prefix, scopes },
        })
        return created
      })
      return { key, item: toItem(row) }
    }),

  revoke: procedure('key:manage')
    .input(z.object({ id: z.string().min(1).max(64) }))
    .mutation(async ({ ctx, input }): Promise<ApiKeyItem> => {
      const { db, apiKeys } = ctx.host
      const found = await db.apiKey.findUnique({ where: { id: input.id } })
      // a key of somebody else is not there, for whoever may not see it
      if (!found || (found.userId !== ctx.principal.userId && !maySeeAll(ctx.principal)))
        throw new SagaError('NOT_FOUND', `There is no API key ${input.id} of yours.`, input)
      const row = await db.$transaction(async (tx) => {
        for (const { id, name, prefix } of await revokeKeys(tx, input.id))
          await audit(tx, {
            by: ctx.principal.actor,
            action: 'api-key.revoked',
            subject: `api-key/${id}`,
            details: { name, prefix, ...(id === input.id ? {} : { with: input.id }) },
          })
        return tx.apiKey.findUniqueOrThrow({
          where: { id: input.id },
          include: { user: { select: { name: true } } },
        })
      })
      apiKeys.forgetAll()
      return toItem(row)
    }),
})

function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}

const maySeeAll = (principal: Principal) => principal.permissions.includes('user:manage')

const toItem = (row: ApiKey & { user: { name: string } }): ApiKeyItem => ({
  id: row.id,
  name: row.name,
  prefix: `sgw_${row.prefix}`,
  scopes: row.scopes,
  ownerName: row.user.name,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
  lastUsedAt: row.lastUsedAt,
  revokedAt: row.revokedAt,
})
