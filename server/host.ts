/**
 * The composition root: one runtime, one database client and what hangs on them, once per process.
 */
import type { PrismaClient } from '@/prisma/generated/client'
import type { Logger } from '@/runtime/ports'
import type { Runtime } from '@/runtime/runtime'

export interface Host {
  db: PrismaClient
  runtime: Runtime
  log: Logger
  /** Aborts when the process is about to stop: ends every open stream. */
  closing: AbortSignal
}
