/**
 * Gates and decisions as people list them. Open gates come soonest due first (those without a due time last), closed
 * ones newest first.
 */
import { z } from 'zod'
import { Prisma, type PrismaClient } from '@/prisma/generated/client'
import type { Decision } from '@/runtime/journal/entry'
import type { DecisionItem, GateListItem, listGates, Page } from '../api/contract'
import { mayNotDecide } from '../auth/decision-policy'
import type { Principal } from '../auth/principal'
import { cursorInstant, pageOf, readCursor } from './cursor'
import { startersOf } from './starters'

interface GateRow {
  id: string
  saga_id: string
  step: string
  question: string
  context: unknown
  roles: string[]
  status: GateListItem['status']
  opened_at: Date
  opened_seq: number
  due_at: Date | null
  closed_at: Date | null
  saga_name: string
  saga_type: string
  venture_name: string | null
}

/** A gate with what `GateDetail` needs beside the list's fields. */
export interface GateRecord extends GateListItem {
  context: unknown
  openedSeq: number
  /** Why the caller may not decide here even while the gate is open. */
  notAllowed: string | null
}

const SELECT_GATES = Prisma.sql`
  SELECT g.id, g.saga_id, g.step, g.question, g.context, g.roles, g.status::text AS status, g.opened_at,
         g.opened_seq, g.due_at, g.closed_at, s.name AS saga_name, s.saga_type, v.name AS venture_name
  FROM gate g JOIN saga_execution s USING (saga_id) LEFT JOIN venture v ON v.id = s.venture_id`

const position = z.tuple([cursorInstant.nullable(), z.string()])

/** One page of gates, each with whether this caller may decide. */
export async function listGateItems(
  db: PrismaClient,
  request: z.infer<typeof listGates>,
  principal: Principal,
): Promise<Page<GateListItem>> {
  const after = readCursor(request.cursor, position)
  const limit = request.limit + 1
  const rows =
    request.status === 'OPEN'
      ? await openGates(db, { after, limit, sagaId: request.sagaId })
      : await pastGates(db, { after, limit, sagaId: request.sagaId, status: request.status })
  const starters = await startersOf(db, [...new Set(rows.map((row) => row.saga_id))])
  const open = request.status === 'OPEN'
  return pageOf(rows, request.limit, {
    item: (row) => {
      const {
        context: _context,
        openedSeq: _seq,
        notAllowed: _why,
        ...item
      } = toRecord(row, starters, principal)
      return item
    },
    position: (row) => [(open ? row.due_at : row.opened_at)?.getTime() ?? null, row.id],
  })
}

/** One gate by its id, or the open gate of a saga's step; null when there is none. */
export async function findGate(
  db: PrismaClient,
  which: { gateId: string } | { sagaId: string; step: string },
  principal: Principal,
): Promise<GateRecord | null> {
  const where =
    'gateId' in which
      ? Prisma.sql`g.id = ${which.gateId}`
      : Prisma.sql`g.saga_id = ${which.sagaId} AND g.step = ${which.step}
          ORDER BY g.status = 'OPEN' DESC, g.opened_at DESC LIMIT 1`
  const [row] = await db.$queryRaw<GateRow[]>`${SELECT_GATES} WHERE ${where}`
  return row ? toRecord(row, await startersOf(db, [row.saga_id]), principal) : null
}

/** The gates of these sagas' steps as `findGate` finds each, in two queries; null where there is none. */
export async function findGates(
  db: PrismaClient,
  steps: readonly { sagaId: string; step: string }[],
  principal: Principal,
): Promise<(GateRecord | null)[]> {
  const sagas = steps.map(({ sagaId }) => sagaId)
  const names = steps.map(({ step }) => step)
  const rows = await db.$queryRaw<GateRow[]>`
    ${SELECT_GATES} WHERE g.id IN (
      SELECT (SELECT o.id FROM gate o WHERE o.saga_id = w.saga_id AND o.step = w.step
        ORDER BY o.status = 'OPEN' DESC, o.opened_at DESC LIMIT 1)
      FROM unnest(${sagas}::text[], ${names}::text[]) AS w(saga_id, step))`
  const starters = await startersOf(db, [...new Set(rows.map((row) => row.saga_id))])
  const found = new Map(
    rows.map((row) => [`${row.step} ${row.saga_id}`, toRecord(row, starters, principal)]),
  )
  return steps.map(({ sagaId, step }) => found.get(`${step} ${sagaId}`) ?? null)
}

