/**
 * Whether this process can serve: the database answers, and the runtime decides or stands by.
 */
import type { Health } from '@/runtime/runtime'
import type { Host, Starting } from '../host'
import { type DatabaseRestarts, databaseRestarts } from '../launch/restarts.mjs'

const DATABASE_MS = 3_000

export interface SystemHealth {
  /** `starting`, `down`: send requests elsewhere. */
  status: 'starting' | 'ok' | 'degraded' | 'down'
  /** Since when it starts and what it waits for; null once it works. */
  starting: Starting | null
  runtime: Health
  database: {
    ok: boolean
    latencyMs: number | null
    error: string | null
    /** Of the embedded database, by whoever watches it; null when it never died. */
    restarts: DatabaseRestarts | null
  }
  /** Milliseconds since the epoch. */
  serverNow: number
}

/** Error texts, sagas and the worker's name are for those who are signed in. */
export async function systemHealth(
  { db, runtime, closing, starting }: Pick<Host, 'db' | 'runtime' | 'closing' | 'starting'>,
  { inDetail }: { inDetail: boolean },
): Promise<SystemHealth> {
  const database = await databaseHealth(db)
  const health = runtime.health()
  return {
    starting,
    status:
      starting && !closing.aborted
        ? 'starting'
        : !database.ok ||
            closing.aborted ||
            health.status === 'stopped' ||
            health.status === 'starting'
          ? 'down'
          : health.status === 'degraded'
            ? 'degraded'
            : 'ok',
    runtime: inDetail
      ? health
      : { ...health, workerId: '', lastError: null, stuck: { ...health.stuck, sagas: [] } },
    database: inDetail
      ? database
      : {
          ...database,
          error: null,
          restarts: database.restarts && { ...database.restarts, why: null },
        },
    serverNow: Date.now(),
  }
}

async function databaseHealth(db: Host['db']): Promise<SystemHealth['database']> {
  const startedAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  try {
    await Promise.race([
      db.$queryRaw`SELECT 1`,
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer in ${DATABASE_MS} ms`)), DATABASE_MS)
      }),
    ])
    return {
      ok: true,
      latencyMs: Math.round(performance.now() - startedAt),
      error: null,
      restarts: databaseRestarts(),
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      ok: false,
      latencyMs: null,
      error: message.slice(0, 300),
      restarts: databaseRestarts(),
    }
  } finally {
    clearTimeout(timer)
  }
}
