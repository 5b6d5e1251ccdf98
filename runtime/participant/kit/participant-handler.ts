/**
 * The participant kit: a service author writes operations, this does the rest. It verifies the signature over the raw
 * body, keeps the inbox (inbox.ts), so that each idempotency key takes effect at most once, refuses forward calls that
 * were already compensated, and answers the way the runtime reads it (http-answer.ts has the table).
 *
 * An operation writes through `tx`: its rows and the memory of the call commit together. It throws `TerminalError`
 * when a rule says no (remembered), `RetryableError` when nothing happened and a later try may help. What it does
 * outside of `tx` is its own to make idempotent, by `key`.
 *
 * ```ts
 * import http from 'node:http'
 * import pg from 'pg'
 * import { createParticipantHandler, INBOX_SQL, TerminalError } from './participant-handler'
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
 * await pool.query(INBOX_SQL)
 * const ledger = createParticipantHandler({
 *   secrets: [process.env.WEBHOOK_SECRET ?? ''],
 *   store: pool,
 *   operations: {
 *     async reserve(input, { tx, key }) {
 *       const { amount } = input as { amount: number }
 *       if (amount > 1_000) throw new TerminalError('LIMIT', 'At most 1,000 at once')
 *       await tx.query('INSERT INTO reservation (key, amount) VALUES ($1, $2)', [key, amount])
 *       return { reservationId: key }
 *     },
 *     async release(_input, { tx, undoes, undone }) {
 *       if (!undone?.happened) return { released: false }
 *       await tx.query('DELETE FROM reservation WHERE key = $1', [undoes])
 *       return { released: true }
 *     },
 *   },
 * })
 * http.createServer(ledger.listener).listen(8080)
 * ```
 *
 * `fetch` serves the same in frameworks that speak Request and Response. `GET …/health` answers 200 while the database
 * does. Operations that answer later return `pending()`; see `complete` and `callbacks`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Pool } from 'pg'
import { z } from 'zod'
import { parseWebhookSecret, verifyWebhook } from '../../security/webhook-signature'
import { parseStorable, toStorable } from '../storable-json'
import { type CallBody, callBodySchema, headerText } from '../wire'
import { type CallbackSender, createCallbackSender } from './callback-sender'
import { type InboxAnswer, type Operation, tableName, takeEffect } from './inbox'
import {
  type KitAnswer,
  type KitRequest,
  readNode,
  readWeb,
  writeNode,
  writeWeb,
} from './transport'

export { RetryableError, TerminalError } from '../participant-errors'
export { INBOX_SQL, type Operation, type OperationContext, type Tx } from './inbox'
export { pending } from './pending'

export interface ParticipantHandlerOptions {
  /** `whsec_…`; more than one while a secret is rotated. */
  secrets: readonly string[]
  store: Pool
  operations: Record<string, Operation>
  /** Default `saga_inbox`; create it with `INBOX_SQL` or `inboxSql(table)`. */
  table?: string
  /** Default 1 MB. */
  bodyBytesMax?: number
  /** The longest transaction, even if the caller would wait longer. Default 30 s. */
  transactionMsMax?: number
  /** Calls at once; more are refused as retryable. Default 1,000. */
  callsMax?: number
  /** Told of every unexpected error; default writes it to stderr. */
  onError?: (error: unknown, call?: CallBody) => void
}

export interface ParticipantHandler {
  listener: (request: IncomingMessage, response: ServerResponse) => void
  fetch: (request: Request) => Promise<Response>
  /** What both rest on. */
  handle: (request: KitRequest) => Promise<KitAnswer>
  /**
   * The result of an operation that returned `pending()`. `undone`: it was compensated meanwhile, undo its effect.
   * `absent`: no such pending call. The callback is sent by `callbacks`.
   */
  complete: (
    key: string,
    outcome: { ok: true; output: unknown } | { ok: false; code: string; message: string },
  ) => Promise<'completed' | 'undone' | 'absent'>
  /** Call `start()` if any operation returns `pending()`, and `stop()` at the end. */
  callbacks: CallbackSender
}

