/**
 * Messages in: posting, handing them to the worker that owns them, and what became of them.
 *
 * Positions are drawn before transactions commit, so a message may become visible below one that was already read. A
 * reader that only moves on would lose it. So each lease remembers what it was given and looks again from `settled`, below
 * which no message can appear any more:
 *
 * 1. Every poster has its transaction number before it draws a position (`post_messages`, `commit_entities`).
 * 2. Whoever drew a position up to `after` thus has a number below the snapshot's xmax now; once the oldest running
 *    transaction (xmin) is past that number, all of them have ended, and `after` is settled.
 * 3. Newly taken shards bring mail of any age: the look starts over, less what was given. Under a new epoch it starts from
 *    nothing, for a shard may have been elsewhere meanwhile; whoever asks knows what it has.
 * 4. A long transaction elsewhere in the server holds `settled` back: a longer look, never a lost or delayed message.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import type { ErrorCode } from '../errors'
import type { Message, Verdict } from '../journal/entry'
import type { EntityCommit, Envelope, Lease, PendingMessage } from '../journal/store'
import { postRow, rows } from './commit'
import { translating } from './database-error'

/** What one epoch of a lease has been given and not yet acknowledged, and from where it has to look again. */
interface Reader {
  epoch: number
  given: Set<bigint>
  settled: bigint
  shards: string
  /** Becomes `settled` when every transaction below `xmax` has ended. */
  mark: { position: bigint; xmax: bigint } | null
}

export function createMailbox(prisma: PrismaClient) {
  const readers = new Map<string, Reader>()

  function readerOf(lease: Lease): Reader {
    const shards = lease.shards.join()
    const known = readers.get(lease.workerId)
    const same = known?.epoch === lease.epoch ? known : undefined
    if (same?.shards === shards) return same
    const given = same?.given ?? new Set()
    const reader: Reader = { epoch: lease.epoch, given, settled: 0n, mark: null, shards }
    readers.set(lease.workerId, reader)
    return reader
  }

  async function post(envelopes: Envelope[]): Promise<string[]> {
    const posts = rows(envelopes.map(postRow))
    if (!posts) return []
    const created = await translating(
      `post ${envelopes.length} messages`,
      prisma.$queryRaw<{ id: string }[]>`SELECT id FROM post_messages(${posts}::json) AS id`,
    )
    return created.map((row) => row.id)
  }

  async function pending(lease: Lease, after: bigint, limit: number): Promise<PendingMessage[]> {
    if (!lease.shards.length) return []
    const reader = readerOf(lease)
    const from = after < reader.settled ? after : reader.settled
    const given = [...reader.given].filter((position) => position > from && position <= after)
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
            WHERE processed_at IS NULL AND position > ${from}::bigint
              AND (position > ${after}::bigint OR position <> ALL (${given.map(String)}::bigint[]))
              AND shard = ANY (${lease.shards}::int[])
            ORDER BY mailbox.position LIMIT ${limit}::int
          ) m) AS messages`,
    )
    const messages = (JSON.parse(found?.messages ?? '[]') as StoredMessage[]).map(toPending)
    for (const { position } of messages) reader.given.add(position)
    if (found && messages.length < limit && readers.get(lease.workerId) === reader)
      settle(reader, after, found)
    return messages
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

  return {
    post,
    pending,
    verdicts,
    /** Acknowledged messages cannot come back: stop remembering them. */
    consumed(lease: Lease, commits: readonly EntityCommit[]): void {
      const reader = readers.get(lease.workerId)
      for (const { acks } of commits)
        for (const { position } of acks) reader?.given.delete(position)
    },
    forget(lease: Lease): void {
      if (readers.get(lease.workerId)?.epoch === lease.epoch) readers.delete(lease.workerId)
    },
  }
}

function settle(reader: Reader, after: bigint, seen: { xmin: string; xmax: string }): void {
  if (reader.mark && BigInt(seen.xmin) >= reader.mark.xmax) {
    reader.settled = reader.mark.position
    reader.mark = null
    for (const position of reader.given)
      if (position <= reader.settled) reader.given.delete(position)
  }
  if (!reader.mark && after > reader.settled)
    reader.mark = { position: after, xmax: BigInt(seen.xmax) }
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