/** Decisions, newest first; of one saga, one gate, or all. */
export async function listDecisions(
  db: PrismaClient,
  request: {
    cursor?: string | null | undefined
    limit: number
    sagaId?: string | undefined
    step?: string | undefined
    gateId?: string | undefined
  },
): Promise<Page<DecisionItem>> {
  const after = readCursor(request.cursor, z.tuple([cursorInstant, z.string()]))
  const rows = await db.chairmanSagaDecision.findMany({
    where: {
      ...(request.sagaId === undefined ? {} : { sagaId: request.sagaId }),
      ...(request.gateId === undefined ? {} : { gateId: request.gateId }),
      ...(request.step === undefined ? {} : { gate: { step: request.step } }),
      ...(after
        ? {
            createdAt: { lte: new Date(after[0]) },
            NOT: { createdAt: new Date(after[0]), decisionId: { gte: after[1] } },
          }
        : {}),
    },
    orderBy: [{ createdAt: 'desc' }, { decisionId: 'desc' }],
    take: request.limit + 1,
    include: { gate: { select: { step: true } }, saga: { select: { name: true } } },
  })
  return pageOf(rows, request.limit, {
    item: (row): DecisionItem => ({
      decisionId: row.decisionId,
      sagaId: row.sagaId,
      sagaName: row.saga.name,
      step: row.gate.step,
      decision: row.decisionType satisfies Decision,
      reasoning: row.reasoning,
      conditions: row.conditions,
      decidedByName: row.decidedByName,
      at: row.createdAt,
    }),
    position: (row) => [row.createdAt.getTime(), row.decisionId],
  })
}

interface GateQuery {
  after: [number | null, string] | null
  limit: number
  sagaId: string | undefined
}

/** Two index ranges one after the other: those with a due time, then those without. */
async function openGates(db: PrismaClient, { after, limit, sagaId }: GateQuery) {
  const base = Prisma.sql`g.status = 'OPEN' AND ${ofSaga(sagaId)}`
  const rows: GateRow[] = []
  if (after === null || after[0] !== null) {
    const from =
      after?.[0] == null
        ? Prisma.sql`g.due_at IS NOT NULL`
        : Prisma.sql`g.due_at >= ${new Date(after[0])}
            AND NOT (g.due_at = ${new Date(after[0])} AND g.id <= ${after[1]})`
    rows.push(
      ...(await db.$queryRaw<GateRow[]>`
        ${SELECT_GATES} WHERE ${base} AND ${from} ORDER BY g.due_at, g.id LIMIT ${limit}`),
    )
  }
  if (rows.length >= limit) return rows
  const from = after?.[0] === null ? Prisma.sql`g.id > ${after[1]}` : Prisma.sql`TRUE`
  rows.push(
    ...(await db.$queryRaw<GateRow[]>`
      ${SELECT_GATES} WHERE ${base} AND g.due_at IS NULL AND ${from}
      ORDER BY g.id LIMIT ${limit - rows.length}`),
  )
  return rows
}

function pastGates(
  db: PrismaClient,
  { after, limit, sagaId, status }: GateQuery & { status: GateListItem['status'] | 'ALL' },
) {
  const wanted =
    status === 'ALL' ? Prisma.sql`TRUE` : Prisma.sql`g.status = ${status}::"GateStatus"`
  const at = new Date(after?.[0] ?? 0)
  const from = after
    ? Prisma.sql`g.opened_at <= ${at} AND NOT (g.opened_at = ${at} AND g.id <= ${after[1]})`
    : Prisma.sql`TRUE`
  return db.$queryRaw<GateRow[]>`
    ${SELECT_GATES} WHERE ${wanted} AND ${ofSaga(sagaId)} AND ${from}
    ORDER BY g.opened_at DESC, g.id LIMIT ${limit}`
}

const ofSaga = (sagaId: string | undefined) =>
  sagaId === undefined ? Prisma.sql`TRUE` : Prisma.sql`g.saga_id = ${sagaId}`

function toRecord(row: GateRow, starters: Map<string, string>, principal: Principal): GateRecord {
  const facts = { roles: row.roles, starterUserId: starters.get(row.saga_id) ?? null }
  const refusal = mayNotDecide(principal, { ...facts, status: row.status })
  return {
    gateId: row.id,
    sagaId: row.saga_id,
    step: row.step,
    // The gate of a compensation that failed has a name of its own (runtime/saga/unwind.ts).
    about:
      row.id === `${row.saga_id}:${row.step}:undo:${row.opened_seq}` ? 'compensation' : 'approval',
    sagaName: row.saga_name,
    definition: row.saga_type,
    ventureName: row.venture_name,
    question: row.question,
    roles: row.roles,
    status: row.status,
    openedAt: row.opened_at,
    dueAt: row.due_at,
    closedAt: row.closed_at,
    mayDecide: refusal === null,
    mayNotDecide: refusal,
    context: row.context,
    openedSeq: row.opened_seq,
    notAllowed: mayNotDecide(principal, { ...facts, status: 'OPEN' }),
  }
}
