/**
 * How long the sagas stood still after each fault, read from the database: its own commit timestamps
 * (track_commit_timestamp) and the record of who owned what (lease_history). No word of the workers is believed.
 */
import type { Client } from 'pg'

export interface Fault {
  /** By the database's clock, before the fault. */
  at: Date
  /** The worker it hit; null when it hit the database, and so all of them. */
  worker: string | null
  /** Sagas alive just then. */
  alive: number
}

export interface Measured {
  /** From the fault until the lease of its worker was ended by another one, milliseconds. */
  detectMs: number[]
  /** From the fault until a shard of its worker belonged to another one. */
  takenMs: number[]
  /** Per saga that the fault hit: from the fault until its next commit. See NEXT_COMMITS. */
  recoverMs: number[]
  /** The longest of these, in words. */
  slowest: string[]
}

/** So long after the last fault of the database something may become due that still counts as hit by it. */
const AFTER_LAST_MS = 10_000

export async function measure(client: Client, faults: readonly Fault[]): Promise<Measured> {
  const measured: Measured = { detectMs: [], takenMs: [], recoverMs: [], slowest: [] }
  const moves: (Move & { fault: number })[] = []
  // The database is thrown away afterwards. Without this, each message would be looked for in all of the mailbox.
  await client.query('CREATE INDEX mailbox_by_entity ON mailbox (entity_id)')
  await client.query('ANALYZE')
  for (const [n, { at, worker }] of faults.entries()) {
    const hit = worker === null ? null : await tenureAt(client, worker, at)
    if (worker !== null) {
      if (!hit) continue
      if (hit.endedMs !== null) measured.detectMs.push(hit.endedMs)
      const { rows } = await client.query<{ ms: number }>(TAKEN, [at, hit.shards, hit.session])
      measured.takenMs.push(...rows.map((row) => row.ms))
    }
    const { rows } = await client.query<Move>(NEXT_COMMITS, [
      at,
      hit?.shards ?? null,
      hit?.session ?? null,
    ])
    // A fault of the database hits everybody: what had nothing to do before the next one is that one's to answer for.
    const next = faults[n + 1]
    const nextMs = next ? next.at.getTime() - at.getTime() : AFTER_LAST_MS
    for (const row of rows)
      if (worker !== null || row.dueMs < nextMs) moves.push({ ...row, fault: n })
  }
  measured.recoverMs.push(...moves.map((move) => move.ms))
  measured.slowest = moves
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 20)
    .map((move) => inWords(move, faults))
  return measured
}

/** Of a sorted copy; null for none. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
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

/** Per shard of the session, until another one had it. $1 time, $2 shards, $3 session. */
const TAKEN = `
  SELECT (extract(epoch FROM min(h.began_at) - $1::timestamptz) * 1000)::float8 AS ms
  FROM unnest($2::int[]) AS s(shard) JOIN lease_history h ON s.shard = ANY (h.shards)
  WHERE h.session <> $3::bigint AND h.began_at > $1::timestamptz GROUP BY s.shard`

interface Move {
  id: string
  shard: number
  seq: number
  type: string
  /** When it had something to do, from the fault; 0 when it had already. */
  dueMs: number
  ms: number
}

/**
 * For each saga of the shards that had been asked for by the time of the fault and went on after it: how long from the fault
 * until the next entry by anybody but that session. Where that entry could not have come at once, it counts from when it
 * could: a timer when it was due, mail when it was posted. Everything else counts from the fault: calls that have to be
 * made again, with all that the services do to them, and whatever else fails meanwhile, a second fault included.
 *
 * $1 time, $2 shards (null: all), $3 session.
 */
const NEXT_COMMITS = `
  WITH moved AS MATERIALIZED (
    SELECT e.id, e.shard, next.*
    FROM saga_execution s JOIN entity e ON e.id = s.saga_id
    CROSS JOIN LATERAL (
      SELECT j.seq, j.type, j.message, j.tx, pg_xact_commit_timestamp(j.tx::xid) AS at FROM journal j
      WHERE j.entity_id = e.id AND pg_xact_commit_timestamp(j.tx::xid) > $1::timestamptz
        AND ($3::bigint IS NULL OR j.epoch NOT IN (SELECT epoch FROM lease_history WHERE session = $3::bigint))
      ORDER BY j.seq LIMIT 1
    ) next
    WHERE ($2::int[] IS NULL OR e.shard = ANY ($2::int[]))
      AND (s.completed_at IS NULL OR s.completed_at > $1::timestamptz - interval '5 s')
      AND EXISTS (SELECT FROM mailbox m WHERE m.id = 'start:' || e.id AND m.at <= $1::timestamptz)
  ), due AS (
    SELECT m.*, greatest($1::timestamptz, CASE
      WHEN m.type = 'timer' THEN (
        SELECT to_timestamp(max(coalesce(f ->> 'until', f ->> 'retryAt', f ->> 'dueAt')::float8) / 1000.0)
        FROM journal j CROSS JOIN LATERAL json_array_elements(j.facts) f
        WHERE j.entity_id = m.id AND j.seq < m.seq
          AND f ->> 'step' = split_part(m.message ->> 'timer', ':', 2))
      WHEN m.type <> 'result' THEN (
        SELECT min(b.at) FROM mailbox b WHERE b.entity_id = m.id AND b.xmin = m.tx::xid)
      END) AS due
    FROM moved m
  )
  SELECT id, shard, seq, type, (extract(epoch FROM due - $1::timestamptz) * 1000)::float8 AS "dueMs",
    (extract(epoch FROM at - due) * 1000)::float8 AS ms
  FROM due`

function inWords(
  { fault, id, shard, seq, type, dueMs, ms }: Move & { fault: number },
  faults: readonly Fault[],
) {
  const at = faults[fault]?.at.getTime() ?? 0
  const later = faults
    .slice(fault + 1)
    .map((one) => one.at.getTime() - at)
    .filter((after) => after < dueMs + ms)
  return `${Math.round(ms)} ms: fault ${fault}, ${id} (shard ${shard}) entry ${seq} ${type}, due after ${Math.round(dueMs)} ms; further faults after ${later.join(', ') || 'none'} ms`
}
