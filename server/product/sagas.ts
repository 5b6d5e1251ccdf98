/**
 * The lists of sagas, read from `saga_execution` in the order of its indexes (newest first, then by id).
 *
 * 1. Several statuses are read one index range each and merged, so a rare status costs its rows and not the table.
 * 2. Text is matched in the order of the list and stops when the page is full.
 * 3. A child is listed and counted only while it waits for somebody; each of its ancestors then says for whom it waits.
 *    That is found from above, among what is still open below the rows shown, and costs a commit nothing.
 */
import { z } from 'zod'
import { Prisma, type PrismaClient } from '@/prisma/generated/client'
import { type SagaStatus, TERMINAL } from '@/runtime/journal/entry'
import {
  type listSagas,
  type Page,
  SAGA_STATUSES,
  type SagaListItem,
  type WaitsFor,
} from '../api/contract'
import { contains, cursorInstant, pageOf, readCursor } from './cursor'

type ListRequest = z.infer<typeof listSagas>
type Filters = Omit<ListRequest, 'cursor' | 'limit' | 'status'>

interface Row {
  saga_id: string
  name: string
  saga_type: string
  definition_version: number
  status: SagaStatus
  current: string | null
  venture_id: string | null
  venture_name: string | null
  parent_id: string | null
  total_steps: number
  started_by: string | null
  started_at: Date
  completed_at: Date | null
  failure_code: string | null
  failure_reason: string | null
  requires_approval: boolean
}

const position = z.tuple([cursorInstant, z.string()])

/** One page of sagas, newest first. */
export async function listSagaItems(
  db: PrismaClient,
  request: ListRequest,
): Promise<Page<SagaListItem>> {
  const after = readCursor(request.cursor, position)
  const where = [...conditions(request)]
  if (after) {
    const [at, id] = [new Date(after[0]), after[1]]
    where.push(
      Prisma.sql`s.started_at <= ${at} AND NOT (s.started_at = ${at} AND s.saga_id <= ${id})`,
    )
  }
  const limit = request.limit + 1
  const rows = await db.$queryRaw<Row[]>`
    WITH page AS (${pageQuery(where, [...new Set(request.status ?? [])], limit)})
    ${SELECT_ITEMS} JOIN page USING (saga_id) ${JOINS}
    ORDER BY s.started_at DESC, s.saga_id LIMIT ${limit}`
  const waits = await waitsBelow(db, rows)
  return pageOf(rows, request.limit, {
    item: (row) => toItem(row, waits),
    position: (row) => [row.started_at.getTime(), row.saga_id],
  })
}

/** One saga as lists show it; null when there is none of that id. */
export async function findSagaItem(db: PrismaClient, id: string): Promise<SagaListItem | null> {
  const rows = await db.$queryRaw<Row[]>`${SELECT_ITEMS} ${JOINS} WHERE s.saga_id = ${id}`
  return rows[0] ? toItem(rows[0], await waitsBelow(db, rows)) : null
}

/** The descendant that waits for somebody, for whom this saga waits in turn; null when there is none. */
export async function findWaitsFor(db: PrismaClient, id: string): Promise<WaitsFor | null> {
  return (await waitsBelow(db, [{ saga_id: id, status: 'RUNNING' }])).get(id) ?? null
}

/** Children of children are looked at to this depth. */
const DEPTH = 16

/** By saga: a descendant that is quarantined, paused or at a gate; the worst first. Whatever has ended waits for nobody. */
async function waitsBelow(
  db: PrismaClient,
  rows: readonly { saga_id: string; status: SagaStatus }[],
): Promise<Map<string, WaitsFor>> {
  const open = rows.filter(({ status }) => !TERMINAL.includes(status)).map((row) => row.saga_id)
  if (open.length === 0) return new Map()
  const found = await db.$queryRaw<(WaitsFor & { root: string })[]>`
    WITH RECURSIVE below AS (
      SELECT s.parent_id AS root, s.saga_id, s.name, s.status, s.failure_reason, 1 AS depth
      FROM saga_execution s WHERE s.parent_id = ANY(${open}::text[]) AND ${STILL_OPEN}
      UNION ALL
      SELECT b.root, s.saga_id, s.name, s.status, s.failure_reason, b.depth + 1
      FROM below b JOIN saga_execution s ON s.parent_id = b.saga_id
      WHERE ${STILL_OPEN} AND b.depth < ${DEPTH}
    ), waiting AS (
      SELECT DISTINCT ON (b.root) b.root, b.saga_id, b.name, b.failure_reason, g.id AS gate, g.question,
             CASE b.status WHEN 'QUARANTINED' THEN 'owner' WHEN 'PAUSED' THEN 'resume' ELSE 'decision' END AS what
      FROM below b LEFT JOIN gate g ON g.saga_id = b.saga_id AND g.status = 'OPEN'
      WHERE b.status IN ('QUARANTINED', 'PAUSED') OR g.id IS NOT NULL
      ORDER BY b.root, b.status = 'QUARANTINED' DESC, b.status = 'PAUSED' DESC, b.saga_id
    )
    SELECT w.root, w.saga_id AS "sagaId", w.name, w.what AS "for", w.gate AS "gateId",
           coalesce(CASE WHEN w.what = 'decision' THEN w.question END, head.current, w.failure_reason) AS reason
    FROM waiting w LEFT JOIN LATERAL (
      SELECT j.current FROM journal j WHERE j.entity_id = w.saga_id ORDER BY j.seq DESC LIMIT 1
    ) AS head ON true`
  return new Map(found.map(({ root, ...rest }) => [root, rest]))
}

