/**
 * Forgets what nobody has to keep any more: sagas past their retention, mail that was dealt with. Hourly, batch by batch,
 * so that it never stands in the way of running sagas; any number of processes may do it at once.
 */
import type { PrismaClient } from '@/prisma/generated/client'
import type { Logger } from '@/runtime/ports'
import { forgetOldMail, forgetOldSagas, RETENTION_BATCH } from '@/runtime/postgres/retention'

const EVERY_MS = 3_600_000
/** Batches of one round; what is left waits for the next. */
const BATCHES_MAX = 200

/** Starts with the first round an hour from now. */
export function startForgetter({ db, log }: { db: PrismaClient; log: Logger }): { stop(): void } {
  let stopped = false
  const round = async () => {
    try {
      for (let n = 0; n < BATCHES_MAX && !stopped; n++) {
        const forgotten = await forgetOldSagas(db)
        if (forgotten > 0) log.info('Forgot sagas past their retention', { sagas: forgotten })
        if (forgotten < RETENTION_BATCH) break
      }
      for (let n = 0; n < BATCHES_MAX && !stopped; n++) if ((await forgetOldMail(db)) === 0) break
    } catch (error) {
      log.warn('Old sagas could not be forgotten; the next round tries again', { error })
    }
  }
  const timer = setInterval(() => void round(), EVERY_MS)
  timer.unref()
  return {
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}
