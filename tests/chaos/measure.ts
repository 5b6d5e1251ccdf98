/**
 * What a chaos run did to the sagas, read from the database: its own commit timestamps (track_commit_timestamp), the
 * record of who could write what (lease_history), and the tables of the services. No word of the workers is believed.
 */
import type { Client } from 'pg'
import { auditEffects, standingEffects } from '@/server/demo/audit'

export interface Fault {
  /** By the database's clock, before the fault. */
  at: Date
  /** The worker it hit; null when it hit the database, and so all of them. */
  worker: string | null
}

export interface Measured {
  /** From the fault until the lease of its worker was ended by another one, milliseconds. */
  detectMs: number[]
  /** From the fault until the next commit, per saga of that worker which had something to do. */
  recoverMs: number[]
}

export interface Judgement {
  /** Sagas that did not reach an end. */
  lost: number
  /** Effects or compensations that happened more than once. */
  duplicates: number
  /** Everything else that must not be, in words. */
  violations: string[]
  statuses: Record<string, number>
  effects: number
}

export async function measure(client: Client, faults: readonly Fault[]): Promise<Measured> {
  const measured: Measured = { detectMs: [], recoverMs: [] }
  for (const { at, worker } of faults) {
    const hit = worker === null ? null : await tenureAt(client, worker, at)
    if (worker !== null) {
      if (!hit) continue
      if (hit.endedMs !== null) measured.detectMs.push(hit.endedMs)
    }
    const { rows } = await client.query<{ ms: number }>(NEXT_COMMITS, [
      at,
      hit?.shards ?? null,
      hit?.session ?? null,
    ])
    measured.recoverMs.push(...rows.map((row) => row.ms))
  }
  return measured
}

/** The lease that a worker held at that time, and when it ended, if that was by a takeover. */
async function tenureAt(client: Client, worker: string, at: Date) {
  const { rows } = await client.query<{
    session: string
    shards: number[]
    endedMs: number | null
  }>(
    `SELECT h.session, h.shards,
       (SELECT extract(epoch FROM max(e.ended_at) - $2::timestamptz) * 1000
        FROM lease_history e WHERE e.session = h.session HAVING bool_and(e.ended_at IS NOT NULL))::float8 AS "endedMs"
     FROM lease_history h
     WHERE (h.worker_id = $1 OR h.worker_id LIKE $1 || '~%') AND h.began_at <= $2::timestamptz
       AND (h.ended_at IS NULL OR h.ended_at >= $2::timestamptz)
     ORDER BY h.epoch DESC LIMIT 1`,
    [worker, at],
  )
  return rows[0]
}

/**
 * For each saga of the shards that was under way at the time, and did not wait for a person: how long until the next entry
 * by anybody but that session. $1 time, $2 shards (null: all), $3 session.
 */
const NEXT_COMMITS = `
  WITH alive AS (
    SELECT e.id FROM entity e JOIN saga_execution s ON s.saga_id = e.id
    WHERE ($2::int[] IS NULL OR e.shard = ANY ($2::int[]))
      AND (s.completed_at IS NULL OR s.completed_at > $1::timestamptz)
      AND EXISTS (SELECT FROM journal j WHERE j.entity_id = e.id AND j.seq = 1
        AND pg_xact_commit_timestamp(j.tx::xid) <= $1::timestamptz)
      AND NOT EXISTS (SELECT FROM gate g WHERE g.saga_id = e.id AND g.opened_at <= $1::timestamptz
        AND (g.closed_at IS NULL OR g.closed_at > $1::timestamptz))
  )
  SELECT (extract(epoch FROM next.at - $1::timestamptz) * 1000)::float8 AS ms
  FROM alive a CROSS JOIN LATERAL (
    SELECT pg_xact_commit_timestamp(j.tx::xid) AS at FROM journal j
    WHERE j.entity_id = a.id AND pg_xact_commit_timestamp(j.tx::xid) > $1::timestamptz
      AND ($3::bigint IS NULL OR j.epoch NOT IN (SELECT epoch FROM lease_history WHERE session = $3::bigint))
    ORDER BY j.seq LIMIT 1
  ) next`

