/**
 * The inbox: one row per idempotency key, written in the same transaction as the operation's own rows, so that effect
 * and memory of it are one. On PostgreSQL by plain `pg`; what is said over HTTP is participant-handler.ts's.
 *
 * 1. A key takes effect at most once. A duplicate gets the stored answer; one that comes while the first is still
 *    running waits on its row (`INSERT … ON CONFLICT` waits for the other transaction), it never runs beside it.
 * 2. A compensation marks the forward key in its own transaction. When the forward call had not come, the mark is a
 *    tombstone: it refuses that call should it come later (a saga's "hanging" call). When the forward call is running,
 *    the compensation waits for its end.
 * 3. A terminal failure is remembered, so the answer stays the same. A retryable or unexpected one leaves nothing: the
 *    transaction is rolled back. A failed compensation is not remembered either, only its mark: it has to succeed one
 *    day, once somebody mended what stood in its way.
 * 4. One key, one request: the same key with another operation or input is refused.
 *
 *     action:        (none) ──run──▶ DONE | FAILED | PENDING ──complete──▶ DONE | FAILED
 *     compensated:   (none) ──▶ UNDONE          any of the above ──▶ same state with `undone_by`
 */
import { createHash } from 'node:crypto'
import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg'
import type { Json } from '../../ports'
import { toFailure } from '../participant-errors'
import { toStorable } from '../storable-json'
import type { CallBody } from '../wire'
import { isPending } from './pending'

/** Runs statements in the transaction that also holds the inbox row. It cannot begin or end transactions. */
export interface Tx {
  query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<R>>
}

/** What an operation gets besides its input. */
export interface OperationContext {
  /** Everything written here and the memory of the key commit together, or neither does. */
  tx: Tx
  key: string
  sagaId: string
  step: string
  operation: string
  kind: 'action' | 'compensation'
  attempt: number
  /** Aborted when the time is over: what is done after that is rolled back. */
  signal: AbortSignal
  /** Compensations: the key of the forward call, and what became of it. */
  undoes?: string
  undone?: {
    /** False: there is nothing to undo, and there never will be. */
    happened: boolean
    /** It had answered 202 and was not complete. */
    pending: boolean
    /** Its result; null when it did not happen or is not complete. */
    output: Json
  }
}

export type Operation = (input: Json, context: OperationContext) => Promise<unknown> | unknown

/** What the inbox has to say; participant-handler.ts gives it a status. */
export type InboxAnswer =
  | { state: 'DONE'; output: Json }
  | { state: 'PENDING' }
  | { state: 'FAILED'; code: string; message: string }
  | { state: 'UNDONE' }
  | { state: 'KEY_REUSED' }
  | { state: 'RETRY'; code: string; message: string; retryAfterMs?: number }
  /** Whether it happened is not known to the caller: an unexpected error, or the time was over. */
  | { state: 'UNKNOWN'; code: string; message: string; cause: unknown }

/** The statements that create the inbox table; safe to run again. `table` may name a schema. */
export function inboxSql(table = 'saga_inbox'): string {
  const name = tableName(table)
  const index = name.replace(/^.*\./, '')
  return `
CREATE TABLE IF NOT EXISTS ${name} (
  key            text PRIMARY KEY,
  saga_id        text NOT NULL,
  step           text NOT NULL,
  operation      text NOT NULL,
  kind           text NOT NULL CHECK (kind IN ('action', 'compensation')),
  request_hash   text NOT NULL,
  state          text NOT NULL CHECK (state IN ('PENDING', 'DONE', 'FAILED', 'UNDONE')),
  answer         text,
  undone_by      text,
  callback_url   text,
  callback_at    timestamptz,
  callback_tries integer NOT NULL DEFAULT 0,
  created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ${index}_callback ON ${name} (callback_at) WHERE callback_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS ${index}_created ON ${name} (created_at);
`
}

/** The inbox table under its default name, `saga_inbox`. */
export const INBOX_SQL = inboxSql()

