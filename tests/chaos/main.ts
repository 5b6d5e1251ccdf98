/**
 * `npm run chaos -- kill [--faults N] [--sagas N] [--seed S] [--json]`: runs a chaos suite on a throw-away PostgreSQL of
 * its own and prints what it found. Exit code 1 when anything was lost, doubled or violated.
 */
import { parseArgs } from 'node:util'
import { startCluster } from '../support/cluster'
import { killSuite } from './kill'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    faults: { type: 'string', default: '50' },
    sagas: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
})
const suite = positionals[0] ?? 'kill'
if (suite !== 'kill') {
  console.error(`There is no suite ${suite}; there is kill.`)
  process.exit(2)
}
const cluster = await startCluster()
try {
  const report = await killSuite({
    databaseUrl: cluster.url,
    dataFolder: cluster.folder,
    faults: Number(values.faults),
    sagas: Number(values.sagas),
    seed: Number(values.seed),
    log: (line) => values.json || console.log(line),
  })
  if (values.json) console.log(JSON.stringify(report))
  else {
    const { violations, statuses, ...line } = report
    console.table([line])
    console.log('ends:', statuses, 'seed:', values.seed)
    for (const violation of violations) console.log('✗', violation)
  }
  process.exitCode = report.lost + report.duplicates + report.violations.length > 0 ? 1 : 0
} finally {
  await cluster.stop()
}