export function createParticipantHandler(options: ParticipantHandlerOptions): ParticipantHandler {
  const keys = options.secrets.map(parseWebhookSecret)
  if (keys.length === 0) throw new Error('A participant needs at least one secret (whsec_…)')
  const table = tableName(options.table ?? 'saga_inbox')
  const bodyBytesMax = options.bodyBytesMax ?? 1_000_000
  const transactionMsMax = options.transactionMsMax ?? 30_000
  const callsMax = options.callsMax ?? 1_000
  const onError =
    options.onError ?? ((error, call) => console.error('Operation failed', call?.key, error))
  // an idle connection that breaks is the pool's to replace; without a listener it would end the process
  if (options.store.listenerCount('error') === 0)
    options.store.on('error', (error) => onError(error))
  let calls = 0

  const call = async (request: KitRequest, body: Uint8Array): Promise<KitAnswer> => {
    const nowSeconds = Date.now() / 1000
    const signed = verifyWebhook({ header: request.header, payload: body, keys, nowSeconds })
    if (!signed.ok)
      return refusal(401, 'BAD_SIGNATURE', `The signature is refused: ${signed.reason}`)
    const parsed = parseBody(body)
    if ('status' in parsed) return parsed
    const named = request.path.split('/').at(-1)
    if (named !== encodeURIComponent(parsed.operation) || !sameKey(request, parsed))
      return refusal(400, 'BAD_REQUEST', 'Path or headers do not agree with the signed body')
    const operation = Object.hasOwn(options.operations, parsed.operation)
      ? options.operations[parsed.operation]
      : undefined
    if (!operation)
      return refusal(404, 'UNKNOWN_OPERATION', `There is no operation ${parsed.operation} here`)
    // both times are the sender's, so its clock may differ from ours
    const givenMs = Date.parse(parsed.deadline) - Number(request.header('webhook-timestamp')) * 1000
    const timeoutMs = Math.min(Math.max(givenMs, 1_000), transactionMsMax)
    const answer = await takeEffect({ pool: options.store, table }, parsed, timeoutMs, operation)
    if (answer.state === 'UNKNOWN' && answer.cause) onError(answer.cause, parsed)
    return toAnswer(answer)
  }

  const handle = async (request: KitRequest): Promise<KitAnswer> => {
    if (request.method === 'GET' && request.path.endsWith('/health')) return health(options.store)
    if (request.method !== 'POST')
      return refusal(405, 'METHOD_NOT_ALLOWED', 'Operations are called by POST')
    if (calls >= callsMax)
      return refusal(503, 'OVERLOADED', `${callsMax} calls are under way`, { kind: 'retryable' })
    calls++
    try {
      const body = await request.body(bodyBytesMax)
      if (body === 'too-large')
        return refusal(413, 'BODY_TOO_LARGE', `The body is larger than ${bodyBytesMax} bytes`)
      return await call(request, body)
    } catch (error) {
      onError(error)
      return refusal(500, 'OPERATION_FAILED', 'The service failed', { kind: 'unknown' })
    } finally {
      calls--
    }
  }

  return {
    handle,
    listener: (request, response) => {
      void handle(readNode(request)).then((answer) => writeNode(response, answer))
    },
    fetch: async (request) => writeWeb(await handle(readWeb(request))),
    async complete(key, outcome) {
      const answer = toStorable(
        outcome.ok ? outcome.output : { code: outcome.code, message: outcome.message },
      )
      if (!answer.ok) throw new Error(`The result of ${key} cannot be stored: ${answer.reason}`)
      const { rows } = await options.store.query<{ undone_by: string | null }>(
        `UPDATE ${table} SET
                state = CASE WHEN undone_by IS NULL THEN $2 ELSE state END,
                answer = $3,
                callback_at = CASE WHEN undone_by IS NULL AND callback_url IS NOT NULL THEN now() END
          WHERE key = $1 AND state = 'PENDING' RETURNING undone_by`,
        [key, outcome.ok ? 'DONE' : 'FAILED', JSON.stringify(answer.value)],
      )
      if (!rows[0]) return 'absent'
      return rows[0].undone_by === null ? 'completed' : 'undone'
    },
    callbacks: createCallbackSender({ pool: options.store, table, onError }),
  }
}

function parseBody(body: Uint8Array): CallBody | KitAnswer {
  const text = Buffer.from(body).toString('utf8')
  const json = parseStorable(text, { bytesMax: body.length * 3, anyNumber: true })
  if (!json.ok) return refusal(400, 'BAD_JSON', `The body cannot be read: ${json.reason}`)
  const parsed = callBodySchema.safeParse(json.value)
  if (parsed.success) return parsed.data
  return refusal(400, 'BAD_REQUEST', z.prettifyError(parsed.error).slice(0, 900))
}

/** Headers are not signed: they may repeat the body, never contradict it. */
function sameKey(request: KitRequest, body: CallBody): boolean {
  const key = request.header('idempotency-key')
  const undoes = request.header('saga-undoes')
  return (
    (!key || key === headerText(body.key)) &&
    (!undoes || (body.undoes !== undefined && undoes === headerText(body.undoes)))
  )
}

function toAnswer(answer: InboxAnswer): KitAnswer {
  switch (answer.state) {
    case 'DONE':
      return { status: 200, body: JSON.stringify(answer.output) }
    case 'PENDING':
      return { status: 202, body: '{}' }
    case 'FAILED':
      return refusal(422, answer.code, answer.message)
    case 'UNDONE':
      return refusal(409, 'UNDONE', 'This call was compensated; it is refused from now on')
    case 'KEY_REUSED':
      return refusal(422, 'KEY_REUSED', 'This key was used for another request')
    case 'RETRY': {
      const { code, message, retryAfterMs } = answer
      return refusal(503, code, message, {
        kind: 'retryable',
        ...(retryAfterMs && { retryAfterMs }),
      })
    }
    case 'UNKNOWN':
      return refusal(500, answer.code, answer.message, { kind: 'unknown' })
    default:
      return answer satisfies never
  }
}

function refusal(
  status: number,
  code: string,
  message: string,
  more: { kind?: 'retryable' | 'unknown'; retryAfterMs?: number } = {},
): KitAnswer {
  const answer = { status, body: JSON.stringify({ code, message, ...more }) }
  if (more.retryAfterMs === undefined) return answer
  return { ...answer, headers: { 'retry-after': String(Math.ceil(more.retryAfterMs / 1000)) } }
}

async function health(pool: Pool): Promise<KitAnswer> {
  try {
    await pool.query('SELECT 1')
    return { status: 200, body: '{"status":"UP"}' }
  } catch {
    return { status: 503, body: '{"status":"DOWN"}' }
  }
}
