/**
 * Forgets sagas that ended longer ago than their definition keeps them (`retentionDays`): journal, rows, gates; and mail
 * that was dealt with a week ago.
 *
 * 1. Only ended sagas go; one in quarantine has not ended. A child goes after its parent has gone.
 * 2. Bounded per call, so that it never holds locks for long; call it again while it returns a full batch.
 */
import type { PrismaClient } from '../../prisma/generated/client'

/** Sagas forgotten by one call. */
export const RETENTION_BATCH = 500

/** How many sagas were forgotten, at most RETENTION_BATCH. */
export async function forgetOldSagas(prisma: PrismaClient): Promise<number> {
  const [result] = await prisma.$queryRaw<{ count: number }[]>`
    WITH old AS MATERIALIZED (
      SELECT s.saga_id FROM saga_execution s
      WHERE s.completed_at < now() - make_interval(days => coalesce((
          SELECT (readable_json(v.document) ->> 'retentionDays')::int FROM definition_version v
          WHERE v.digest = s.definition_digest LIMIT 1), 365))
        AND NOT EXISTS (SELECT FROM saga_execution p WHERE p.saga_id = s.parent_id)
      ORDER BY s.completed_at LIMIT ${RETENTION_BATCH}::int
      FOR UPDATE SKIP LOCKED
    ),
    journal_gone AS (DELETE FROM journal USING old WHERE entity_id = old.saga_id),
    timers_gone AS (DELETE FROM timer USING old WHERE entity_id = old.saga_id),
    entity_gone AS (DELETE FROM entity USING old WHERE id = old.saga_id),
    saga_gone AS (DELETE FROM saga_execution s USING old WHERE s.saga_id = old.saga_id RETURNING 1)
    SELECT count(*)::int AS count FROM saga_gone`
  return result?.count ?? 0
}

/** How many dealt-with messages were forgotten. Their ids may be used again from then on; sagas' ids may not. */
export async function forgetOldMail(prisma: PrismaClient): Promise<number> {
  // By position, which grows with time: the look is bounded however long the mailbox is.
  return prisma.$executeRaw`
    DELETE FROM mailbox WHERE position IN (
      SELECT position FROM mailbox
      WHERE position < (SELECT min(position) + ${MAIL_BATCH}::int FROM mailbox)
        AND processed_at < now() - interval '7 days')`
}

/** Positions looked at by one call. */
const MAIL_BATCH = 20_000
