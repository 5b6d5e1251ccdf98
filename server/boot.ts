/**
 * Starts this process's host, once, and ends the process in order.
 *
 * 1. A start that fails ends the process with code 1 and says why: Next would otherwise stay up, answer 500 to
 *    everything and start again with each request.
 * 2. SIGTERM and SIGINT are ours: Next waits for every connection to end, and a browser's event stream never does.
 * 3. A worker whose lease was taken over joins again by itself; only its own stop ends the process.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { readEnv } from './env'
import { hostIfStarted, setHost } from './host'
import { createLogger } from './log'
import { type OpenHost, openHost } from './open-host'

const BOOTING = Symbol.for('sagawright.booting')
const globals = globalThis as { [BOOTING]?: Promise<void> }

/** Time for the last responses to be written. */
const LAST_WORDS_MS = 200
/** A stop that takes longer is given up; what it left undone is recovered by the next start. */
const STOP_MS = 20_000

export function boot(): Promise<void> {
  globals[BOOTING] ??= start()
  return globals[BOOTING]
}

async function start(): Promise<void> {
  if (hostIfStarted()) return
  const log = createLogger({ json: process.env.NODE_ENV === 'production' })
  try {
    const startedAt = performance.now()
    const opened = openHost(readEnv(), { log })
    const stop = stopper(opened)
    setHost(opened.host)
    await opened.start()
    opened.host.texts.warmUp()
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0))
    const { workerId, status, shards } = opened.host.runtime.health()
    const tookMs = Math.round(performance.now() - startedAt)
    log.info('The runtime is up', { workerId, status, shards, tookMs })
  } catch (error) {
    log.error('The server cannot start', { error })
    process.exit(1)
  }
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
    await delay(LAST_WORDS_MS)
    process.exit(code)
  }
}
