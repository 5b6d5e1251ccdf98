/**
 * The group commit: what many entities decided becomes the arguments of one call of `commit_entities` (migration
 * `journal_heads`). One round trip and a constant number of statements, however many entities; a part nobody uses is null and costs nothing.
 *
 * 1. Fence, seq checks and writes are one transaction inside the server: it commits whole or not at all, and a process
 *    that pauses cannot hold its locks.
 * 2. JSON values travel as text, read by nothing but the server's check: \u0000 and lone surrogates, which JSON allows and
 *    PostgreSQL's text does not, survive in the journal and are replaced in what lists show.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import { SagaError } from '../errors'
import { checkCommits } from '../journal/commit-rules'
import type { Entry } from '../journal/entry'
import {
  type DecisionRow,
  type EntityCommit,
  type Envelope,
  type GateRow,
  type Lease,
  type SagaRow,
  shardOf,
} from '../journal/store'
import { bigints, bools, instants, ints, jsons, shown, texts } from './columns'
import { translating } from './database-error'
import { direct } from './prisma'

/**
 * Throws FENCED, CONFLICT or UNAVAILABLE (see `details.outcomeUnknown`), or INVALID_INPUT for what cannot be stored, with
 * `details.entityId` where it is known whose that is; nothing was written then.
 */
export async function commit(
  prisma: PrismaClient,
  lease: Lease,
  commits: EntityCommit[],
): Promise<void> {
  checkCommits(lease, commits)
  const { values, statements } = encode(lease, commits)
  const text = callWith(values.length)
  await translating(
    `commit what ${commits.length} entities decided`,
    direct(
      prisma,
      statements === null
        ? { name: 'commit_entities', text, values }
        : {
            name: 'commit_with_statements',
            text: `${text}, run_statements($${values.length + 1}::json)`,
            values: [...values, statements],
          },
    ),
  )
}

type Encoded = ReturnType<typeof encodeTogether>

/**
 * Encodes what is sent. Whose it is that cannot be encoded is known before anything is: then each is encoded for itself, and
 * the error names the one. Throws INVALID_INPUT.
 */
function encode(lease: Lease, commits: EntityCommit[]): Encoded {
  try {
    const encoded = encodeTogether(lease, commits)
    const bytes = encoded.values.reduce<number>((sum, value) => sum + sizeOf(value), 0)
    if (bytes <= COMMIT_BYTES_MAX) return encoded
    throw new SagaError(
      'INVALID_INPUT',
      `${bytes} bytes are to be stored at once, of at most ${COMMIT_BYTES_MAX}`,
    )
  } catch (error) {
    const [only, ...others] = commits
    if (!only || others.length > 0) for (const one of commits) encode(lease, [one])
    const why = error instanceof Error ? error.message : String(error)
    // None fails for itself: it is too much together.
    if (!only || others.length > 0) throw new SagaError('INVALID_INPUT', why, {}, error)
    throw new SagaError(
      'INVALID_INPUT',
      `What saga ${only.entityId} decided cannot be written (${why}); cancel the saga, or roll it back`,
      { entityId: only.entityId },
      error,
    )
  }
}

/** PostgreSQL takes a message of at most a gigabyte, and closes the connection on a larger one. */
const COMMIT_BYTES_MAX = 256 * 2 ** 20

const sizeOf = (value: unknown) =>
  typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 0

function encodeTogether(lease: Lease, commits: readonly EntityCommit[]) {
  const sagas = changesOf(commits)
  const values = [
    lease.workerId,
    lease.epoch,
    ...entityColumns(commits),
    ...entryColumns(commits),
    ...mailColumns(commits),
    ...timerColumns(commits),
    ...newSagaColumns(sagas.created),
    ...movedSagaColumns(sagas.moved),
    rows(sagas.changed.map(sagaRow)),
    rows(commits.flatMap((c) => c.gatesOpened.map(gateRow))),
    rows(commits.flatMap((c) => c.gatesClosed)),
    rows(commits.flatMap((c) => c.decisions.map(decisionRow))),
  ]
  const statements = rows(
    commits.flatMap((c) => (c.statements ?? []).map((one) => ({ entity_id: c.entityId, ...one }))),
  )
  return { values, statements }
}

let call = ''

function callWith(parameters: number): string {
  call ||= `SELECT commit_entities(${Array.from({ length: parameters }, (_, n) => `$${n + 1}`).join()})`
  return call
}

function entityColumns(commits: readonly EntityCommit[]) {
  const created = commits.filter((c) => c.fromSeq === 0 && c.entries.length > 0)
  const changed = commits.filter((c) => c.snapshot || (c.fromSeq > 0 && c.active !== null))
  return [
    texts(commits.map((c) => c.entityId)),
    ints(commits.map((c) => c.fromSeq)),
    texts(created.map((c) => c.entityId)),
    texts(created.map((c) => c.kind)),
    ints(created.map((c) => shardOf(c.entityId))),
    texts(created.map((c) => c.digest)),
    bools(created.map((c) => c.active)),
    texts(changed.map((c) => c.entityId)),
    bools(changed.map((c) => c.active)),
    ints(changed.map((c) => c.snapshot?.seq)),
    jsons(changed.map((c) => c.snapshot && (c.snapshot.text ?? JSON.stringify(c.snapshot.data)))),
  ]
}

