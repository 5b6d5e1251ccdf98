/**
 * The database this folder works on: the server that DATABASE_URL names, or the embedded one under `.data/`, which
 * `npm start`, `npm run worker`, the CLI and Prisma's own command line share.
 *
 * 1. The embedded database's address, port and password included, is in `.data/database-url`, for its owner alone.
 * 2. Whoever opens it signs in under `.data/database-users`; the last one out stops the server. Users that were killed
 *    do not count, so a server they left behind is taken over and stopped by the next.
 * 3. Opening, closing and starting again hold a lock: two commands started together make one cluster.
 * 4. Every user watches it. A server that died (killed, out of memory) is started again on the same port by the first user
 *    who notices, with back-off while that fails; the others find it running.
 */
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connected } from './connect.mjs'
import { locked } from './lock.mjs'
import { runningOn, startPostgres, urlAt } from './postgres.mjs'
import { canListen, identity, isAlive } from './processes.mjs'
import { LaunchError } from './progress.mjs'
import { databaseRestarts, noteRestarts } from './restarts.mjs'

const PORT_DEFAULT = 56432
/** Tried one after another when another program listens on the default port. */
const PORTS_TRIED = 50
/** A server that does not answer the simplest question by then is as good as away. */
const CHECK_MS = 10_000
const LOCK = 'database-lock'
/** How often a user looks whether the server lives; and the wait after a failed start, doubled from first to last. */
const WATCH_MS = 500
const BACK_OFF_MS = { first: 1_000, last: 30_000 }
/** A server that dies again sooner than this is waited for as if its start had failed. */
const STABLE_MS = 60_000
/** PostgreSQL 14 is the oldest that its makers still serve. */
const VERSION_MIN = 14

/** Where this folder keeps what is not source: `.data`, or what SAGAWRIGHT_DATA says. */
export function dataFolder() {
  return path.resolve(import.meta.dirname, '../..', process.env.SAGAWRIGHT_DATA ?? '.data')
}

/**
 * The address of the database, without starting it. Null while there is none yet.
 * @returns {string | null}
 */
export function databaseUrl(data = dataFolder()) {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL
  const file = path.join(data, 'database-url')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}

/**
 * Makes the database answer, creating what is missing, and keeps an embedded one alive; `say` hears of its deaths and
 * returns. `close` stops it if this process was its last user.
 * @param {string} data
 * @param {(what: string) => void} say
 * @returns {Promise<{ url: string, what: string, close: () => Promise<void> }>}
 */
export async function openDatabase(data = dataFolder(), say = console.error) {
  const given = process.env.DATABASE_URL
  return given ? openGiven(given) : openEmbedded(data, say)
}

async function openGiven(url) {
  const to = address(url)
  try {
    await check(url)
  } catch (error) {
    if (error.code !== '3D000') throw explained(error, to)
    await create(url).catch((cause) => {
      throw new LaunchError(
        `The database ${to.name} does not exist on ${to.host}, and creating it failed: ${cause.message}`,
        {
          next: `Create it (CREATE DATABASE "${to.name}"), or let DATABASE_URL name one that exists.`,
          cause,
        },
      )
    })
    await check(url)
  }
  return { url, what: `${to.name} on ${to.host} (DATABASE_URL)`, close: async () => {} }
}

async function check(url) {
  const { rows } = await connected(url, (db) => db.query('SHOW server_version_num'), {
    queryMs: CHECK_MS,
  })
  const version = Math.floor(rows[0].server_version_num / 10_000)
  if (version < VERSION_MIN)
    throw new LaunchError(`PostgreSQL ${version} is too old.`, {
      next: `Let DATABASE_URL name a server of version ${VERSION_MIN} or newer, or unset it to use the embedded one.`,
    })
}

async function create(url) {
  const maintenance = new URL(url)
  maintenance.pathname = '/postgres'
  await connected(maintenance.href, (db) =>
    db.query(`CREATE DATABASE ${db.escapeIdentifier(address(url).name)}`),
  )
}

function address(url) {
  try {
    const { hostname, port, pathname } = new URL(url)
    return { host: `${hostname}:${port || 5432}`, name: decodeURIComponent(pathname.slice(1)) }
  } catch (cause) {
    throw new LaunchError('DATABASE_URL is not an address.', {
      next: 'Write it as postgresql://user:password@host:5432/database, or unset it to use the embedded PostgreSQL.',
      cause,
    })
  }
}

function explained(error, to) {
  if (error instanceof LaunchError) return error
  const why = error.message || error.code || String(error)
  return new LaunchError(`No database at ${to.host} (DATABASE_URL): ${why}`, {
    next: 'Check that the server runs and that address, user and password are right, or unset DATABASE_URL to use the embedded PostgreSQL.',
    cause: error,
  })
}

