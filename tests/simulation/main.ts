/**
 * `npm run sim -- [--seeds N] [--from S] [--seed S] [--trace] [--bug NAME] [--world NAME] [--json]`: simulates N seeds from S
 * on (default 2,000 from 1), or the one seed alone, and prints what was found. Exit code 1 when an invariant did not hold.
 *
 * `--trace` prints everything that happened; `--bug` plants a bug (planted-bugs.ts), in the world where it shows, and stops at
 * the first seed that finds it; `--world` simulates that bug's world without the bug, where nothing may be found.
 */
import { parseArgs } from 'node:util'
import { PLANTED_BUGS } from './planted-bugs'
import { plant } from './planted-source'
import { type Run, simulate } from './simulate'
import { Tally } from './tally'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    bug: { type: 'string' },
    world: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const from = whole('seed') ?? whole('from') ?? 1
const seeds = whole('seeds') ?? (values.seed === undefined ? 2_000 : 1)
const name = values.bug ?? values.world
const bug = PLANTED_BUGS.find((one) => one.name === name)
if (name !== undefined && !bug) {
  console.error(
    `There is no bug “${name}”; there are: ${PLANTED_BUGS.map((one) => one.name).join(', ')}`,
  )
  process.exit(2)
}

const planted = bug && values.bug !== undefined ? await plant(bug) : null
const options = planted?.options ?? { swarm: bug?.swarm ?? {} }
const tally = new Tally()
for (let seed = from; seed < from + seeds; seed++) {
  const run = await simulate(seed, { ...options, traced: values.trace })
  tally.add(run)
  for (const line of run.trace ?? []) console.log(line)
  if (!values.json) report(run)
  if (planted && run.violations.length > 0) break
}
planted?.remove()

if (values.json)
  console.log(
    JSON.stringify({ suite: 'sim', ...tally.line, ...tally.more, cpuSeconds: tally.cpuSeconds }),
  )
else {
  console.table([tally.line])
  console.log({ ...tally.more, cpuSeconds: tally.cpuSeconds })
  if (tally.line.firstFailingSeed !== null)
    console.log(
      `one of them again: npm run sim --${where()} --seed ${tally.line.firstFailingSeed} --trace`,
    )
}
process.exitCode = tally.line.violations > 0 ? 1 : 0

/** The options that choose what was simulated, quoted for a shell. */
function where(): string {
  if (name === undefined) return ''
  return ` --${planted ? 'bug' : 'world'} ${JSON.stringify(name)}`
}

function report({ seed, violations }: Run): void {
  for (const { code, text } of violations) console.log(`✗ seed ${seed} ${code} ${text}`)
}

function whole(option: 'seeds' | 'from' | 'seed'): number | undefined {
  const text = values[option]
  if (text === undefined) return undefined
  if (/^[0-9]{1,15}$/.test(text)) return Number(text)
  console.error(`--${option} takes a whole number, not “${text}”`)
  process.exit(2)
}
