/**
 * One bounded connection to PostgreSQL for the steps of a start: none of them waits for ever for a network that swallows
 * everything, and none leaves an unheard error behind.
 */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const CONNECT_MS = 10_000
const END_MS = 1_000

/**
 * Runs `work` on a connection and closes it.
 * @template T
 * @param {string} connectionString
 * @param {(db: pg.Client) => Promise<T>} work
 * @param {{ queryMs?: number }} [more] a statement without an answer is given up after `queryMs`; default: never
 * @returns {Promise<T>}
 */
export async function connected(connectionString, work, { queryMs } = {}) {
  const db = new pg.Client({
    connectionString,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    ...(queryMs === undefined ? {} : { query_timeout: queryMs }),
  })
  db.on('error', () => {}) // the statement under way fails with it
  try {
    await db.connect()
    return await work(db)
  } finally {
    await Promise.race([db.end().catch(() => {}), delay(END_MS)])
  }
}

/**
 * Is this (or what caused it) a server that is away, starting, full, or silent? Then the same may succeed later.
 * @param {unknown} error
 * @returns {boolean}
 */
export function mayComeBack(error) {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(ECONN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08|53|57P)/.test(code) ||
    /timeout expired|timeout exceeded|Connection terminated|Query read timeout/.test(
      error.message,
    ) ||
    (error instanceof AggregateError && error.errors.some(mayComeBack)) ||
    mayComeBack(error.cause)
  )
}
