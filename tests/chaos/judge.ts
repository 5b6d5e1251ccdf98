/**
 * What must not be after a chaos run, found in the database alone: sagas that did not end, effects that happened twice or
 * stand although they should not, entries written by somebody who had no right to, broken chains, mail that nobody took.
 */
import type { Client } from 'pg'
import { chainHash, GENESIS } from '@/runtime/security/chain'
import { auditEffects, standingEffects } from '@/server/demo/audit'

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

const LEGAL = ['COMPLETED', 'ROLLED_BACK']
/** Entries read at once. */
const PAGE = 5_000

export async function judge(
  client: Client,
  ids: readonly string[],
  statuses: ReadonlyMap<string, string>,
): Promise<Judgement> {
  const audit = await auditEffects(client)
  const violations = [
    ...(await fencedCommits(client)),
    ...(await brokenChains(client)),
    ...(await leftOver(client)),
  ]
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
  const { rows } = await client.query<Finding>(`
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
    WHERE pg_xact_commit_timestamp(j.tx::xid) > h.ended_at + interval '1 ms' HAVING count(*) > 0`)
  return rows.map(inWords)
}

/** What the engine owes its entities at the end of all of them. */
async function leftOver(client: Client): Promise<string[]> {
  const { rows } = await client.query<Finding>(`
    SELECT 'messages that nobody took' AS what, count(*)::int AS n, min(id) AS example
    FROM mailbox WHERE processed_at IS NULL HAVING count(*) > 0
    UNION ALL
    SELECT 'timers of sagas that have ended', count(*)::int, min(t.entity_id)
    FROM timer t JOIN saga_execution s ON s.saga_id = t.entity_id
    WHERE s.status IN ('COMPLETED', 'ROLLED_BACK') HAVING count(*) > 0
    UNION ALL
    SELECT 'entities active after their end', count(*)::int, min(e.id)
    FROM entity e JOIN saga_execution s ON s.saga_id = e.id
    WHERE e.active AND s.status IN ('COMPLETED', 'ROLLED_BACK') HAVING count(*) > 0`)
  return rows.map(inWords)
}

/** Each entry follows the one before, by number and by hash, and the last says what lists say of the saga's end. */
async function brokenChains(client: Client): Promise<string[]> {
  const ends = new Map<string, { seq: number; hash: string; status?: string | undefined }>()
  let after: [string, number] = ['', 0]
  let broken = 0
  let example = ''
  const blame = (id: string) => {
    broken++
    example ||= id
  }
  for (;;) {
    const { rows } = await client.query<{
      id: string
      seq: number
      at: string
      message: string
      facts: string
      hash: string
    }>(
      `SELECT entity_id AS id, seq, (extract(epoch FROM at) * 1000)::bigint AS at, message::text, facts::text, hash
       FROM journal WHERE (entity_id, seq) > ($1, $2) ORDER BY entity_id, seq LIMIT ${PAGE}`,
      after,
    )
    for (const { id, seq, at, message, facts, hash } of rows) {
      const last = ends.get(id) ?? { seq: 0, hash: GENESIS }
      const entry = { entityId: id, seq, at: Number(at), message, facts }
      if (seq !== last.seq + 1 || hash !== chainHash(last.hash, entry)) blame(id)
      ends.set(id, { seq, hash, status: statusIn(facts) ?? last.status })
    }
    const last = rows.at(-1)
    if (!last) break
    after = [last.id, last.seq]
  }
  const { rows } = await client.query<{ id: string; status: string | null }>(
    'SELECT e.id, s.status::text AS status FROM entity e LEFT JOIN saga_execution s ON s.saga_id = e.id',
  )
  for (const { id, status } of rows) {
    const end = ends.get(id)
    if (!end || end.status !== (status ?? undefined)) blame(id)
  }
  return broken === 0 ? [] : [inWords({ what: 'breaks in journals', n: broken, example })]
}

/** The saga's status after these facts; undefined when they do not change it. */
function statusIn(facts: string): string | undefined {
  let status: string | undefined
  for (const fact of JSON.parse(facts) as { t: string; status?: string }[])
    if (fact.t === 'saga.status' || fact.t === 'saga.ended') status = fact.status
  return status
}

interface Finding {
  what: string
  n: number
  example: string
}

const inWords = ({ what, n, example }: Finding) => `${n} ${what}, such as ${example}`
