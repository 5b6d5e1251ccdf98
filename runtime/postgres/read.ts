/**
 * Everything the engine and the screens read. Each is one statement, so one snapshot: an entity's row and its entries
 * always fit each other. JSON comes back as the text that was written.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import { SagaError } from '../errors'
import type { Entry, Message } from '../journal/entry'
import type { DueTimer, FeedItem, Lease, StoredEntity } from '../journal/store'
import { translating } from './database-error'

/** In no particular order; ids that do not exist are left out. */
export async function load(prisma: PrismaClient, entityIds: string[]): Promise<StoredEntity[]> {
  if (!entityIds.length) return []
  const found = await translating(
    `load ${entityIds.length} entities`,
    prisma.$queryRaw<LoadedRow[]>`
      SELECT e.id, e.kind, head.seq, head.hash, e.digest, e.snapshot_seq, e.snapshot::text AS snapshot, (
        SELECT json_agg(json_build_object('entityId', j.entity_id, 'seq', j.seq,
          'at', (extract(epoch FROM j.at) * 1000)::bigint, 'message', j.message, 'facts', j.facts)
          ORDER BY j.seq)::text
        FROM journal j WHERE j.entity_id = e.id AND j.seq > e.snapshot_seq
      ) AS entries
      FROM entity e CROSS JOIN LATERAL (
        SELECT j.seq, j.hash FROM journal j WHERE j.entity_id = e.id ORDER BY j.seq DESC LIMIT 1
      ) AS head
      WHERE e.id = ANY (${entityIds}::text[])`,
  )
  return found.map((row) => ({
    entityId: row.id,
    kind: row.kind,
    seq: row.seq,
    hash: row.hash,
    digest: row.digest,
    snapshot:
      row.snapshot === null ? null : { seq: row.snapshot_seq, data: JSON.parse(row.snapshot) },
    entries: JSON.parse(row.entries ?? '[]') as Entry[],
    size: { snapshot: row.snapshot?.length ?? 0, entries: row.entries?.length ?? 0 },
  }))
}

export async function active(
  prisma: PrismaClient,
  lease: Lease,
  afterId: string | null,
  limit: number,
): Promise<string[]> {
  if (!lease.shards.length) return []
  const found = await translating(
    'read active entities',
    prisma.$queryRaw<{ id: string }[]>`
      SELECT id FROM entity
      WHERE active AND id > ${afterId ?? ''} AND shard = ANY (${lease.shards}::int[])
      ORDER BY id LIMIT ${limit}::int`,
  )
  return found.map((row) => row.id)
}

export async function timers(
  prisma: PrismaClient,
  lease: Lease,
  until: number,
  limit: number,
): Promise<DueTimer[]> {
  if (!lease.shards.length) return []
  const found = await translating(
    'read due timers',
    prisma.$queryRaw<{ entity_id: string; timer: string; due_at: bigint }[]>`
      SELECT entity_id, timer, (extract(epoch FROM due_at) * 1000)::bigint AS due_at FROM timer
      WHERE due_at <= to_timestamp(${until}::bigint / 1000.0)
        AND shard = ANY (${lease.shards}::int[])
      ORDER BY timer.due_at LIMIT ${limit}::int`,
  )
  return found.map((row) => ({
    entityId: row.entity_id,
    timer: row.timer,
    dueAt: Number(row.due_at),
  }))
}

export async function read(
  prisma: PrismaClient,
  entityId: string,
  afterSeq: number,
  limit: number,
): Promise<Entry[]> {
  const found = await translating(
    `read the journal of ${entityId}`,
    prisma.$queryRaw<EntryRow[]>`
      SELECT entity_id, seq, (extract(epoch FROM at) * 1000)::bigint AS at,
        message::text AS message, facts::text AS facts
      FROM journal WHERE entity_id = ${entityId} AND seq > ${afterSeq}::int
      ORDER BY seq LIMIT ${limit}::int`,
  )
  return found.map(toEntry)
}

/** The start messages of those that exist. */
export async function starts(
  prisma: PrismaClient,
  entityIds: string[],
): Promise<Map<string, Message>> {
  if (!entityIds.length) return new Map()
  const found = await translating(
    `read the starts of ${entityIds.length} sagas`,
    prisma.$queryRaw<{ entity_id: string; message: string }[]>`
      SELECT entity_id, message::text AS message
      FROM journal WHERE entity_id = ANY (${entityIds}::text[]) AND seq = 1`,
  )
  return new Map(found.map((row) => [row.entity_id, JSON.parse(row.message) as Message]))
}

/**
 * By transaction number, and only up to the oldest transaction still running: whoever commits late has a number above
 * that, so nothing appears behind a cursor. A long writing transaction anywhere in the server holds the feed back.
 */
export async function feed(
  prisma: PrismaClient,
  after: string | null,
  limit: number,
): Promise<FeedItem[]> {
  const [tx, position] = parseCursor(after)
  const found = await translating(
    'read the feed',
    prisma.$queryRaw<(EntryRow & { cursor: string })[]>`
      SELECT tx::text || '-' || position AS cursor, entity_id, seq,
        (extract(epoch FROM at) * 1000)::bigint AS at, message::text AS message, facts::text AS facts
      FROM journal
      WHERE tx < pg_snapshot_xmin(pg_current_snapshot())
        AND (tx, position) > (${tx}::xid8, ${position}::bigint)
      ORDER BY tx, position LIMIT ${limit}::int`,
  )
  return found.map((row) => ({ cursor: row.cursor, entry: toEntry(row) }))
}

/** Cursors come back from browsers, so they are read with care. */
function parseCursor(cursor: string | null): [tx: string, position: string] {
  if (cursor === null) return ['0', '0']
  const [, tx, position] = /^(\d{1,19})-(\d{1,18})$/.exec(cursor) ?? []
  if (tx === undefined || position === undefined)
    throw new SagaError(
      'INVALID_INPUT',
      `"${cursor.slice(0, 64)}" is no feed cursor; start without one`,
    )
  return [tx, position]
}

interface LoadedRow {
  id: string
  kind: 'saga'
  seq: number
  hash: string
  digest: string
  snapshot_seq: number
  snapshot: string | null
  entries: string | null
}

interface EntryRow {
  entity_id: string
  seq: number
  at: bigint
  message: string
  facts: string
}

const toEntry = ({ entity_id, seq, at, message, facts }: EntryRow): Entry => ({
  entityId: entity_id,
  seq,
  at: Number(at),
  message: JSON.parse(message),
  facts: JSON.parse(facts),
})
