/**
 * `npm start` and `npm run dev`: everything from nothing to a page, in one process that stops all of it again.
 *
 * 1. A step that fails says what failed, why and what to do; the exit code is 1 and nothing is left running.
 * 2. Ctrl-C, SIGTERM, SIGHUP and the end of the npm above stop web server, demo services and database, in this order.
 * 3. Killed with -9, it leaves children that stop by themselves and a database that the next start takes over.
 *
 * Environment: PORT, HOST, DATABASE_URL, NEXTAUTH_URL, NEXTAUTH_SECRET, SAGAWRIGHT_DATA, SAGAWRIGHT_PGPORT (README).
 */
import { existsSync, utimesSync, watch } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from './build.mjs'
import { dataFolder, openDatabase } from './database.mjs'
import { claimInstance } from './instance.mjs'
import { deploy } from './migrate.mjs'
import { canListen, startChild, whenNpmGone } from './processes.mjs'
import { bold, dim, LaunchError, report, step } from './progress.mjs'
import { secret } from './secret.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const dev = process.argv.includes('--dev')
const host = process.env.HOST ?? '127.0.0.1'
const data = dataFolder()
const PORT_DEFAULT = 3000
const DEMO_PORT_DEFAULT = 3900
const PORTS_TRIED = 20
/** A stop that takes longer is given up. */
const STOP_MS = 60_000
/** How long the server may take to answer; the development server compiles its first page meanwhile. */
const HEALTHY_MS = dev ? 180_000 : 60_000

/** How to stop what has been started; undone from the end. */
const undo = []
let stopping = false
let ready = false

process.chdir(root)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0))
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {}) // the terminal has gone
whenNpmGone(() => stop(0))
const flow = start()
flow.catch((error) => {
  if (stopping) return
  report(error, ready ? 'Sagawright stopped.' : 'Sagawright did not start.')
  stop(1)
})

async function start() {
  console.log(`\n${bold('Sagawright')}${dev ? ' for development' : ''}\n`)
  const instance = await claimInstance(data)
  undo.push(() => instance.release())

  const port = await choosePort({
    given: process.env.PORT,
    first: PORT_DEFAULT,
    host,
    name: 'PORT',
  })
  const demoPort = await choosePort({
    given: process.env.DEMO_PORT,
    first: DEMO_PORT_DEFAULT,
    host: '127.0.0.1',
    name: 'DEMO_PORT',
    not: port,
  })
  const origin = process.env.NEXTAUTH_URL ?? `http://${reachableHost()}:${port}`
  const demoUrl = `http://127.0.0.1:${demoPort}`

  const database = await step('Database', async (say) => {
    if (!existsSync(path.join(data, 'pg')) && !process.env.DATABASE_URL)
      say('making a PostgreSQL cluster')
    const opened = await openDatabase(data, (what) => console.error(`${dim('database |')} ${what}`))
    undo.push(opened.close)
    return { say: opened.what, value: opened }
  })
  await step('Migrations', async () => {
    const applied = await deploy(database.url)
    return { say: applied.length ? `applied ${applied.join(', ')}` : 'up to date' }
  })

  if (!dev)
    await step('Build', async (say) => {
      const built = await build(root, say, (child) => follow(instance, child))
      return { say: built ? 'built' : 'up to date' }
    })

  const env = {
    DATABASE_URL: database.url,
    HOST: host,
    NEXT_TELEMETRY_DISABLED: '1',
    NEXTAUTH_URL: origin,
    NEXTAUTH_SECRET: secret(data),
    SAGAWRIGHT_DATA: data,
    SAGAWRIGHT_DEMO_URL: demoUrl,
  }
  /** Runs a program of ours as a child that is stopped with everything else. */
  const run = (name, args, more = {}) => {
    const onLine = (line) => ready && console.log(`${dim(`${name} |`)} ${line}`)
    const child = startChild({ name, args, env: { ...env, ...more }, onLine, cwd: root })
    follow(instance, child)
    return child
  }

  await step('Demo services', async () => {
    const demo = run('demo', ['--import', 'tsx', 'server/demo/main.ts'], {
      HOST: '127.0.0.1',
      PORT: String(demoPort),
    })
    await healthy(demo, `${demoUrl}/health`)
    demo.exited.then(
      (how) =>
        stopping ||
        console.error(
          `\nThe demo services stopped (${how}). Start again to have them back.\n${demo.tail()}`,
        ),
    )
    return { say: demoUrl }
  })
  const links = await step('Seed', async () => {
    const child = run('seed', ['--import', 'tsx', 'server/launch/seed.ts'])
    await finished(child)
    const { links } = JSON.parse(child.tail().split('\n').at(-1) ?? '')
    return { say: 'people, participants, sagas', value: links }
  })
  const web = await step('Server', async (say) => {
    if (dev) say('next dev')
    const next = path.join(root, 'node_modules/next/dist/bin/next')
    const child = run('web', [next, dev ? 'dev' : 'start', '-p', `${port}`, '-H', host])
    await healthy(child, `http://${reachableHost()}:${port}/api/health`)
    return { say: 'healthy', value: child }
  })
  ready = true
  instance.serves(origin)
  if (dev) restartOnChange()

  console.log(`\n  Open ${bold(origin)}, or sign in at once (each link works one time):\n`)
  for (const { role, url } of links) console.log(`    ${role.toLowerCase().padEnd(9)} ${url}`)
  console.log(`\n  The demo services have switches that make them fail: ${demoUrl}`)
  console.log(`  ${dim('Ctrl-C stops everything.')}\n`)

  const how = await web.exited
  if (!stopping)
    throw new LaunchError(`The server stopped by itself (${how}).`, {
      details: web.tail(),
      next: 'Its last lines above say why. Then start again: running sagas go on where they were.',
    })
}

