/**
 * `npm run chaos -- SUITE [--faults N] [--sagas N] [--minutes M] [--workers N] [--population N] [--wait S] [--seed S]
 * [--json]`: runs a chaos suite on a throw-away PostgreSQL of its own and prints what it found. It stops causing faults
 * after so many faults or minutes, whichever comes first.
 *
 * Exit code 1 when anything was lost, doubled or violated, or when no fault struck; 130 when it was interrupted, with
 * everything that it started ended.
 */
import { parseArgs } from 'node:util'
import { whenNpmGone } from '@/server/launch/processes.mjs'
import { startCluster } from '../support/cluster'
import { killSuite } from './kill'
import { pauseSuite } from './pause'
import { postgresRestartSuite } from './postgres-restart'
import type { ChaosOptions } from './stage'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: 'string', default: '3' },
    faults: { type: 'string' },
    sagas: { type: 'string' },
    minutes: { type: 'string' },
    population: { type: 'string' },
    wait: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
})

type Cluster = Awaited<ReturnType<typeof startCluster>>
/**
 * `population` sagas are alive at any time, as many as the services can serve on two cores while workers start: what takes
 * longer then is the workers' doing. `wait`: seconds that those of them wait at most which wait for a signal.
 */
const SUITES = {
  kill: {
    ...{ faults: 50, sagas: 2_000, population: 120, wait: 15 },
    run: (options: ChaosOptions) => killSuite(options),
  },
  pause: {
    ...{ faults: 20, sagas: 2_000, population: 120, wait: 15 },
    run: (options: ChaosOptions) => pauseSuite(options),
  },
  'postgres-restart': {
    // The first fault comes at nine tenths of the population: five thousand, then, or all but.
    ...{ faults: 20, sagas: 5_500, population: 5_550, wait: 2_000 },
    run: (options: ChaosOptions, { restart }: Cluster) =>
      // Most of the thousands wait: this machine could not have so many on their way at once, nor bring more of them there.
      postgresRestartSuite({ ...options, restart, signalled: 0.75, timed: 0.1, perSecond: 25 }),
  },
}

const suite = SUITES[(positionals[0] ?? 'kill') as keyof typeof SUITES]
if (!suite) {
  console.error(`There is no suite ${positionals[0]}; there are ${Object.keys(SUITES).join(', ')}.`)
  process.exit(2)
}

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(new Error(`Interrupted by ${signal}`)))
whenNpmGone(() => interrupted.abort(new Error('npm is gone')))

const cluster = await startCluster({ track_commit_timestamp: 'on', max_connections: '200' })
try {
  const report = await suite.run(
    {
      databaseUrl: cluster.url,
      dataFolder: cluster.folder,
      workers: Number(values.workers),
      sagas: Number(values.sagas ?? suite.sagas),
      faults: Number(values.faults ?? (values.minutes ? Number.POSITIVE_INFINITY : suite.faults)),
      minutes: Number(values.minutes ?? 60),
      population: Number(values.population ?? suite.population),
      waitMaxMs: Number(values.wait ?? suite.wait) * 1000,
      seed: Number(values.seed),
      signal: interrupted.signal,
      log: (line) => values.json || console.log(line),
    },
    cluster,
  )
  const { violations, statuses, slowest, ...line } = report
  if (values.json) console.log(JSON.stringify({ ...report, seed: Number(values.seed) }))
  else {
    console.table([line])
    console.log('ends:', statuses, 'seed:', values.seed)
    for (const words of slowest) console.log('  slow:', words)
    for (const violation of violations.slice(0, 50)) console.log('✗', violation)
  }
  const bad = report.lost + report.duplicates + violations.length
  process.exitCode = bad > 0 || report.recovered === 0 ? 1 : 0
} catch (error) {
  if (!interrupted.signal.aborted) throw error
  console.error(interrupted.signal.reason.message)
  process.exitCode = 130
} finally {
  await cluster.stop()
}
// A verdict that the load still waits for may take its time.
process.exit()
