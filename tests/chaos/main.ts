/**
 * `npm run chaos -- SUITE [--workers N] [--faults N] [--sagas N] [--minutes M] [--seed S] [--json]`: runs a chaos suite on
 * a throw-away PostgreSQL of its own and prints what it found. Exit code 1 when anything was lost, doubled or violated.
 */
import { parseArgs } from 'node:util'
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
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
})

type Cluster = Awaited<ReturnType<typeof startCluster>>
const SUITES = {
  kill: { faults: 50, sagas: 1_000, run: (options: ChaosOptions) => killSuite(options) },
  pause: { faults: 20, sagas: 500, run: (options: ChaosOptions) => pauseSuite(options) },
  'postgres-restart': {
    faults: 10,
    sagas: 1_000,
    run: (options: ChaosOptions, { restart }: Cluster) =>
      postgresRestartSuite({ ...options, restart }),
  },
}

const suite = SUITES[(positionals[0] ?? 'kill') as keyof typeof SUITES]
if (!suite) {
  console.error(`There is no suite ${positionals[0]}; there are ${Object.keys(SUITES).join(', ')}.`)
  process.exit(2)
}
const cluster = await startCluster({ track_commit_timestamp: 'on', max_connections: '200' })
try {
  const report = await suite.run(
    {
      databaseUrl: cluster.url,
      dataFolder: cluster.folder,
      workers: Number(values.workers),
      sagas: Number(values.sagas ?? suite.sagas),
      faults: Number(values.faults ?? suite.faults),
      minutes: Number(values.minutes),
      seed: Number(values.seed),
      log: (line) => values.json || console.log(line),
    },
    cluster,
  )
  if (values.json) console.log(JSON.stringify({ ...report, seed: Number(values.seed) }))
  else {
    const { violations, statuses, ...line } = report
    console.table([line])
    console.log('ends:', statuses, 'seed:', values.seed)
    for (const violation of violations.slice(0, 50)) console.log('✗', violation)
  }
  process.exitCode = report.lost + report.duplicates + report.violations.length > 0 ? 1 : 0
} finally {
  await cluster.stop()
}
