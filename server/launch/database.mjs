/**
 * The database this folder works on: the server that DATABASE_URL names, or the embedded one under `.data/`, which
 * `npm start`, `npm run worker`, the CLI and Prisma's own command line share.
 *
 * 1. The embedded database's address, port and password included, is in `.data/database-url`, for its owner alone.
 * 2. Whoever opens it signs in under `.data/database-users`; the last one out stops the server. Users that were killed
 *    do not count, so a server they left behind is taken over and stopped by the next.
 * 3. Opening and closing hold a lock: two commands started together make one cluster.
 */
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { runningOn, startPostgres, urlAt } from './postgres.mjs'
import { canListen, identity, isAlive } from './processes.mjs'
import { LaunchError } from './progress.mjs'

const PORT_DEFAULT = 56432
/** Tried one after another when another program listens on the default port. */
const PORTS_TRIED = 50
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
 * Makes the database answer, creating what is missing. `close` stops it if this process was its last user.
 * @returns {Promise<{ url: string, what: string, close: () => Promise<void> }>}
 */
export async function openDatabase(data = dataFolder()) {
  const given = process.env.DATABASE_URL
  return given ? openGiven(given) : openEmbedded(data)
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
  const db = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await db.connect()
    const { rows } = await db.query('SHOW server_version_num')
    const version = Math.floor(rows[0].server_version_num / 10_000)
    if (version < VERSION_MIN)
      throw new LaunchError(`PostgreSQL ${version} is too old.`, {
        next: `Let DATABASE_URL name a server of version ${VERSION_MIN} or newer, or unset it to use the embedded one.`,
      })
  } finally {
    await db.end().catch(() => {})
  }
}

async function create(url) {
  const maintenance = new URL(url)
  maintenance.pathname = '/postgres'
  const db = new pg.Client({ connectionString: maintenance.href })
  await db.connect()
  try {
    await db.query(`CREATE DATABASE ${db.escapeIdentifier(address(url).name)}`)
  } finally {
    await db.end()
  }
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

async function openEmbedded(data) {
  const users = path.join(data, 'database-users')
  const me = path.join(users, identity(process.pid) ?? '')
  mkdirSync(users, { recursive: true })

  const { url, port, stop } = await locked(data, async () => {
    const started = await startEmbedded(data)
    writeFileSync(me, '')
    return started
  })
  const close = () =>
    locked(data, async () => {
      rmSync(me, { force: true })
      if (others(users).length === 0) await stop()
    })
  return {
    url,
    what: `PostgreSQL in ${path.relative(process.cwd(), data) || '.'}/pg, port ${port}`,
    close,
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

/** Runs alone among the processes of this data folder; a lock whose holder was killed is void. */
async function locked(data, run) {
  const file = path.join(data, 'database-lock')
  const mine = `${file}.${process.pid}`
  writeFileSync(mine, identity(process.pid) ?? '')
  while (!taken(mine, file)) {
    if (existsSync(file) && !isAlive(readFileSync(file, 'utf8'))) rmSync(file, { force: true })
    await delay(50)
  }
  rmSync(mine)
  try {
    return await run()
  } finally {
    rmSync(file, { force: true })
  }
}

/** A link appears with its content, or not at all. */
function taken(mine, file) {
  try {
    linkSync(mine, file)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

/** Writes a file that only its owner may read, whole or not at all. */
function writeOwn(file, text) {
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, text, { mode: 0o600 })
  renameSync(fresh, file)
}
