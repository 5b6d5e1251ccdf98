/**
 * The roofline: what PostgreSQL itself takes for the rows of such sagas. The very rows that our store writes (journal,
 * entity, saga_execution, with their indexes), made beforehand, written by plain multi-row SQL over prepared statements: no
 * engine, no fence, no checks, no decisions. One connection and one transaction in flight, `concurrency` sagas in each, like the
 * engine's group commit: one transaction per step, as each step is durable before the next one begins.
 */
import pg from 'pg'
import { contest, inputOf, outputOf, type Task } from './contestant.mjs'

const HASH = 'a'.repeat(64)
const DIGEST = 'd'.repeat(64)

await contest(async (task) => {
  const client = new pg.Client({ connectionString: task.databaseUrl })
  await client.connect()
  await client.query('INSERT INTO shard (id) SELECT generate_series(0, 63) ON CONFLICT DO NOTHING')
  await writeSagas(client, task, 'warm', task.warmUp)
  const seconds = await writeSagas(client, task, 'saga', task.count)
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM journal WHERE entity_id LIKE $1',
    [`${task.run}-saga-%`],
  )
  await client.end()
  const wanted = task.count * (task.steps + 1)
  const count = rows[0]?.count
  return {
    metrics: { seconds, sagasPerSecond: task.count / seconds },
    wrong: count === wanted ? [] : [`${count} journal rows instead of ${wanted}`],
  }
})

async function writeSagas(client: pg.Client, task: Task, name: string, count: number) {
  const batches: Statement[][][] = []
  for (let from = 0; from < count; from += task.concurrency) {
    const size = Math.min(task.concurrency, count - from)
    const ids = Array.from({ length: size }, (_, n) => `${task.run}-${name}-${from + n}`)
    batches.push(Array.from({ length: task.steps + 1 }, (_, seq) => roundOf(ids, seq, task.steps)))
  }
  const began = performance.now()
  for (const batch of batches)
    for (const statements of batch) {
      const sent = [client.query('BEGIN')]
      for (const statement of statements) sent.push(client.query(statement))
      sent.push(client.query('COMMIT'))
      await Promise.all(sent)
    }
  return (performance.now() - began) / 1000
}

interface Statement {
  name: string
  text: string
  values: unknown[]
}

/** What one step of each saga writes. Round 0 starts them, the last one ends them. */
function roundOf(ids: string[], round: number, steps: number): Statement[] {
  const at = Date.now()
  const last = round === steps
  const all = <T>(value: T) => ids.map(() => value)
  const statements: Statement[] = [
    {
      name: 'journal',
      text: `INSERT INTO journal (entity_id, seq, at, type, message, facts, hash, current, epoch)
        SELECT id, seq, to_timestamp(at / 1000.0), type, message, facts, hash, current, 1
        FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::json[], $6::json[], $7::text[], $8::text[])
          AS r(id, seq, at, type, message, facts, hash, current)`,
      values: [
        ids,
        all(round + 1),
        all(at),
        all(round === 0 ? 'start' : 'result'),
        ids.map((id) => JSON.stringify(messageOf(id, round))),
        ids.map((id) => JSON.stringify(factsOf(id, round, steps))),
        all(HASH),
        all(last ? null : `step${round}`),
      ],
    },
  ]
  if (round === 0)
    statements.push(
      {
        name: 'entity_insert',
        text: `INSERT INTO entity (id, kind, shard, digest, active)
          SELECT id, 'saga', shard, $3, true FROM unnest($1::text[], $2::int[]) AS r(id, shard)`,
        values: [ids, ids.map((_, n) => n % 64), DIGEST],
      },
      {
        name: 'saga_insert',
        text: `INSERT INTO saga_execution (saga_id, saga_type, definition_version, definition_digest, name, status,
            total_steps, input, started_at)
          SELECT id, 'bench', 1, $2, 'bench', 'RUNNING', 5, input, now() FROM unnest($1::text[], $3::json[]) AS r(id, input)`,
        values: [ids, DIGEST, ids.map((id) => JSON.stringify(inputOf(id)))],
      },
    )
  if (last)
    statements.push(
      {
        name: 'entity_update',
        text: 'UPDATE entity SET active = false WHERE id = ANY ($1::text[])',
        values: [ids],
      },
      {
        name: 'saga_update',
        text: `UPDATE saga_execution SET status = 'COMPLETED', completed_at = now(), updated_at = now()
          WHERE saga_id = ANY ($1::text[])`,
        values: [ids],
      },
    )
  return statements
}

function messageOf(id: string, round: number) {
  if (round === 0)
    return {
      type: 'start',
      definition: { name: 'bench-5', version: 1, digest: DIGEST },
      input: inputOf(id),
      ventureId: null,
    }
  return {
    type: 'result',
    call: `step${round - 1}#1`,
    outcome: { ok: true, output: outputOf(id, round - 1) },
  }
}

function factsOf(id: string, round: number, steps: number) {
  const before =
    round === 0
      ? [
          { t: 'saga.started', total: steps },
          { t: 'saga.status', status: 'RUNNING' },
        ]
      : [{ t: 'step.succeeded', step: `step${round - 1}`, attempt: 1 }]
  if (round === steps) return [...before, { t: 'saga.ended', status: 'COMPLETED' }]
  const step = `step${round}`
  const input = {
    order: id,
    amount: 12_345,
    ...(round > 0 ? { previous: `${id}/${round - 1}` } : {}),
  }
  return [
    ...before,
    {
      t: 'step.started',
      step,
      attempt: 1,
      key: `${id}:${step}`,
      participant: 'bench',
      operation: step,
      input,
    },
  ]
}