/** Forgets keys older than `days`, tombstones too; choose more days than any saga may live. Returns how many. */
export async function pruneInbox(pool: Pool, days: number, table = 'saga_inbox'): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM ${tableName(table)}
      WHERE callback_at IS NULL AND created_at < now() - make_interval(days => $1)`,
    [days],
  )
  return rowCount ?? 0
}

/** Takes the call into effect, or says what became of it before. Never throws. */
export async function takeEffect(
  inbox: { pool: Pool; table: string },
  body: CallBody,
  timeoutMs: number,
  operation: Operation,
): Promise<InboxAnswer> {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeoutMs)
  })
  const connecting = inbox.pool.connect().catch(() => undefined)
  const client = await Promise.race([connecting, timeout])
  if (client === undefined || client === 'timeout') {
    clearTimeout(timer)
    // it may still come: then it goes straight back
    void connecting.then((late) => late?.release())
    const message = 'The service has no database connection to spare'
    return { state: 'RETRY', code: 'UNAVAILABLE', message }
  }
  // a connection that breaks between two statements says so by an event; without a listener that ends the process
  const onLost = () => {}
  client.on('error', onLost)
  try {
    const work = transact(client, tableName(inbox.table), body, timeoutMs, operation, abort.signal)
    const answer = await Promise.race([work, timeout])
    if (answer !== 'timeout') return answer
    const message = `The operation took longer than ${timeoutMs} ms`
    abort.abort(new Error(message))
    return { state: 'UNKNOWN', code: 'TIMEOUT', message, cause: null }
  } finally {
    clearTimeout(timer)
    // a closed connection is a rolled back transaction: the operation may go on, its writes may not
    if (!abort.signal.aborted) client.off('error', onLost)
    client.release(abort.signal.aborted)
  }
}

async function transact(
  client: PoolClient,
  table: string,
  body: CallBody,
  timeoutMs: number,
  operation: Operation,
  signal: AbortSignal,
): Promise<InboxAnswer> {
  const hash = requestHash(body)
  let running = false
  try {
    const limit = Math.max(1, Math.floor(timeoutMs))
    // we end an idle transaction ourselves; the server's limit is for the case that this process stands still
    await client.query(
      `BEGIN; SET LOCAL statement_timeout = ${limit}; SET LOCAL idle_in_transaction_session_timeout = ${limit + 10_000}`,
    )
    const claimed = await client.query(
      `INSERT INTO ${table} (key, saga_id, step, operation, kind, request_hash, state, callback_url)
       VALUES ($1, $2, $3, $4, $5, $6, 'PENDING', $7) ON CONFLICT (key) DO NOTHING`,
      [body.key, body.sagaId, body.step, body.operation, body.kind, hash, body.callback ?? null],
    )
    if (claimed.rowCount === 0) {
      const answer = await replay(client, table, body, hash)
      await commit(client)
      return answer
    }
    const undone = body.undoes === undefined ? undefined : await undo(client, table, body)
    await client.query('SAVEPOINT operation')
    running = true
    const answer = await run(client, body, operation, signal, undone)
    running = false
    signal.throwIfAborted()
    await remember(client, table, body, answer)
    await commit(client)
    return answer
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    return afterRollback(error, running)
  }
}

/** A key that was seen before: what it was answered, unless it was undone since or belongs to another request. */
async function replay(
  client: PoolClient,
  table: string,
  body: CallBody,
  hash: string,
): Promise<InboxAnswer> {
  const { rows } = await client.query<InboxRow>(
    `SELECT state, answer, undone_by, request_hash FROM ${table} WHERE key = $1 FOR UPDATE`,
    [body.key],
  )
  const row = rows[0]
  if (!row)
    return { state: 'RETRY', code: 'CONFLICT', message: 'The key was just removed; try again' }
  if (row.state === 'UNDONE' || row.undone_by !== null) return { state: 'UNDONE' }
  if (row.request_hash !== hash) return { state: 'KEY_REUSED' }
  if (row.state === 'PENDING') {
    // this attempt's token is the one its caller now waits for
    await client.query(`UPDATE ${table} SET callback_url = $2 WHERE key = $1`, [
      body.key,
      body.callback ?? null,
    ])
    return { state: 'PENDING' }
  }
  const answer: unknown = JSON.parse(row.answer ?? 'null')
  if (row.state === 'DONE') return { state: 'DONE', output: answer as Json }
  return { state: 'FAILED', ...(answer as { code: string; message: string }) }
}

/** Marks the forward call as undone and says whether it had happened. Waits for it when it is running. */
async function undo(
  client: PoolClient,
  table: string,
  body: CallBody,
): Promise<NonNullable<OperationContext['undone']>> {
  await client.query(
    `INSERT INTO ${table} (key, saga_id, step, operation, kind, request_hash, state)
     VALUES ($1, $2, $3, '', 'action', '', 'UNDONE') ON CONFLICT (key) DO NOTHING`,
    [body.undoes, body.sagaId, body.step],
  )
  const { rows } = await client.query<InboxRow>(
    `UPDATE ${table} SET undone_by = $2, callback_at = NULL WHERE key = $1
     RETURNING state, answer, undone_by, request_hash`,
    [body.undoes, body.key],
  )
  const row = rows[0]
  const done = row?.state === 'DONE'
  const pending = row?.state === 'PENDING'
  return {
    happened: done || pending,
    pending,
    output: done ? (JSON.parse(row.answer ?? 'null') as Json) : null,
  }
}

async function run(
  client: PoolClient,
  body: CallBody,
  operation: Operation,
  signal: AbortSignal,
  undone: OperationContext['undone'],
): Promise<InboxAnswer & { later?: { output: Json; afterMs: number } }> {
  const { tx, close } = transactionOf(client)
  try {
    const value = await operation(body.input as Json, {
      tx,
      key: body.key,
      sagaId: body.sagaId,
      step: body.step,
      operation: body.operation,
      kind: body.kind,
      attempt: body.attempt,
      signal,
      ...(body.undoes === undefined ? {} : { undoes: body.undoes }),
      ...(undone === undefined ? {} : { undone }),
    })
    const later = isPending(value) ? value.result : undefined
    if (isPending(value) && later === undefined) return { state: 'PENDING' }
    const output = toStorable(later === undefined ? value : later.output)
    if (!output.ok) throw new Error(`${body.operation} answered, but ${output.reason}`)
    return later === undefined
      ? { state: 'DONE', output: output.value }
      : { state: 'PENDING', later: { output: output.value, afterMs: later.afterMs } }
  } catch (error) {
    const failure = toFailure(error)
    // everything but a terminal refusal takes the whole transaction with it
    if (failure.kind !== 'terminal') throw error
    await client.query('ROLLBACK TO SAVEPOINT operation')
    return { state: 'FAILED', code: failure.code, message: failure.message }
  } finally {
    close()
  }
}

async function remember(
  client: PoolClient,
  table: string,
  body: CallBody,
  answer: InboxAnswer & { later?: { output: Json; afterMs: number } },
): Promise<void> {
  if (answer.state === 'FAILED' && body.kind === 'compensation') {
    await client.query(`DELETE FROM ${table} WHERE key = $1`, [body.key])
    return
  }
  const stored =
    answer.state === 'DONE'
      ? JSON.stringify(answer.output)
      : answer.state === 'FAILED'
        ? JSON.stringify({ code: answer.code, message: answer.message })
        : answer.later && JSON.stringify(answer.later.output)
  await client.query(
    `UPDATE ${table} SET state = $2, answer = $3,
            callback_at = CASE WHEN $4::float8 IS NULL THEN NULL
                               ELSE clock_timestamp() + make_interval(secs => $4::float8 / 1000) END
      WHERE key = $1`,
    [body.key, answer.state, stored ?? null, answer.later?.afterMs ?? null],
  )
}

async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT')
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error
  if (command !== 'COMMIT') throw new Error('The transaction was rolled back instead of committed')
}

/** SQLSTATEs after which the transaction is gone and may be tried again: serialization, deadlock, lock timeout. */
const CONFLICTS = new Set(['40001', '40P01', '55P03'])
const CANCELLED = '57014'

function afterRollback(error: unknown, running: boolean): InboxAnswer {
  const failure = toFailure(error)
  if (failure.kind === 'retryable') {
    const { code, message, retryAfterMs } = failure
    return {
      state: 'RETRY',
      code,
      message,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }
  const sqlState = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (CONFLICTS.has(sqlState))
    return { state: 'RETRY', code: 'TRANSACTION_CONFLICT', message: 'Another transaction won' }
  if (sqlState === CANCELLED && !running)
    return {
      state: 'UNKNOWN',
      code: 'IN_PROGRESS',
      message: 'An earlier call with this key is still running',
      cause: null,
    }
  return {
    state: 'UNKNOWN',
    code: 'OPERATION_FAILED',
    message: 'The operation failed unexpectedly; the log of the service says why',
    cause: error,
  }
}

function transactionOf(client: PoolClient): { tx: Tx; close: () => void } {
  let open = true
  const tx: Tx = {
    async query(text, values) {
      if (!open) throw new Error('The operation has ended: await every query before it returns')
      if (/^\s*(begin|start|commit|end|rollback|abort|prepare\s+transaction)\b/i.test(text))
        throw new Error('The transaction belongs to the inbox: operations do not begin or end it')
      return client.query(text, values)
    },
  }
  return {
    tx,
    close: () => {
      open = false
    },
  }
}

interface InboxRow extends QueryResultRow {
  state: 'PENDING' | 'DONE' | 'FAILED' | 'UNDONE'
  answer: string | null
  undone_by: string | null
  request_hash: string
}

/** The same request whatever the order of its keys: a journal may give an object back in another order. */
function requestHash(body: CallBody): string {
  const text = JSON.stringify([body.operation, body.kind, sorted(body.input as Json)])
  return createHash('sha256').update(text).digest('base64url')
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const pairs = Object.entries(value).map(([key, item]): [string, Json] => [key, sorted(item)])
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The table's name, checked: it is put into statements as it is. */
export function tableName(table: string): string {
  if (/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(table)) return table
  throw new Error(`${table} is no table name; use lower case letters, digits and _`)
}
