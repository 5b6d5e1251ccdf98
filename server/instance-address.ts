/**
 * The address at which participants deliver results that come later. It is the web part's, so the web part writes it into the
 * database, and workers read it there: at their start and then every few seconds, because the web part may move.
 *
 * A process that was told its address (NEXTAUTH_URL) uses that. One that knows none offers no callback.
 */
import type { PrismaClient } from '@/prisma/generated/client'
import type { Logger } from '@/runtime/ports'
import { translating } from '@/runtime/postgres/database-error'

/** So long a worker goes on handing out the address of a web part that moved. */
const READ_EVERY_MS = 5_000

/** `own`: as configured. `published`: that, and written down for the others. `learned`: what was written down. */
export type AddressKind = 'own' | 'published' | 'learned'

export interface InstanceAddress {
  /** Without a trailing slash; null while nobody has said where the web part is. */
  current(): string | null
  /** Writes it down, or reads it. Rejects with UNAVAILABLE. */
  open(): Promise<void>
  stop(): void
}

export function instanceAddress({
  db,
  log,
  kind,
  own,
}: {
  db: PrismaClient
  log: Logger
  kind: AddressKind
  own: string
}): InstanceAddress {
  let address = kind === 'learned' ? null : own
  let timer: NodeJS.Timeout | undefined

  const read = async () => {
    const row = await db.instance.findUnique({ where: { id: 1 } })
    const found = row?.address ?? null
    if (found !== address) log.info('Callbacks go to the web part', { address: found })
    address = found
  }
  return {
    current: () => address,
    async open() {
      if (kind === 'published')
        await translating(
          'write down the address of the web part',
          db.instance.upsert({
            where: { id: 1 },
            create: { address: own },
            update: { address: own },
          }),
        )
      if (kind !== 'learned') return
      await translating('read the address of the web part', read())
      clearInterval(timer)
      timer = setInterval(
        () =>
          void read().catch((error) =>
            log.warn('The address of the web part could not be read; the last known is used', {
              error,
            }),
          ),
        READ_EVERY_MS,
      )
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }
}