const STILL_OPEN = Prisma.sql`s.status IN ('RUNNING', 'COMPENSATING', 'PAUSED', 'QUARANTINED')`

/** How many sagas there are of each status, under the same filters as the list. */
export async function countSagas(
  db: PrismaClient,
  filters: Filters,
): Promise<Record<SagaStatus, number>> {
  const rows = await db.$queryRaw<{ status: SagaStatus; n: number }[]>`
    SELECT s.status::text AS status, count(*)::int AS n FROM saga_execution s
    WHERE ${Prisma.join([...conditions(filters)], ' AND ')} GROUP BY s.status`
  const found = new Map(rows.map((row) => [row.status, row.n]))
  const counts = SAGA_STATUSES.map((status) => [status, found.get(status) ?? 0])
  return Object.fromEntries(counts) as Record<SagaStatus, number>
}

const SELECT_ITEMS = Prisma.sql`
  SELECT s.saga_id, s.name, s.saga_type, s.definition_version, s.status::text AS status, head.current,
         s.venture_id, v.name AS venture_name, s.parent_id, s.total_steps, s.started_by, s.started_at,
         s.completed_at, s.failure_code, s.failure_reason, s.requires_approval
  FROM saga_execution s`
const JOINS = Prisma.sql`
  LEFT JOIN LATERAL (
    SELECT j.current FROM journal j WHERE j.entity_id = s.saga_id ORDER BY j.seq DESC LIMIT 1
  ) AS head ON true
  LEFT JOIN venture v ON v.id = s.venture_id`

function pageQuery(where: Prisma.Sql[], statuses: SagaStatus[], limit: number): Prisma.Sql {
  const order = Prisma.sql`ORDER BY s.started_at DESC, s.saga_id LIMIT ${limit}`
  if (statuses.length === 0)
    return Prisma.sql`SELECT s.saga_id FROM saga_execution s WHERE ${Prisma.join(where, ' AND ')} ${order}`
  return Prisma.sql`
    SELECT found.saga_id FROM unnest(${statuses}::text[]::"SagaStatus"[]) AS wanted(status)
    CROSS JOIN LATERAL (
      SELECT s.saga_id FROM saga_execution s
      WHERE s.status = wanted.status AND ${Prisma.join(where, ' AND ')} ${order}
    ) AS found`
}

function* conditions(filters: Filters): Generator<Prisma.Sql, void, undefined> {
  const { definition, ventureId, text, startedAfter, startedBefore, parentId, children } = filters
  if (parentId !== undefined) yield Prisma.sql`s.parent_id = ${parentId}`
  else if (!children)
    yield Prisma.sql`(s.parent_id IS NULL OR s.status IN ('PAUSED', 'QUARANTINED'))`
  else yield Prisma.sql`TRUE`
  if (definition !== undefined) yield Prisma.sql`s.saga_type = ${definition}`
  if (ventureId !== undefined) yield Prisma.sql`s.venture_id = ${ventureId}`
  if (startedAfter !== undefined) yield Prisma.sql`s.started_at >= ${startedAfter}`
  if (startedBefore !== undefined) yield Prisma.sql`s.started_at < ${startedBefore}`
  const words = text?.trim()
  if (words) {
    const pattern = contains(words)
    yield Prisma.sql`(starts_with(s.saga_id, ${words}) OR s.name ILIKE ${pattern}
      OR s.failure_code ILIKE ${pattern} OR s.failure_reason ILIKE ${pattern})`
  }
}

const toItem = (row: Row, waits: ReadonlyMap<string, WaitsFor>): SagaListItem => ({
  sagaId: row.saga_id,
  name: row.name,
  definition: row.saga_type,
  version: row.definition_version,
  status: row.status,
  current: row.current,
  ventureId: row.venture_id,
  ventureName: row.venture_name,
  parentId: row.parent_id,
  totalSteps: row.total_steps,
  startedBy: row.started_by,
  startedAt: row.started_at,
  completedAt: row.completed_at,
  failureCode: row.failure_code,
  failureReason: row.failure_reason,
  requiresApproval: row.requires_approval,
  waitsFor: waits.get(row.saga_id) ?? null,
})