const LEGAL = ['COMPLETED', 'ROLLED_BACK']

export async function judge(
  client: Client,
  ids: readonly string[],
  statuses: ReadonlyMap<string, string>,
): Promise<Judgement> {
  const audit = await auditEffects(client)
  const violations = await fencedCommits(client)
  let duplicates = 0
  for (const violation of audit.violations) {
    if (violation.code === 'TWICE' || violation.code === 'UNDONE_TWICE') duplicates++
    violations.push(`${violation.code} ${violation.key}: ${violation.message}`)
  }
  for (const id of ids) {
    const status = statuses.get(id)
    const steps = [...(audit.sagas.get(id)?.values() ?? [])]
    const standing = standingEffects(audit, id)
    if (status === 'ROLLED_BACK' && standing.length > 0)
      violations.push(`${id} is rolled back, but ${standing.join(', ')} stand`)
    const undone = steps.filter((one) => one.compensation > 0)
    if (status === 'COMPLETED' && undone.length > 0)
      violations.push(`${id} completed, but ${undone.map((one) => one.step).join(', ')} are undone`)
    if (status === 'COMPLETED' && !steps.some((one) => one.step === 'charge'))
      violations.push(`${id} completed without its charge`)
  }
  const lost = ids.filter((id) => !LEGAL.includes(statuses.get(id) ?? ''))
  for (const id of lost.slice(0, 20)) violations.push(await lastWords(client, id, statuses.get(id)))
  const counts: Record<string, number> = {}
  for (const id of ids) {
    const status = statuses.get(id) ?? 'NEVER STARTED'
    counts[status] = (counts[status] ?? 0) + 1
  }
  return {
    lost: lost.length,
    duplicates,
    violations,
    statuses: counts,
    effects: audit.effects,
  }
}

/** What a saga that did not end was last at. */
async function lastWords(client: Client, id: string, status = 'NEVER STARTED'): Promise<string> {
  const { rows } = await client.query<{ seq: number; type: string; facts: string }>(
    'SELECT seq, type, facts::text FROM journal WHERE entity_id = $1 ORDER BY seq DESC LIMIT 4',
    [id],
  )
  const entries = rows.reverse().map(({ seq, type, facts }) => `${seq} ${type} ${facts}`)
  return `${id} is ${status} at the end: ${entries.join(' | ').slice(0, 2_000)}`
}

/** Entries that somebody wrote who had no right to: over all of the journal, by epoch, shard and time. */
async function fencedCommits(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ what: string; n: number; example: string }>(`
    SELECT 'epochs go back along the journal' AS what, count(*)::int AS n, min(entity_id) AS example FROM (
      SELECT entity_id, epoch < lag(epoch) OVER (PARTITION BY entity_id ORDER BY seq) AS back FROM journal) j
    WHERE back HAVING count(*) > 0
    UNION ALL
    SELECT 'entries under an epoch that nobody was given', count(*)::int, min(entity_id)
    FROM journal j WHERE NOT EXISTS (SELECT FROM lease_history h WHERE h.epoch = j.epoch) HAVING count(*) > 0
    UNION ALL
    SELECT 'entries in a shard that the epoch did not have', count(*)::int, min(j.entity_id)
    FROM journal j JOIN entity e ON e.id = j.entity_id JOIN lease_history h ON h.epoch = j.epoch
    WHERE NOT e.shard = ANY (h.shards) HAVING count(*) > 0
    UNION ALL
    SELECT 'entries committed after their epoch had ended', count(*)::int, min(j.entity_id)
    FROM journal j JOIN lease_history h ON h.epoch = j.epoch
    -- ended_at is kept in whole milliseconds
    WHERE pg_xact_commit_timestamp(j.tx::xid) > h.ended_at + interval '1 ms' HAVING count(*) > 0
    UNION ALL
    SELECT 'gaps in a journal', count(*)::int, min(id) FROM entity e
    WHERE e.seq <> (SELECT count(*) FROM journal j WHERE j.entity_id = e.id) HAVING count(*) > 0`)
  return rows.map(({ what, n, example }) => `${n} ${what}, such as ${example}`)
}

export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}
