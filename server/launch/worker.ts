/**
 * `npm run worker`: the runtime without the web part, on the database of this folder or DATABASE_URL. Any number may run;
 * they share the sagas and take over from one that is gone.
 *
 * WORKER_PORT opens a health address for supervisors: 200 while it runs, with status and reason (a worker that waits for
 * its database is `degraded` and mends itself), 503 while it starts or stops.
 */
import { createServer } from 'node:http'
import { readEnv } from '@/server/env'
import { createLogger } from '@/server/log'
import { openHost } from '@/server/open-host'
import { openInstance } from './environment'
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
  const instance = await openInstance()
  const opened = openHost(readEnv(instance.env), { log })
  const { runtime } = opened.host
  const health = createServer((_request, response) => {
    const now = runtime.health()
    const well = now.status !== 'starting' && now.status !== 'stopped'
    response.writeHead(well ? 200 : 503, { 'content-type': 'application/json' })
    response.end(JSON.stringify(now))
  })

  let stopping = false
  const stop = async (code: number) => {
    if (stopping) return
    stopping = true
    log.info('Stopping')
    setTimeout(() => process.exit(1), STOP_MS).unref()
    health.close()
    await opened.stop().catch((error: unknown) => log.error('Stopping failed', { error }))
    await instance.close().catch((error: unknown) => log.error('Stopping failed', { error }))
    process.exit(code)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => void stop(0))
  whenNpmGone(() => void stop(0))

  try {
    await opened.start()
    if (process.env.WORKER_PORT) await listen(health, Number(process.env.WORKER_PORT))
  } catch (error) {
    report(error, 'The worker did not start.')
    await stop(1)
  }
  const { workerId, status, shards } = runtime.health()
  log.info('The worker is up', { workerId, status, shards, database: instance.what })
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, process.env.HOST ?? '127.0.0.1', resolve)
  })
}