async function openEmbedded(data, say) {
  const users = path.join(data, 'database-users')
  const me = path.join(users, identity(process.pid) ?? '')
  mkdirSync(users, { recursive: true })

  const { url, port, stop } = await locked(data, LOCK, async () => {
    const started = await startEmbedded(data)
    writeFileSync(me, '')
    return started
  })
  const watch = keepAlive({ data, url, port, say })
  const close = async () => {
    await watch.end()
    await locked(data, LOCK, async () => {
      rmSync(me, { force: true })
      if (others(users).length === 0) await stop()
    })
  }
  return {
    url,
    what: `PostgreSQL in ${path.relative(process.cwd(), data) || '.'}/pg, port ${port}`,
    close,
  }
}

/** Looks after a server until `end`, which resolves when no start is under way any more. */
function keepAlive({ data, url, port, say }) {
  const dir = path.join(data, 'pg')
  const password = new URL(url).password
  const ended = new AbortController()
  let startedAt = performance.now()
  let waitMs = 0

  const revive = async () => {
    const before = databaseRestarts(data) ?? { count: 0, lastAt: null }
    const since = Date.now()
    say('The embedded PostgreSQL has gone. It is started again.')
    if (performance.now() - startedAt > STABLE_MS) waitMs = 0
    for (let tries = 1; !ended.signal.aborted; tries++) {
      await delay(waitMs, undefined, { signal: ended.signal })
      waitMs = waitMs === 0 ? BACK_OFF_MS.first : Math.min(waitMs * 2, BACK_OFF_MS.last)
      try {
        const byMe = await locked(data, LOCK, async () => {
          if (runningOn(dir)) return false
          noteRestarts(data, { ...before, since, tries, why: null })
          await startPostgres({ dir, port, password })
          noteRestarts(data, {
            count: before.count + 1,
            lastAt: Date.now(),
            since: null,
            tries: 0,
            why: null,
          })
          return true
        })
        startedAt = performance.now()
        say(
          byMe
            ? `The embedded PostgreSQL runs again, ${((Date.now() - since) / 1000).toFixed(1)} s after it was missed.`
            : 'The embedded PostgreSQL runs again: another process started it.',
        )
        return
      } catch (error) {
        noteRestarts(data, { ...before, since, tries, why: error.message.slice(0, 500) })
        say(
          `The embedded PostgreSQL could not be started (try ${tries}; the next in ${waitMs / 1000} s): ${error.message}`,
        )
      }
    }
  }
  const watch = async () => {
    for (;;) {
      await delay(WATCH_MS, undefined, { signal: ended.signal, ref: false })
      if (!runningOn(dir)) await revive()
    }
  }
  const done = watch().catch((error) => {
    if (!ended.signal.aborted) say(`Nobody watches the embedded PostgreSQL any more: ${error}`)
  })
  return {
    end() {
      ended.abort()
      return done
    },
  }
}

async function startEmbedded(data) {
  const dir = path.join(data, 'pg')
  const known = readUrl(data)
  const password = known?.password ?? randomBytes(18).toString('base64url')
  const port = runningOn(dir)?.port ?? (await choosePort(known?.port))
  const url = urlAt(port, undefined, password)
  // written first: a cluster whose password nobody knows would be of no use
  writeOwn(path.join(data, 'database-url'), `${url}\n`)
  try {
    return { url, port, stop: await startPostgres({ dir, port, password }) }
  } catch (cause) {
    const lost = cause.code === '28P01'
    throw new LaunchError(lost ? 'The embedded PostgreSQL refused its password.' : cause.message, {
      next: lost
        ? `${data}/database-url does not belong to ${dir}. Restore that file, or delete ${data} to begin anew (its data are lost).`
        : `If the log speaks of a damaged or incompatible folder: move ${dir} away to begin anew. Else set DATABASE_URL to a PostgreSQL of yours.`,
      cause,
    })
  }
}

async function choosePort(remembered) {
  const fixed = process.env.SAGAWRIGHT_PGPORT
  if (fixed) {
    const free = await canListen(Number(fixed))
    if (free === true) return Number(fixed)
    throw new LaunchError(`Port ${fixed} for the embedded PostgreSQL is taken (${free}).`, {
      next: 'Stop the program that listens there, or give another port in SAGAWRIGHT_PGPORT (unset: the next free one is found).',
    })
  }
  const first = remembered ?? PORT_DEFAULT
  for (let port = first; port < first + PORTS_TRIED; port++)
    if ((await canListen(port)) === true) return port
  throw new LaunchError(`No free port for the embedded PostgreSQL from ${first} on.`, {
    next: 'Give a free one in SAGAWRIGHT_PGPORT.',
  })
}

function readUrl(data) {
  const file = path.join(data, 'database-url')
  if (!existsSync(file)) return null
  const { port, password } = new URL(readFileSync(file, 'utf8').trim())
  return { port: Number(port), password }
}

function others(users) {
  return readdirSync(users).filter((id) => {
    if (isAlive(id)) return true
    rmSync(path.join(users, id), { force: true })
    return false
  })
}

/** Writes a file that only its owner may read, whole or not at all. */
function writeOwn(file, text) {
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, text, { mode: 0o600 })
  renameSync(fresh, file)
}
