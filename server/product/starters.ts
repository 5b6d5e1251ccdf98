/**
 * Who started a saga, as a person: the outermost parent's `start` message names the actor; a key stands for its owner.
 * Read from the journal, not from the list's column, which holds a name for showing.
 */
import type { PrismaClient } from '@/prisma/generated/client'

/** The starter's user id for each saga that has one; system-started sagas are left out. At most 200 sagas. */
export async function startersOf(
  db: PrismaClient,
  sagaIds: readonly string[],
): Promise<Map<string, string>> {
  if (sagaIds.length === 0) return new Map()
  // the depth bound ends a cycle that a damaged row could make
  const rows = await db.$queryRaw<{ saga_id: string; user_id: string }[]>`
    WITH RECURSIVE line AS (
      SELECT saga_id AS leaf, saga_id, parent_id, 0 AS depth
      FROM saga_execution WHERE saga_id = ANY(${[...sagaIds]})
      UNION ALL
      SELECT line.leaf, parent.saga_id, parent.parent_id, line.depth + 1
      FROM line JOIN saga_execution parent ON parent.saga_id = line.parent_id
      WHERE line.depth < 64
    )
    SELECT line.leaf AS saga_id, coalesce(api_key.user_id, starter.by->>'id') AS user_id
    FROM line
    JOIN journal entry ON entry.entity_id = line.saga_id AND entry.seq = 1
    -- an input may hold what PostgreSQL refuses to read as JSON, such as an escaped NUL
    CROSS JOIN LATERAL (SELECT readable_json(entry.message)->'by' AS by OFFSET 0) starter
    LEFT JOIN api_key ON starter.by->>'kind' = 'key' AND api_key.id = starter.by->>'id'
    WHERE line.parent_id IS NULL AND starter.by->>'kind' IN ('user', 'key')`
  return new Map(rows.map((row) => [row.saga_id, row.user_id]))
}
