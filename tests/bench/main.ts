/**
 * `npm run bench -- SUITE [--json] [--runs N] [--only dbos,restate,…]`: measures a suite on a PostgreSQL of its own, with fsync
 * and synchronous_commit on, and prints one line per figure: ours and a peer's, medians of runs that took turns. Everything
 * measured is also checked: each step executed exactly once, everything completed in the database. Exit code 1 when not.
 */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Contestant, openArena } from './arena'
import { type Line, print } from './line'
import * as history from './suites/history'
import * as parked from './suites/parked'
import * as rollback from './suites/rollback'
import * as sagas from './suites/sagas'
import * as stepLatency from './suites/step-latency'

export interface SuiteOptions {
  runs: number
  /** Peers that take part. */
  only: readonly Contestant[]
  /** Parked sagas. */
  sagas: number
}

interface Suite {
  /** Unless --runs says otherwise. */
  runs: number
  contestants: readonly Contestant[]
  run(arena: Awaited<ReturnType<typeof openArena>>, options: SuiteOptions): Promise<Line[]>
}

const SUITES: Record<string, Suite> = {
  sagas,
  'step-latency': stepLatency,
  history,
  rollback,
  parked,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
    sagas: { type: 'string', default: '100000' },
  },
})
const suite = SUITES[positionals[0] ?? '']
if (!suite) {
  console.error(
    `Usage: npm run bench -- SUITE [--json] [--runs N] [--only PEER,…] [--sagas N]\nSuites: ${Object.keys(SUITES).join(', ')}`,
  )
  process.exit(2)
}
const only = values.only
  ? suite.contestants.filter((one) => values.only?.split(',').includes(one))
  : suite.contestants
const folder = path.resolve(import.meta.dirname, '../../.data/bench')
const opening = openArena(folder, ['sagawright', ...only])
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted = true
    void opening.then((arena) => arena.stop()).finally(() => process.exit(130))
  })
try {
  const arena = await opening
  try {
    const options = { runs: Number(values.runs ?? suite.runs), only, sagas: Number(values.sagas) }
    print(await suite.run(arena, options), values.json)
  } finally {
    await arena.stop()
  }
} catch (error) {
  if (!interrupted) console.error(error)
  process.exitCode = 1
}
