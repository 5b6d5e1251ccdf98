/**
 * `npm run sim -- [--seeds N] [--seed S] [--trace] [--json]`: simulates N seeds from S on (default 2,000 from 1) and prints
 * what was found. `--seed` alone runs that one. Exit code 1 when an invariant did not hold.
 */
import { parseArgs } from 'node:util'
import { simulate } from './simulate'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed ?? 1)
const seeds = Number(values.seeds ?? (values.seed === undefined ? 2_000 : 1))
const before = process.cpuUsage()
const began = performance.now()
const sum = { sagas: 0, entries: 0, simulatedSeconds: 0, faults: 0, violations: 0 }
let firstFailingSeed: number | null = null
const ends: Record<string, number> = {}
const codes: Record<string, number> = {}
for (let seed = first; seed < first + seeds; seed++) {
  const run = await simulate(seed, { traced: values.trace })
  for (const line of run.trace ?? []) console.log(line)
  sum.sagas += run.sagas
  sum.entries += run.entries
  sum.simulatedSeconds += run.simulatedSeconds
  sum.faults += run.faults
  sum.violations += run.violations.length
  for (const [status, n] of Object.entries(run.ends)) ends[status] = (ends[status] ?? 0) + n
  if (run.violations.length > 0) {
    firstFailingSeed ??= seed
    for (const { code, text } of run.violations) {
      codes[code] = (codes[code] ?? 0) + 1
      if (!values.json) console.log(`✗ seed ${seed} ${code} ${text}`)
    }
  }
}
const { user, system } = process.cpuUsage(before)
const line = {
  seeds,
  ...sum,
  simulatedSeconds: Math.round(sum.simulatedSeconds),
  firstFailingSeed,
  cpuSeconds: Math.round((user + system) / 1e4) / 100,
  seconds: Math.round((performance.now() - began) / 10) / 100,
}
if (values.json) console.log(JSON.stringify({ suite: 'sim', ...line, ends, codes }))
else {
  console.table([line])
  console.log('ends:', ends)
  if (sum.violations > 0) {
    console.log('violations:', codes)
    console.log(`one of them again: npm run sim -- --seed ${firstFailingSeed} --trace`)
  }
}
process.exitCode = sum.violations > 0 ? 1 : 0
