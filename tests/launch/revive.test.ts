/**
 * The embedded PostgreSQL that dies: real SIGKILLs of a real postmaster, and of backends that outlive it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openDatabase } from '../../server/launch/database.mjs'
import { destroyPostgres, runningOn } from '../../server/launch/postgres.mjs'
import { databaseRestarts } from '../../server/launch/restarts.mjs'
import { freePort } from '../support/free-port'

const WAIT = { timeout: 30_000, interval: 50 }

let data: string
let dir: string
let said: string[]
const children: ChildProcess[] = []

beforeEach(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'revive-'))
  dir = path.join(data, 'pg')
  said = []
  vi.stubEnv('SAGAWRIGHT_PGPORT', String(await freePort()))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await destroyPostgres(dir)
  rmSync(data, { recursive: true, force: true })
})

const open = () => openDatabase(data, (what) => said.push(what))
const postmaster = () => runningOn(dir)?.pid ?? 0

async function connect(url: string) {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

const answers = async (url: string) => {
  const client = await connect(url)
  await client.query('SELECT 1')
  await client.end()
}

/** Every process of this folder's server: they work in it. */
const processes = () =>
  readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dir) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres')
      )
    } catch {
      return false
    }
  })

it('comes back by itself at the same address after its postmaster was killed, time after time', async () => {
  const database = await open()
  for (const n of [1, 2]) {
    const killed = postmaster()
    process.kill(killed, 'SIGKILL')
    await vi.waitFor(() => expect(postmaster()).not.toBe(killed), WAIT)
    await vi.waitFor(() => answers(database.url), WAIT)
    await vi.waitFor(
      () => expect(databaseRestarts(data)).toMatchObject({ count: n, since: null, why: null }),
      WAIT,
    )
  }
  expect(said.filter((line) => line.includes('has gone'))).toHaveLength(2)
  expect(said.at(-1)).toMatch(/runs again, \d+\.\d s after/)
  await database.close()
  expect(runningOn(dir)).toBeNull()
  expect(processes()).toEqual([])
}, 90_000)

it('starts no second server while a backend of the killed one lives', async () => {
  const database = await open()
  const client = await connect(database.url)
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  const stuck = Number(rows[0].pid)
  process.kill(stuck, 'SIGSTOP') // neither sees that its postmaster has gone, nor hears a signal
  const killed = postmaster()
  process.kill(killed, 'SIGKILL')
  let overlap = 0
  await vi.waitFor(() => {
    if (processes().includes(String(stuck)) && postmaster() !== 0) overlap++
    expect(postmaster()).not.toBe(0)
  }, WAIT)
  expect(overlap).toBe(0)
  expect(processes()).not.toContain(String(stuck))
  await vi.waitFor(() => answers(database.url), WAIT)
  await database.close()
}, 90_000)

it('is started again once, though several processes watch it', async () => {
  const database = await open()
  const url = new URL('../../server/launch/database.mjs', import.meta.url).href
  for (let n = 0; n < 2; n++) {
    const code = `const { openDatabase } = await import('${url}')
      await openDatabase('${data}')
      console.log('open')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code])
    children.push(child)
    await new Promise((resolve) => child.stdout?.once('data', resolve))
  }
  process.kill(postmaster(), 'SIGKILL')
  await vi.waitFor(() => expect(databaseRestarts(data)?.since).toBeNull(), WAIT)
  await vi.waitFor(() => answers(database.url), WAIT)
  expect(databaseRestarts(data)?.count).toBe(1)
  expect(readFileSync(path.join(dir, 'server.log'), 'utf8')).not.toContain('already exists')
  await database.close()
}, 90_000)

it('says that it cannot be started, and goes on trying until it can', async () => {
  const database = await open()
  const port = Number(new URL(database.url).port)
  process.kill(postmaster(), 'SIGKILL')
  // somebody else is quicker at the port
  const taker = spawn(process.execPath, [
    '-e',
    `const take = () => require('node:net').createServer().on('error', () => setTimeout(take, 1)).listen(${port}, '127.0.0.1')
     take()`,
  ])
  children.push(taker)
  await vi.waitFor(
    () => expect(said.join('\n')).toMatch(/could not be started \(try \d+; the next in \d+ s\)/),
    WAIT,
  )
  expect(databaseRestarts(data)).toMatchObject({
    since: expect.any(Number),
    why: expect.stringContaining(`port ${port}`),
  })
  taker.kill('SIGKILL')
  await vi.waitFor(() => answers(database.url), WAIT)
  await vi.waitFor(() => expect(databaseRestarts(data)?.since).toBeNull(), WAIT)
  await database.close()
}, 90_000)

it('is not taken for dead when its last user stops it', async () => {
  const database = await open()
  await database.close()
  expect(said).toEqual([])
  expect(databaseRestarts(data)).toBeNull()
  expect(execFileSync('ls', [data], { encoding: 'utf8' })).not.toContain('database-lock')
})
