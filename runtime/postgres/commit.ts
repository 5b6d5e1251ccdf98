/**
 * The group commit: what many entities decided becomes the arguments of one call of `commit_entities` (migration `store`).
 * One round trip and a constant number of statements, however many entities; a part nobody uses is null and costs nothing.
 *
 * 1. Fence, seq checks and writes are one transaction inside the server: it commits whole or not at all, and a process
 *    that pauses cannot hold its locks.
 * 2. JSON values travel as text inside JSON, so nothing but the final cast reads them: \u0000 and lone surrogates, which
 *    JSON allows and PostgreSQL's text does not, survive in the journal and are replaced in what lists show.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import { checkCommits } from '../journal/commit-rules'
import {
  type DecisionRow,
  type EntityCommit,
  type Envelope,
  type GateRow,
  type Lease,
  type SagaRow,
  shardOf,
} from '../journal/store'
import { translating } from './database-error'

/** Throws FENCED, CONFLICT or UNAVAILABLE (see `details.outcomeUnknown`); nothing was written then. */
export async function commit(
  prisma: PrismaClient,
  lease: Lease,
  commits: EntityCommit[],
): Promise<void> {
  checkCommits(lease, commits)
  const entries = commits.flatMap((c) => c.entries)
  const column = <T>(of: (entry: (typeof entries)[number]) => T) =>
    entries.length ? entries.map(of) : null
  const sagas = commits.flatMap((c) => (c.saga ? [{ saga: c.saga, isNew: c.fromSeq === 0 }] : []))

  await translating(
    `commit ${entries.length} entries of ${commits.length} entities`,
    prisma.$executeRaw`SELECT commit_entities(
      ${lease.workerId}, ${lease.epoch}::bigint,
      ${rows(commits.map(entityRow))}::json,
      ${column((e) => e.entityId)}::text[],
      ${column((e) => e.seq)}::int[],
      ${column((e) => e.at)}::bigint[],
      ${column((e) => e.message.type)}::text[],
      ${column((e) => JSON.stringify(e.message))}::text[],
      ${column((e) => JSON.stringify(e.facts))}::text[],
      ${entries.length ? commits.flatMap((c) => c.hashes) : null}::text[],
      ${rows(commits.flatMap(timersCancelled))}::json,
      ${rows(commits.flatMap(timersSet))}::json,
      ${rows(commits.flatMap((c) => c.posts.map(postRow)))}::json,
      ${rows(commits.flatMap(ackRows))}::json,
      ${rows(sagas.flatMap((s) => (s.isNew ? [sagaRow(s.saga)] : [])))}::json,
      ${rows(sagas.flatMap((s) => (s.isNew ? [] : [sagaRow(s.saga)])))}::json,
      ${rows(commits.flatMap((c) => c.gatesOpened.map(gateRow)))}::json,
      ${rows(commits.flatMap((c) => c.gatesClosed))}::json,
      ${rows(commits.flatMap((c) => c.decisions.map(decisionRow)))}::json
    )`,
  )
}

/** A mailbox row as `post_messages` reads it. */
export function postRow({ id, entityId, message, traceparent }: Envelope) {
  return {
    id,
    entity_id: entityId,
    shard: shardOf(entityId),
    message: JSON.stringify(message),
    traceparent,
  }
}

/** A JSON array for one parameter, null when empty, free of what PostgreSQL's text cannot hold. */
export function rows(list: readonly object[]): string | null {
  if (!list.length) return null
  const text = JSON.stringify(list)
  if (!UNWRITABLE.test(text)) return text
  return JSON.stringify(list, (_, value) =>
    typeof value === 'string' ? value.replace(/[\0\p{Surrogate}]/gu, '\ufffd') : value,
  )
}

/** JSON.stringify escapes exactly these with \u0000 and \ud8… to \udf…; inside JSON within JSON it finds some in vain. */
const UNWRITABLE = /\\u(?:0000|d[89a-f])/

function entityRow(commit: EntityCommit) {
  const { entityId, kind, digest, fromSeq, entries, hashes, snapshot } = commit
  return {
    id: entityId,
    kind,
    shard: shardOf(entityId),
    digest,
    from_seq: fromSeq,
    seq: fromSeq + entries.length,
    hash: hashes.at(-1),
    active: commit.active,
    current: commit.current,
    snapshot_seq: snapshot?.seq,
    snapshot: snapshot && JSON.stringify(snapshot.data),
  }
}

const timersCancelled = ({ entityId, timersCancelled }: EntityCommit) =>
  timersCancelled.map((timer) => ({ entity_id: entityId, timer }))

const timersSet = ({ entityId, timersSet }: EntityCommit) =>
  timersSet.map(({ timer, dueAt }) => ({
    entity_id: entityId,
    timer,
    shard: shardOf(entityId),
    due_at: dueAt,
  }))

const ackRows = ({ acks }: EntityCommit) =>
  acks.map(({ position, verdict }) => ({
    position: String(position),
    refusal: verdict.accepted
      ? undefined
      : JSON.stringify({ code: verdict.code, reason: verdict.reason }),
  }))

/** Absent stays absent: JSON leaves undefined out, and the database then keeps the column's value. */
function sagaRow(saga: Partial<SagaRow> & { id: string }) {
  return {
    id: saga.id,
    columns: {
      saga_id: saga.id,
      venture_id: saga.ventureId,
      saga_type: saga.definition?.name,
      definition_version: saga.definition?.version,
      definition_digest: saga.definition?.digest,
      name: saga.title,
      status: saga.status,
      parent_id: saga.parentId,
      parent_step: saga.parentStep,
      total_steps: saga.totalSteps,
      failure_code: saga.failureCode,
      failure_reason: saga.failureReason,
      started_by: saga.startedBy,
      started_at: timestamp(saga.startedAt),
      completed_at: timestamp(saga.endedAt),
      timeout_at: timestamp(saga.timeoutAt),
      requires_approval: saga.requiresApproval,
    },
    input: 'input' in saga ? JSON.stringify(saga.input ?? null) : undefined,
    output: JSON.stringify(saga.output),
    outputGiven: 'output' in saga && saga.output !== undefined,
  }
}

const timestamp = (ms: number | null | undefined) =>
  typeof ms === 'number' ? new Date(ms).toISOString() : ms

const gateRow = (gate: GateRow) => ({
  id: gate.id,
  saga_id: gate.sagaId,
  step: gate.step,
  question: gate.question,
  context: JSON.stringify(gate.context),
  roles: gate.roles,
  opened_at: gate.openedAt,
  opened_seq: gate.openedSeq,
  due_at: gate.dueAt,
})

const decisionRow = (decision: DecisionRow) => ({
  id: decision.id,
  saga_id: decision.sagaId,
  gate_id: decision.gateId,
  decision: decision.decision,
  reasoning: decision.reasoning,
  conditions: decision.conditions,
  decided_by: decision.decidedBy,
  decided_by_name: decision.decidedByName,
  seen_seq: decision.seenSeq,
  preview_digest: decision.previewDigest,
  at: decision.at,
})
