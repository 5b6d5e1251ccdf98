/**
 * Messages in: posting, handing them to the worker that owns them, and what became of them.
 *
 * Positions are drawn before transactions commit, so a message may become visible below one that was already read. A
 * reader that only moves on would lose it. So it looks again from `settled`, below which no message can appear any more:
 *
 * 1. Every poster has its transaction number before it draws a position (`post_messages`, `commit_entities`).
 * 2. Whoever drew a position up to `mark.position` thus has a number below the snapshot's xmax when that was read; once the
 *    oldest running transaction (xmin) is past that number, all of them have ended, and the position is settled.
 * 3. A long transaction elsewhere in the server holds `settled` back: a longer look, never a lost or delayed message.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import type { ErrorCode } from '../errors'
import type { Message, Verdict } from '../journal/entry'
import type { Envelope, Lease, Mail, MailCursor, PendingMessage } from '../journal/store'
import { postRow, rows } from './commit'
import { translating } from './database-error'

interface Cursor extends MailCursor {
  /** The highest position read. */
  newest: bigint
  /** Becomes `settled` when every transaction below `xmax` has ended. */
  mark: { position: bigint; xmax: bigint } | null
}

const START: Cursor = { settled: 0n, newest: 0n, mark: null }

export function createMailbox(prisma: PrismaClient) {
  async function post(envelopes: Envelope[]): Promise<string[]> {
    const posts = rows(envelopes.map(postRow))
    if (!posts) return []
    const created = await translating(
      `post ${envelopes.length} messages`,
      prisma.$queryRaw<{ id: string }[]>`SELECT id FROM post_messages(${posts}::json) AS id`,
    )
    return created.map((row) => row.id)
  }

  async function pending(
    lease: Lease,
    cursor: MailCursor | null,
    have: readonly bigint[],
    limit: number,
  ): Promise<Mail> {
    const from = (cursor as Cursor | null) ?? START
    if (!lease.shards.length) return { messages: [], cursor: from }
    const given = have.filter((position) => position > from.settled).map(String)
    const [found] = await translating(
      `read messages for worker ${lease.workerId}`,
      prisma.$queryRaw<{ xmin: string; xmax: string; messages: string | null }[]>`
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin,
          pg_snapshot_xmax(pg_current_snapshot())::text AS xmax,
          (SELECT json_agg(m)::text FROM (
            SELECT position::text, id, entity_id, message, traceparent,
              (extract(epoch FROM at) * 1000)::bigint AS at,
              (extract(epoch FROM clock_timestamp() - at) * 1000)::bigint AS age_ms
            FROM mailbox
            WHERE processed_at IS NULL AND position > ${from.settled}::bigint
              AND position <> ALL (${given}::bigint[])
              AND shard = ANY (${lease.shards}::int[])
            ORDER BY mailbox.position LIMIT ${limit}::int
          ) m) AS messages`,
    )
    const messages = (JSON.parse(found?.messages ?? '[]') as StoredMessage[]).map(toPending)
    let { newest } = from
    for (const { position } of messages) if (position > newest) newest = position
    const all = found && messages.length < limit
    return { messages, cursor: all ? settle({ ...from, newest }, found) : { ...from, newest } }
  }

  async function verdicts(messageIds: string[]): Promise<Map<string, Verdict>> {
    if (!messageIds.length) return new Map()
    const found = await translating(
      'read verdicts',
      prisma.$queryRaw<{ id: string; refusal: { code: ErrorCode; reason: string } | null }[]>`
        SELECT id, refusal FROM mailbox
        WHERE id = ANY (${messageIds}::text[]) AND processed_at IS NOT NULL`,
    )
    return new Map(
      found.map(({ id, refusal }): [string, Verdict] => [
        id,
        refusal ? { accepted: false, ...refusal } : { accepted: true },
      ]),
    )
  }

  async function posted(messageIds: string[]): Promise<Map<string, Message>> {
    if (!messageIds.length) return new Map()
    const found = await translating(
      'read posted messages',
      prisma.$queryRaw<{ id: string; message: string }[]>`
        SELECT id, message::text AS message FROM mailbox WHERE id = ANY (${messageIds}::text[])`,
    )
    return new Map(found.map(({ id, message }) => [id, JSON.parse(message) as Message]))
  }

  return { post, pending, verdicts, posted }
}

/** After a look that left nothing behind. */
function settle({ settled, newest, mark }: Cursor, seen: { xmin: string; xmax: string }): Cursor {
  const ended = mark && BigInt(seen.xmin) >= mark.xmax
  const from = ended ? mark.position : settled
  const next =
    (ended ? null : mark) ?? (newest > from ? { position: newest, xmax: BigInt(seen.xmax) } : null)
  return { settled: from, newest, mark: next }
}

interface StoredMessage {
  position: string
  id: string
  entity_id: string
  message: Message
  traceparent: string | null
  at: number
  age_ms: number
}

function toPending(stored: StoredMessage): PendingMessage {
  const { position, id, entity_id, message, traceparent, at, age_ms } = stored
  return {
    id,
    entityId: entity_id,
    message,
    ...(traceparent === null ? {} : { traceparent }),
    position: BigInt(position),
    at,
    ageMs: age_ms,
  }
}