/** One pass: this is what nearly every commit consists of. */
function entryColumns(commits: readonly EntityCommit[]) {
  const ids: string[] = []
  const seqs: number[] = []
  const ats: number[] = []
  const types: string[] = []
  const messages: string[] = []
  const facts: string[] = []
  const hashes: string[] = []
  const currents: (string | null)[] = []
  for (const commit of commits)
    for (let n = 0; n < commit.entries.length; n++) {
      const entry = commit.entries[n] as Entry
      const text = commit.texts?.[n]
      ids.push(entry.entityId)
      seqs.push(entry.seq)
      ats.push(entry.at)
      types.push(entry.message.type)
      messages.push(text?.message ?? JSON.stringify(entry.message))
      facts.push(text?.facts ?? JSON.stringify(entry.facts))
      hashes.push(commit.hashes[n] as string)
      currents.push(n === commit.entries.length - 1 ? commit.current : null)
    }
  return [
    texts(ids),
    ints(seqs),
    instants(ats),
    texts(types),
    jsons(messages),
    jsons(facts),
    texts(hashes),
    shown(currents),
  ]
}

function mailColumns(commits: readonly EntityCommit[]) {
  const acks = commits.flatMap((c) => c.acks)
  const posts = commits.flatMap((c) => c.posts)
  return [
    bigints(acks.map((ack) => ack.position)),
    jsons(
      acks.map(({ verdict }) =>
        verdict.accepted ? null : JSON.stringify({ code: verdict.code, reason: verdict.reason }),
      ),
    ),
    texts(posts.map((post) => post.id)),
    texts(posts.map((post) => post.entityId)),
    ints(posts.map((post) => shardOf(post.entityId))),
    jsons(posts.map((post) => JSON.stringify(post.message))),
    shown(posts.map((post) => post.traceparent)),
  ]
}

function timerColumns(commits: readonly EntityCommit[]) {
  const cancelled = commits.flatMap((c) =>
    c.timersCancelled.map((timer) => ({ id: c.entityId, timer })),
  )
  const set = commits.flatMap((c) => c.timersSet.map((one) => ({ id: c.entityId, ...one })))
  return [
    texts(cancelled.map((one) => one.id)),
    texts(cancelled.map((one) => one.timer)),
    texts(set.map((one) => one.id)),
    texts(set.map((one) => one.timer)),
    ints(set.map((one) => shardOf(one.id))),
    instants(set.map((one) => one.dueAt)),
  ]
}

type SagaChange = Partial<SagaRow> & { id: string }

/** Rows that are created; those whose status moves, which is nearly all; and the rest. */
function changesOf(commits: readonly EntityCommit[]) {
  const created: SagaChange[] = []
  const moved: (SagaChange & { status: string })[] = []
  const changed: SagaChange[] = []
  for (const { saga, fromSeq } of commits)
    if (!saga) continue
    else if (fromSeq === 0) created.push(saga)
    else if (isMove(saga)) moved.push(saga)
    else changed.push(saga)
  return { created, moved, changed }
}

const MOVED_FIELDS = new Set(['id', 'status', 'endedAt', 'output', 'failureCode', 'failureReason'])

function isMove(saga: SagaChange): saga is SagaChange & { status: SagaRow['status'] } {
  if (saga.status === undefined) return false
  for (const field in saga) if (!MOVED_FIELDS.has(field)) return false
  return 'failureCode' in saga === 'failureReason' in saga
}

function newSagaColumns(sagas: readonly SagaChange[]) {
  return [
    texts(sagas.map((s) => s.id)),
    shown(sagas.map((s) => s.ventureId)),
    shown(sagas.map((s) => s.definition?.name)),
    ints(sagas.map((s) => s.definition?.version)),
    texts(sagas.map((s) => s.definition?.digest)),
    shown(sagas.map((s) => s.title)),
    texts(sagas.map((s) => s.status)),
    shown(sagas.map((s) => s.parentId)),
    shown(sagas.map((s) => s.parentStep)),
    ints(sagas.map((s) => s.totalSteps)),
    jsons(sagas.map((s) => JSON.stringify(s.input ?? null))),
    jsons(sagas.map((s) => JSON.stringify(s.output))),
    shown(sagas.map((s) => s.failureCode)),
    shown(sagas.map((s) => s.failureReason)),
    shown(sagas.map((s) => s.startedBy)),
    instants(sagas.map((s) => s.startedAt)),
    instants(sagas.map((s) => s.endedAt)),
    instants(sagas.map((s) => s.timeoutAt)),
    bools(sagas.map((s) => s.requiresApproval === true)),
  ]
}

/** Bits of `given`: what is left out keeps its value. */
const ENDED = 1
const OUTPUT = 2
const FAILURE = 4

function movedSagaColumns(sagas: readonly (SagaChange & { status: string })[]) {
  const given = (s: SagaChange) =>
    ('endedAt' in s ? ENDED : 0) |
    (s.output === undefined ? 0 : OUTPUT) |
    ('failureCode' in s ? FAILURE : 0)
  return [
    texts(sagas.map((s) => s.id)),
    texts(sagas.map((s) => s.status)),
    ints(sagas.map(given)),
    instants(sagas.map((s) => s.endedAt)),
    jsons(sagas.map((s) => JSON.stringify(s.output))),
    shown(sagas.map((s) => s.failureCode)),
    shown(sagas.map((s) => s.failureReason)),
  ]
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