/** Stops everything that was started, newest first, and ends the process. */
async function stop(code) {
  if (stopping) return
  stopping = true
  const started = performance.now()
  if (code === 0) console.log('\nStopping …')
  setTimeout(() => process.exit(1), STOP_MS).unref()
  await undoAll()
  await flow.catch(() => {}) // a step that was under way may have started one thing more
  await undoAll()
  if (code === 0) console.log(`Stopped in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
  process.exit(code)
}

async function undoAll() {
  for (let last = undo.pop(); last; last = undo.pop())
    await Promise.resolve(last()).catch((error) => console.error(error))
}

function follow(instance, child) {
  if (stopping) child.stop(0)
  instance.adds(child.id)
  undo.push(() => child.stop())
}

/** `not` is taken already, although nobody listens there yet. */
async function choosePort({ given, first, host, name, not = 0 }) {
  if (given) {
    const free = await canListen(Number(given), host)
    if (free === true) return Number(given)
    throw new LaunchError(`Port ${given} on ${host} cannot be used (${free}).`, {
      next: `Stop the program that listens there, or give another port: ${name}=${Number(given) + 1} npm start.`,
    })
  }
  for (let port = first; port < first + PORTS_TRIED; port++) {
    if (port === not || (await canListen(port, host)) !== true) continue
    if (port !== first) console.log(`  Port ${first} is taken; using ${port}.`)
    return port
  }
  throw new LaunchError(`No free port from ${first} to ${first + PORTS_TRIED - 1} on ${host}.`, {
    next: `Give a free one: ${name}=8080 npm start.`,
  })
}

/** Resolves when the child answers with 200; rejects when it ends first or takes too long. */
async function healthy(child, url) {
  let ended = ''
  child.exited.then((how) => {
    ended = how
  })
  let last = 'no answer'
  for (const until = performance.now() + HEALTHY_MS; performance.now() < until && !ended; ) {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => null)
    if (response?.ok) return
    if (response) last = `${response.status} ${(await response.text()).slice(0, 300)}`
    await delay(100)
  }
  throw new LaunchError(
    ended
      ? `It ended while starting (${ended}).`
      : `It did not become healthy in ${HEALTHY_MS / 1000} s: ${url} says ${last}.`,
    {
      details: child.tail(),
      next: 'The lines above are its own. Mend what they name, then start again.',
    },
  )
}

async function finished(child) {
  const how = await child.exited
  if (how !== 'exit code 0')
    throw new LaunchError(`${child.name} failed (${how}).`, {
      details: child.tail(),
      next: 'The lines above are its own. Mend what they name, then start again.',
    })
}

/** `next dev` gives pages new code at once, but the runtime it holds keeps the old; touching its config restarts it. */
function restartOnChange() {
  let pending
  const restart = (_event, file) => {
    if (String(file).startsWith('launch')) return
    clearTimeout(pending)
    pending = setTimeout(() => utimesSync('next.config.mjs', new Date(), new Date()), 200)
  }
  for (const folder of ['runtime', 'server', 'prisma/generated'])
    watch(folder, { recursive: true }, restart)
}

function reachableHost() {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
}
