/**
 * Makes a fresh clone runnable: node_modules and the generated Prisma client. Runs before `npm start`, `npm test` and
 * the like, so it has no dependencies; when nothing has changed it only compares hashes (30 ms).
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')
const NODE_MIN = [20, 19]

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1]))
  fail(`Node ${process.versions.node} is too old.`, `Install Node ${NODE_MIN.join('.')} or newer.`)

once(
  'node_modules/.setup',
  ['node_modules/next/package.json'],
  ['package.json', 'package-lock.json'],
  () => {
    // `npm ci` refuses a lock file that lacks another platform's optional packages; `npm install` completes it
    if (npm('ci') || npm('install', '--no-save')) return
    fail(
      'The packages could not be installed.',
      'npm says why above; most often the registry was not reachable. Try again.',
    )
  },
)

once(
  'node_modules/.setup-prisma',
  ['prisma/generated/client.ts'],
  ['prisma/schema.prisma', 'package-lock.json'],
  () => {
    if (node('node_modules/prisma/build/index.js', 'generate')) return
    fail('The Prisma client could not be generated.', 'Mend prisma/schema.prisma as said above.')
  },
)

/** Does `make` again only when an output is gone or an input has changed since it last succeeded. */
function once(stamp, outputs, inputs, make) {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}`)
  for (const input of inputs) hash.update(`\0${read(input)}`)
  const digest = hash.digest('hex')
  if (read(stamp) === digest && outputs.every((file) => existsSync(path.join(root, file)))) return
  make()
  writeFileSync(path.join(root, stamp), digest)
}

function npm(...args) {
  console.log(`[setup] npm ${args.join(' ')}`)
  const flags = ['--no-audit', '--no-fund', '--loglevel=error']
  const cli = process.env.npm_execpath // set by npm itself
  if (cli?.endsWith('.js')) return node(cli, ...args, ...flags)
  return (
    spawnSync('npm', [...args, ...flags], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    }).status === 0
  )
}

function node(...args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0
}

function read(file) {
  const at = path.join(root, file)
  return existsSync(at) ? readFileSync(at, 'utf8') : ''
}

function fail(what, next) {
  console.error(`\n[setup] ${what}\n[setup] What to do: ${next}\n`)
  process.exit(1)
}
