/**
 * Looks after the participants' health addresses, and keeps what calls and probes showed in the database.
 *
 * 1. Bounded: a round takes 500 participants, eight probes at a time, each at most five seconds; the next round starts
 *    an interval after this one ended, so rounds never pile up.
 * 2. A participant without a health address is judged by its calls alone.
 */
import type { PrismaClient } from '@/prisma/generated/client'
import type { ParticipantRegistry } from '@/runtime/participant/registry'
import type { Logger } from '@/runtime/ports'
import { saveHealth } from './product/participants'

const ROUND_MAX = 500
const AT_ONCE = 8

export interface Prober {
  /** One round, now. */
  round(): Promise<void>
  stop(): void
}

/** Starts probing every `everyMs`; 0 never starts. */
export function startProber({
  db,
  participants,
  log,
  everyMs,
}: {
  db: PrismaClient
  participants: ParticipantRegistry
  log: Logger
  everyMs: number
}): Prober {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let after = ''

  const probe = async (name: string) => {
    try {
      await saveHealth(db, name, await participants.probe(name))
    } catch (error) {
      log.warn('A participant could not be probed', { participant: name, error })
    }
  }

  const round = async () => {
    const rows = await db.participant.findMany({
      where: { status: { not: 'DISABLED' }, name: { gt: after } },
      orderBy: { name: 'asc' },
      take: ROUND_MAX,
      select: { name: true },
    })
    after = rows.length === ROUND_MAX ? (rows.at(-1)?.name ?? '') : ''
    const names = rows.map((row) => row.name)
    const lane = async () => {
      for (let name = names.shift(); name !== undefined && !stopped; name = names.shift())
        await probe(name)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
  }

  const next = (delayMs: number) => {
    if (stopped || everyMs === 0) return
    timer = setTimeout(async () => {
      await round().catch((error) => log.warn('Participants could not be probed', { error }))
      next(everyMs)
    }, delayMs)
    timer.unref()
  }
  next(Math.min(everyMs, 1_000))

  return {
    round,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
