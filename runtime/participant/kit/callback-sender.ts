/**
 * Delivers the results of operations that answered 202: to the callback URL of the newest attempt, at least once,
 * until the runtime has taken it or will never. The results wait in the inbox table, so a restart loses none.
 *
 * 1. A due row is claimed by moving its time on; a process that dies while sending leaves it due again.
 * 2. What was compensated meanwhile is not delivered.
 * 3. Tries are bounded (`TRIES_MAX`, about a day); the answer stays in the inbox and a later attempt gets it.
 */
import type { Pool } from 'pg'
import { tableName } from './inbox'

const TRIES_MAX = 100
const CLAIM_SECONDS = 15
const POST_TIMEOUT_MS = 10_000
const DELAY_MS_MAX = 900_000
const BATCH = 20

export interface CallbackSender {
  /** Sends what is due now; returns how many the runtime took. */
  deliverDue(): Promise<number>
  /** Looks for due results every `pollMs` until `stop`. */
  start(): void
  /** Resolves when nothing is being sent any more. */
  stop(): Promise<void>
}

export interface CallbackSenderConfig {
  pool: Pool
  table: string
  /** Default 500 ms. */
  pollMs?: number
  onError?: (error: unknown) => void
}

interface DueRow {
  key: string
  state: 'DONE' | 'FAILED'
  answer: string | null
  /** Null when the runtime offered none: then a later attempt gets the answer. */
  callback_url: string | null
  callback_tries: number
}

export function createCallbackSender(config: CallbackSenderConfig): CallbackSender {
  const table = tableName(config.table)
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let stopped = true

  const deliverDue = async (): Promise<number> => {
    const { rows } = await config.pool.query<DueRow>(
      `UPDATE ${table} SET
              state = CASE WHEN state = 'PENDING' THEN 'DONE' ELSE state END,
              callback_tries = callback_tries + 1,
              callback_at = now() + make_interval(secs => ${CLAIM_SECONDS})
        WHERE key IN (SELECT key FROM ${table}
                       WHERE callback_at <= now() AND undone_by IS NULL
                       ORDER BY callback_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING key, state, answer, callback_url, callback_tries`,
    )
    const taken = await Promise.all(rows.map((row) => deliver(config, table, row)))
    return taken.filter(Boolean).length
  }

  const turn = () => {
    running = deliverDue()
      .catch((error: unknown) => config.onError?.(error))
      .finally(() => {
        if (!stopped) timer = setTimeout(turn, config.pollMs ?? 500)
      })
  }

  return {
    deliverDue,
    start() {
      if (!stopped) return
      stopped = false
      turn()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

async function deliver(config: CallbackSenderConfig, table: string, row: DueRow): Promise<boolean> {
  const answer: unknown = JSON.parse(row.answer ?? 'null')
  const outcome =
    row.state === 'DONE'
      ? { ok: true, output: answer }
      : { ok: false, kind: 'terminal', ...(answer as { code: string; message: string }) }
  const taken = row.callback_url === null || (await post(row.callback_url, JSON.stringify(outcome)))
  if (taken || row.callback_tries >= TRIES_MAX) {
    await config.pool.query(
      // a newer attempt may have come with a new address: then that one is told as well
      `UPDATE ${table} SET callback_at = CASE WHEN callback_url IS NOT DISTINCT FROM $2 THEN NULL ELSE now() END
        WHERE key = $1`,
      [row.key, row.callback_url],
    )
    return taken
  }
  const delayMs = Math.min(200 * 2 ** Math.min(row.callback_tries, 20), DELAY_MS_MAX)
  await config.pool.query(
    `UPDATE ${table} SET callback_at = now() + make_interval(secs => $2::float8 / 1000)
      WHERE key = $1 AND undone_by IS NULL`,
    [row.key, delayMs],
  )
  return false
}

/** True when the runtime took it, or said that it never will (a call that has ended meanwhile). */
async function post(url: string, body: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    })
    await response.body?.cancel()
    if (response.ok) return true
    return (
      response.status >= 400 && response.status < 500 && ![408, 425, 429].includes(response.status)
    )
  } catch {
    return false
  }
}
