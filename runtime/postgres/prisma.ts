/**
 * The Prisma client on PostgreSQL, with a bounded pool and bounded waits.
 *
 * Nothing of ours depends on a session, so PgBouncer in transaction mode is fine; it refuses start-up parameters, though:
 * say `?pgbouncer=true` in the address, and set `statement_timeout` for the role instead.
 *
 * The group commit goes past Prisma (`direct`), on the same pool: Prisma would write its parameters as JSON and read them
 * again, which costs more than the commit itself.
 */
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../../prisma/generated/client'
import { SagaError } from '../errors'

export interface PrismaOptions {
  /** Connections at most; default 10. The runtime's own client needs no more than 4. */
  poolMax?: number
  /** How long to wait for a free or new connection; default 5 s, then UNAVAILABLE. */
  connectTimeoutMs?: number
  /** The server ends a statement after this long; default 30 s. */
  statementTimeoutMs?: number
  /**
   * We give a statement up after this long and close its connection: a server that went away without a word, or a network
   * that swallows packets, ends no statement. Default: 5 s more than `statementTimeoutMs`.
   */
  queryTimeoutMs?: number
}

/** A statement of ours; `name` keeps it prepared on each connection, where that is possible. */
export interface Statement {
  name: string
  text: string
  values: unknown[]
}

/** Connects on first use; `$disconnect()` closes the pool. */
export function createPrisma(url: string, options: PrismaOptions = {}): PrismaClient {
  const {
    poolMax = 10,
    connectTimeoutMs = 5_000,
    statementTimeoutMs = 30_000,
    queryTimeoutMs = statementTimeoutMs + 5_000,
  } = options
  const address = new URL(url)
  const pooled = address.searchParams.get('pgbouncer') === 'true'
  address.searchParams.delete('pgbouncer')
  const pool = new pg.Pool({
    connectionString: address.href,
    max: poolMax,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    query_timeout: queryTimeoutMs,
    ...(pooled
      ? {}
      : {
          statement_timeout: statementTimeoutMs,
          // an interactive transaction whose process hangs must not hold its locks
          idle_in_transaction_session_timeout: statementTimeoutMs,
        }),
  })
  // An idle connection that breaks is replaced by the next use; without a listener it would end the process.
  pool.on('error', () => {})
  const client = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: true }) })
  pools.set(client, { pool, prepares: !pooled })
  return client
}

const pools = new WeakMap<PrismaClient, { pool: pg.Pool; prepares: boolean }>()

/** Runs one statement on a connection of the client's pool, without Prisma. Rejects with pg's own errors. */
export async function direct(
  client: PrismaClient,
  { name, text, values }: Statement,
): Promise<void> {
  const known = pools.get(client)
  if (!known)
    throw new SagaError('UNSUPPORTED', 'This Prisma client was not made by createPrisma; use that')
  await known.pool.query({ text, values, ...(known.prepares ? { name } : {}) })
}
