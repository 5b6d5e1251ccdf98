/**
 * Starts this process's host, once, and ends the process in order.
 *
 * 1. Nobody waits for the start: Next holds every request until `register` has returned, and a database that is away may
 *    stay so. From the first request on the host answers what it can, and UNAVAILABLE to the rest.
 * 2. A start that waiting cannot mend ends the process with code 1 and says why: Next would otherwise stay up, answer 500
 *    to everything and start again with each request.
 * 3. SIGTERM and SIGINT are ours alone: Next waits for every connection to end, and a browser's event stream never does; or
 *    it ends the process while sagas still finish. We go on answering (UNAVAILABLE to what is new) until all is written.
 * 4. A worker whose lease was taken over joins again by itself; only its own stop ends the process.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { readEnv } from './env'
import { hostIfStarted, setHost } from './host'
import { createLogger } from './log'
import { type OpenHost, openHost } from './open-host'
import { startHost } from './start-host'

/** Time for the last responses to be written. */
const LAST_WORDS_MS = 200
/** Time for requests that came before the stop to be answered. */
const ANSWERS_MS = 5_000
/** A stop that takes longer is given up; what it left undone is recovered by the next start. */
const STOP_MS = 20_000

/** Resolves as soon as this process has a host. */
export async function boot(): Promise<void> {
  if (hostIfStarted()) return
  const log = createLogger({ json: process.env.NODE_ENV === 'production' })
  const end = (error: unknown) => {
    log.error('The server cannot start', { error })
    process.exit(1)
  }
  try {
    const opened = openHost(readEnv(), { log, address: 'published' })
    const stop = stopper(opened)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.removeAllListeners(signal)
      process.on(signal, () => void stop(0))
    }
    setHost(opened.host)
    start(opened).catch((error) => opened.host.closing.aborted || end(error))
  } catch (error) {
    end(error)
  }
}

async function start(opened: OpenHost): Promise<void> {
  const startedAt = performance.now()
  await startHost(opened)
  opened.host.texts.warmUp()
  const { workerId, status, shards } = opened.host.runtime.health()
  const tookMs = Math.round(performance.now() - startedAt)
  opened.host.log.info('The runtime is up', { workerId, status, shards, tookMs })
}

function stopper({ host, stop }: OpenHost): (code: number) => Promise<void> {
  let stopping = false
  return async (code) => {
    if (stopping) return
    stopping = true
    host.log.info('Stopping')
    setTimeout(() => {
      host.log.error('Stopping took too long; ending as it is')
      process.exit(1)
    }, STOP_MS).unref()
    await stop().catch((error) => host.log.error('Stopping failed', { error }))
    await Promise.race([host.idle(), delay(ANSWERS_MS)])
    await delay(LAST_WORDS_MS)
    process.exit(code)
  }
}
