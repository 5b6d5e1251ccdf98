/**
 * One saga's entries as they are committed: everything after `afterSeq`, gapless and in order, for as long as the
 * caller listens and may listen.
 */
import type { Entry } from '@/runtime/journal/entry'
import type { Runtime } from '@/runtime/runtime'
import type { EntityWatch } from './entity-watch'

const PAGE = 200
/** How often an idle follower looks whether it may still listen. */
const IDLE_MS = 10_000

export async function* followSaga({
  runtime,
  watch,
  sagaId,
  afterSeq,
  signal,
  idle,
}: {
  runtime: Pick<Runtime, 'journal'>
  watch: EntityWatch
  sagaId: string
  afterSeq: number
  signal: AbortSignal
  /** Called at every wake-up; throws when the caller may no longer listen. */
  idle: () => Promise<void>
}): AsyncGenerator<Entry, never, undefined> {
  // opened before the backlog is read: a commit in between wakes the follower instead of being missed
  const follower = watch.open(sagaId)
  try {
    follower.seq = afterSeq
    for (;;) {
      signal.throwIfAborted()
      follower.rest()
      const entries = await runtime.journal(sagaId, follower.seq, PAGE)
      for (const entry of entries) {
        follower.seq = entry.seq
        yield entry
      }
      if (entries.length === PAGE) continue
      await follower.changed(signal, IDLE_MS)
      await idle()
    }
  } finally {
    follower.close()
  }
}
