/**
 * Where the journal's feed ends now. The store's cursors are `<transaction>-<position>` (runtime/postgres/read.ts) and
 * its feed shows transactions older than every running one: "from now on" is just before the oldest that still runs.
 */
import type { PrismaClient } from '@/prisma/generated/client'

/** Beyond every position, within the cursor's 18 digits. */
const LAST_POSITION = '999999999999999999'

/** A cursor that skips everything the feed shows by now, and nothing it will show later. */
export async function feedTail(db: PrismaClient): Promise<string> {
  const [row] = await db.$queryRaw<{ tx: string }[]>`
    SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text AS tx`
  return `${row?.tx ?? '0'}-${LAST_POSITION}`
}
