/**
 * The Prisma client on PostgreSQL, with a bounded pool and bounded waits.
 *
 * Nothing of ours depends on a session, so PgBouncer in transaction mode is fine; it refuses start-up parameters, though:
 * say `?pgbouncer=true` in the address, and set `statement_timeout` for the role instead.
 */
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../prisma/generated/client'

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
  const adapter = new PrismaPg({
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
  return new PrismaClient({ adapter })
}
