/**
 * Starts a host however long its database is away, slow or behind a network that swallows everything: a process that ended
 * instead would be started again by its supervisor, to no better end, and could tell nobody what it waits for.
 *
 * What is wrong for good (a wrong environment, a bug) still ends the start.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { isSagaError } from '@/runtime/errors'
import type { OpenHost } from './open-host'

/** Between two tries: doubled from the first to the last, milliseconds. */
const BACK_OFF_MS = { first: 250, last: 10_000 }

/** What a person should read while this waits; null when waiting is of no use. */
type WhyWait = (error: unknown) => string | null

/**
 * Runs `work` until it succeeds; `onWait` is told each time why not. Rejects with what waiting does not mend, and when
 * `signal` aborts.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  {
    why,
    onWait,
    signal,
  }: {
    why: WhyWait
    onWait: (reason: string, retryMs: number, error: unknown) => void
    signal: AbortSignal
  },
): Promise<T> {
  for (let waitMs = BACK_OFF_MS.first; ; waitMs = Math.min(waitMs * 2, BACK_OFF_MS.last)) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      const reason = why(error)
      if (reason === null) throw error
      onWait(reason, waitMs, error)
      await delay(waitMs, undefined, { signal })
    }
  }
}

/** Starts the host; `host.starting` says since when it tries and why it has not started yet. */
export async function startHost({ host, start }: OpenHost): Promise<void> {
  const since = host.starting?.since ?? Date.now()
  host.starting = { since, reason: null }
  await patiently(start, {
    why: storeIsAway,
    signal: host.closing,
    onWait(reason, retryMs, error) {
      host.starting = { since, reason }
      host.log.warn('Waiting for the database; trying again', { reason, retryMs, error })
    },
  })
  host.starting = null
}

/** A lease that somebody holds runs out, a database comes back or gets its migrations. */
function storeIsAway(error: unknown): string | null {
  if (!isSagaError(error)) return null
  if (error.code !== 'UNAVAILABLE' && error.code !== 'FENCED' && error.code !== 'CONFLICT')
    return null
  return typeof error.details.cause === 'string' ? error.details.cause : 'the lease is not free'
}
