/**
 * Starting a saga is durable before it is visible: the start is a message that a worker takes a moment later. Whoever
 * asks for a saga in that moment waits for it instead of hearing that there is none.
 */
import { SagaError } from '@/runtime/errors'
import type { Host } from '../host'

const WAIT_MS = 5_000

/** Resolves when the saga is there. Throws NOT_FOUND, or UNAVAILABLE when no worker took its start in time. */
export async function awaitSaga(
  host: Pick<Host, 'db' | 'watch' | 'closing'>,
  sagaId: string,
): Promise<void> {
  if (await isThere(host, sagaId)) return
  const follower = host.watch.open(sagaId)
  try {
    for (const until = performance.now() + WAIT_MS; performance.now() < until; ) {
      follower.rest()
      if (await isThere(host, sagaId)) return
      const start = await host.db.mailboxMessage.findUnique({
        where: { id: `start:${sagaId}` },
        select: { refusal: true, processedAt: true },
      })
      // taken between the two looks: look again
      if (start?.processedAt && (await isThere(host, sagaId))) return
      if (!start || start.processedAt) throw noSaga(sagaId)
      await follower.changed(host.closing, 250)
    }
  } finally {
    follower.close()
  }
  throw new SagaError(
    'UNAVAILABLE',
    `The start of saga ${sagaId} is stored, but no worker has taken it yet. Look again in a moment.`,
    { sagaId },
  )
}

export const noSaga = (sagaId: string) =>
  new SagaError('NOT_FOUND', `There is no saga ${sagaId}. Check the id, or look in the list.`, {
    sagaId,
  })

async function isThere({ db }: Pick<Host, 'db'>, sagaId: string): Promise<boolean> {
  return (await db.sagaExecution.count({ where: { sagaId } })) > 0
}
