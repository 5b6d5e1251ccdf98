/**
 * `npm run worker`: the runtime without the web part, on the database of this folder or DATABASE_URL. Any number may run;
 * they share the sagas and take over from one that is gone.
 *
 * WORKER_PORT opens a health address for supervisors: 200 while it runs, with status and reason (a worker that waits for
 * its database is `degraded` and mends itself), 503 while it starts or stops. A worker whose database is away when it
 * starts waits for it, and says so there and in its log. `callbackAddress` is what participants are told: NEXTAUTH_URL, or
 * what the web part wrote into the database.
 */
import { createServer } from 'node:http'
import { readEnv } from '@/server/env'
import { createLogger } from '@/server/log'
import { type OpenHost, openHost } from '@/server/open-host'
import { patiently, startHost } from '@/server/start-host'
import { mayComeBack } from './connect.mjs'
import { type Instance, openInstance } from './environment'
import { whenNpmGone } from './processes.mjs'
import { report } from './progress.mjs'

/** A stop that takes longer is given up; what it left undone is recovered by the next start. */
const STOP_MS = 30_000

main().catch((error: unknown) => {
  report(error, 'The worker did not start.')
  process.exit(1)
})

async function main(): Promise<void> {
  const log = createLogger({ json: process.env.NODE_ENV === 'production' })
  const since = Date.now()
  const ending = new AbortController()
  let reason: string | null = null
  let instance: Instance | null = null
  let opened: OpenHost | null = null

  const health = createServer((_request, response) => {
    const now = opened?.host.runtime.health()
    const starting = !now || opened?.host.starting ? { since, reason: waitsFor() } : null
    const well = !starting && now?.status !== 'starting' && now?.status !== 'stopped'
    response.writeHead(well ? 200 : 503, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        status: 'starting',
        ...now,
        callbackAddress: opened?.callbackAddress() ?? null,
        ...(starting ? { starting } : {}),
      }),
    )
  })
  const waitsFor = () => opened?.host.starting?.reason ?? reason

  const stop = async (code: number) => {
    if (ending.signal.aborted) return
    ending.abort()
    log.info('Stopping')
    setTimeout(() => process.exit(1), STOP_MS).unref()
    await opened?.stop().catch((error: unknown) => log.error('Stopping failed', { error }))
    await instance?.close().catch((error: unknown) => log.error('Stopping failed', { error }))
    health.close()
    process.exit(code)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => void stop(0))
  whenNpmGone(() => void stop(0))

  try {
    if (process.env.WORKER_PORT) await listen(health, Number(process.env.WORKER_PORT))
    instance = await patiently(() => openInstance((what) => log.warn(what)), {
      signal: ending.signal,
      why: (error) => (mayComeBack(error) ? (error as Error).message : null),
      onWait(why, retryMs) {
        reason = 'the database cannot be reached'
        log.warn('Waiting for the database; trying again', { reason: why, retryMs })
      },
    })
    opened = openHost(readEnv(instance.env), {
      log,
      address: process.env.NEXTAUTH_URL ? 'own' : 'learned',
    })
    await startHost(opened)
  } catch (error) {
    if (ending.signal.aborted) return
    report(error, 'The worker did not start.')
    await stop(1)
    return
  }
  if (opened.callbackAddress() === null)
    log.warn(
      'Nobody has said where the web part is: a call that is answered 202 fails until the web part starts once, or NEXTAUTH_URL is set here',
    )
  const { workerId, status, shards } = opened.host.runtime.health()
  log.info('The worker is up', { workerId, status, shards, database: instance.what })
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, process.env.HOST ?? '127.0.0.1', resolve)
  })
}
