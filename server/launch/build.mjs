/**
 * Builds the web part with `next build`, but only when what it is built from has changed.
 *
 * Changed means content, not modification times: a checkout that only touches files, or a clone with its `.next` copied
 * along, is not built again; a file put back with an old date is.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { startChild } from './processes.mjs'
import { LaunchError } from './progress.mjs'

/** Everything that ends up in the build. `prisma/generated` follows from the schema. */
const SOURCES = [
  'app',
  'components',
  'server',
  'runtime',
  'public',
  'prisma/schema.prisma',
  'instrumentation.ts',
  'proxy.ts',
  'next.config.mjs',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
]
const STAMP = '.next/sources.sha256'

/**
 * Builds when needed; true when it did. `say` hears what the build is doing.
 * @param {string} root
 * @param {(what: string) => void} say
 * @param {(child: ReturnType<typeof startChild>) => void} started so that the caller can stop it
 */
export async function build(root, say, started = () => {}) {
  const digest = sourceDigest(root)
  const stamp = path.join(root, STAMP)
  const built = existsSync(path.join(root, '.next/BUILD_ID'))
  if (built && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return false

  rmSync(stamp, { force: true }) // a build that is cut short must not look finished
  say('next build, about half a minute')
  let said = ''
  const child = startChild({
    name: 'next build',
    args: [path.join(root, 'node_modules/next/dist/bin/next'), 'build'],
    env: { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
    cwd: root,
    onLine: (line) => {
      // its stages, without their counters
      const stage = /^\W*((?:Compiled|Running|Collecting|Generating|Finalizing)[\w ]*\w)/.exec(
        line,
      )?.[1]
      if (stage && stage !== said) say(stage)
      said = stage ?? said
    },
  })
  started(child)
  const how = await child.exited
  if (how !== 'exit code 0')
    throw new LaunchError(`The production build failed (${how}).`, {
      details: child.tail(),
      next:
        how === 'SIGKILL'
          ? 'It was killed, perhaps for want of memory: it needs about 2 GB.'
          : 'Mend what is named above, or take your changes back (git stash), then start again.',
    })
  writeFileSync(stamp, digest)
  return true
}

/**
 * SHA-256 over the names and contents of all sources, in a fixed order.
 * @param {string} root
 */
export function sourceDigest(root) {
  const hash = createHash('sha256').update(process.version.split('.')[0])
  for (const source of SOURCES)
    for (const file of filesBelow(root, source)) {
      const content = readFileSync(path.join(root, file))
      hash.update(`\0${file}\0${content.length}\0`).update(content)
    }
  return hash.digest('hex')
}

function* filesBelow(root, name) {
  const stats = statSync(path.join(root, name), { throwIfNoEntry: false })
  if (!stats?.isDirectory()) {
    if (stats) yield name
    return
  }
  for (const entry of readdirSync(path.join(root, name)).sort())
    yield* filesBelow(root, `${name}/${entry}`)
}
