import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest'
import { databaseUrl, openDatabase } from '../../server/launch/database.mjs'
import { destroyPostgres, runningOn } from '../../server/launch/postgres.mjs'
import { freePort } from '../support/free-port'

let data: string
let pg: string
const children: ChildProcess[] = []

beforeEach(async () => {
  data = mkdtempSync(path.join(tmpdir(), 'launch-'))
  pg = path.join(data, 'pg')
  vi.stubEnv('SAGAWRIGHT_PGPORT', String(await freePort()))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await destroyPostgres(pg)
  rmSync(data, { recursive: true, force: true })
})

/** Another process that opens the database of this folder and keeps it. */
function opener(): Promise<ChildProcess> {
  const url = new URL('../../server/launch/database.mjs', import.meta.url).href
  const code = `const { openDatabase } = await import('${url}')
    await openDatabase('${data}')
    console.log('open')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve(child))
    child.once('exit', (code) => reject(new Error(`the opener ended with ${code}`)))
  })
}
const killed = (child: ChildProcess) =>
  new Promise((resolve) => {
    child.removeAllListeners('exit').once('exit', resolve)
    child.kill('SIGKILL')
  })

it('stops the embedded server when its last user closes it, not before', async () => {
  const [mine, other] = await Promise.all([openDatabase(data), opener()])
  await mine.close()
  expect(runningOn(pg)).not.toBeNull()

  const again = await openDatabase(data)
  await killed(other)
  await again.close()
  expect(runningOn(pg)).toBeNull()
})

it('takes over the server that a killed process left running', async () => {
  await killed(await opener())
  const left = runningOn(pg)
  expect(left).not.toBeNull()
  const mine = await openDatabase(data)
  expect(runningOn(pg)).toEqual(left)
  await mine.close()
  expect(runningOn(pg)).toBeNull()
})

it('keeps its address, with a password nobody can guess, from everybody else', async () => {
  expect(databaseUrl(data)).toBeNull()
  const first = await openDatabase(data)
  await first.close()
  const second = await openDatabase(data)
  await second.close()
  expect(second.url).toBe(first.url)
  expect(databaseUrl(data)).toBe(first.url)
  expect(new URL(first.url).password.length).toBeGreaterThanOrEqual(24)
  expect(statSync(path.join(data, 'database-url')).mode & 0o077).toBe(0)
})

it('creates the database that DATABASE_URL names, and starts no server of its own', async () => {
  const url = new URL(inject('databaseUrl'))
  url.pathname = `/made_${crypto.randomUUID().replaceAll('-', '')}`
  vi.stubEnv('DATABASE_URL', url.href)
  const opened = await openDatabase(data)
  expect(opened.url).toBe(url.href)
  await opened.close()
  expect(existsSync(pg)).toBe(false)
})

it('says which server does not answer, and what to do', async () => {
  vi.stubEnv('DATABASE_URL', `postgresql://a:b@127.0.0.1:${await freePort()}/c`)
  await expect(openDatabase(data)).rejects.toMatchObject({
    message: expect.stringMatching(/127\.0\.0\.1:\d+.*ECONNREFUSED/),
    next: expect.stringContaining('unset DATABASE_URL'),
  })
  vi.stubEnv('DATABASE_URL', 'where?')
  await expect(openDatabase(data)).rejects.toMatchObject({
    next: expect.stringContaining('postgresql://user:password@host:5432/database'),
  })
})
