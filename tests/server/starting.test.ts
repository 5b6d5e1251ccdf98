/**
 * Processes that start before their database answers, lose it, and stop: real ones, with a real PostgreSQL that starts late
 * or a network that swallows everything. They wait instead of ending, and every answer meanwhile is typed JSON.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest'
import { destroyPostgres, startPostgres, urlAt } from '../../server/launch/postgres.mjs'
import { createDatabase } from '../support/database'
import { freePort } from '../support/free-port'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'

const WAIT = { timeout: 25_000, interval: 50 }

let data: string
const children: ChildProcess[] = []
let proxy: TcpProxy | undefined

beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), 'starting-'))
  chmodSync(data, 0o711)
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await proxy?.end()
  proxy = undefined
  await destroyPostgres(path.join(data, 'pg'))
  rmSync(data, { recursive: true, force: true })
})

/** A process of ours; `said` is what it wrote, `ended` how it ended. */
function run(file: string, env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NEXTAUTH_SECRET: 'a secret of at least thirty-two characters',
      NEXTAUTH_URL: 'http://127.0.0.1:3400',
      SAGAWRIGHT_DATA: data,
      PROBE_SECONDS: '0',
      ...env,
    },
  })
  children.push(child)
  const one = { child, said: '', ended: null as string | null }
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => {
      one.said += text
    })
  child.once('close', (code, signal) => {
    one.ended = signal ?? String(code)
  })
  return one
}

const web = (url: string, port: number) =>
  run('tests/support/web-process.ts', { DATABASE_URL: url, PORT: String(port) })

/** The answer, which must be JSON: an empty or half body fails here. */
async function ask(address: string, init?: RequestInit) {
  const response = await fetch(address, init)
  const body = JSON.parse(await response.text())
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body }
}

const bearer = { authorization: `Bearer sgw_1a2b3c4d_${'A'.repeat(43)}` }

/** Every kind of request meets the same: 503, UNAVAILABLE, Retry-After. */
async function expectUnavailable(origin: string) {
  const one = await ask(`${origin}/api/trpc/sagas.counts`, { headers: bearer })
  expect(one).toMatchObject({
    status: 503,
    retryAfter: expect.stringMatching(/^\d+$/),
    body: { error: { json: { data: { sagaCode: 'UNAVAILABLE', httpStatus: 503 } } } },
  })
  const batch = await ask(`${origin}/api/trpc/sagas.counts,users.me?batch=1&input={}`, {
    headers: bearer,
  })
  expect(batch).toMatchObject({
    status: 503,
    retryAfter: expect.stringMatching(/^\d+$/),
    body: [
      { error: { json: { data: { sagaCode: 'UNAVAILABLE' } } } },
      { error: { json: { data: { sagaCode: 'UNAVAILABLE' } } } },
    ],
  })
  const stream = await fetch(`${origin}/api/trpc/sagas.feed`, {
    headers: { ...bearer, accept: 'text/event-stream' },
  })
  expect(await stream.text()).toContain('"sagaCode":"UNAVAILABLE"')
}

it('a web process waits for a database that starts late, and answers meanwhile', async () => {
  const [port, databasePort] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${port}`
  const url = urlAt(databasePort)
  const one = web(url, port)
  await vi.waitFor(() => expect(one.said).toContain('listening'), WAIT)
  await vi.waitFor(
    async () =>
      expect(await ask(`${origin}/api/health`)).toMatchObject({
        status: 503,
        body: {
          status: 'starting',
          starting: { since: expect.any(Number), reason: 'the database cannot be reached' },
        },
      }),
    WAIT,
  )
  await expectUnavailable(origin)

  await startPostgres({
    dir: path.join(data, 'pg'),
    port: databasePort,
    settings: { fsync: 'off' },
  })
  const { deploy } = await import('../../server/launch/migrate.mjs')
  await deploy(url)
  await vi.waitFor(
    async () =>
      expect(await ask(`${origin}/api/health`)).toMatchObject({
        status: 200,
        body: { status: 'ok', starting: null },
      }),
    WAIT,
  )
  expect(await ask(`${origin}/api/trpc/users.me`)).toMatchObject({ status: 200 })
  expect(one.ended).toBeNull()
}, 60_000)

it('a web process behind a network that swallows everything waits until it passes', async () => {
  const database = await createDatabase(inject('databaseUrl'))
  proxy = await startTcpProxy(database.url)
  proxy.swallowNew()
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const one = web(proxy.url, port)
  await vi.waitFor(() => expect(one.said).toContain('Waiting for the database'), WAIT)
  expect(await ask(`${origin}/api/health`)).toMatchObject({
    status: 503,
    body: { status: 'starting' },
  })
  await expectUnavailable(origin)
  proxy.open()
  await vi.waitFor(async () => expect((await ask(`${origin}/api/health`)).status).toBe(200), WAIT)

  // a callback and a call that meet a database that has gone
  proxy.close()
  await expectUnavailable(origin)
  expect(await ask(`${origin}/api/callback/v1.x.y`, { method: 'POST', body: '{}' })).toMatchObject({
    body: { code: expect.any(String), message: expect.any(String) },
  })
}, 60_000)

it('a web process that stops answers in JSON until its last socket is gone', async () => {
  const database = await createDatabase(inject('databaseUrl'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const one = web(database.url, port)
  await vi.waitFor(() => expect(one.said).toContain('The runtime is up'), WAIT)
  one.child.kill('SIGTERM')
  const statuses = new Set<number>()
  while (one.ended === null) {
    // refused or reset is no answer; an answer must be whole
    const answer = await fetch(`${origin}/api/trpc/users.me`).catch(() => null)
    if (!answer) continue
    const text = await answer.text().catch(() => null)
    if (text === null) continue
    expect(JSON.parse(text)).toBeDefined()
    statuses.add(answer.status)
  }
  expect(one.ended).toBe('0')
  expect([...statuses].filter((status) => status !== 200)).toEqual([503])
}, 60_000)

it('a worker waits for a database that is away or silent, and says so at its health address', async () => {
  const database = await createDatabase(inject('databaseUrl'))
  proxy = await startTcpProxy(database.url)
  proxy.close()
  const port = await freePort()
  const health = `http://127.0.0.1:${port}/`
  const one = run('server/launch/worker.ts', { DATABASE_URL: proxy.url, WORKER_PORT: String(port) })
  await vi.waitFor(() => expect(one.said).toContain('Waiting for the database'), WAIT)
  expect(await ask(health)).toMatchObject({
    status: 503,
    body: { status: 'starting', starting: { reason: 'the database cannot be reached' } },
  })
  proxy.open()
  await vi.waitFor(async () => expect((await ask(health)).status).toBe(200), WAIT)
  expect(one.ended).toBeNull()
}, 60_000)

it('a worker whose database address cannot be right still ends, and says why', async () => {
  const one = run('server/launch/worker.ts', { DATABASE_URL: 'where?' })
  await vi.waitFor(() => expect(one.ended).toBe('1'), WAIT)
  expect(one.said).toContain('DATABASE_URL is not an address')
})

it('a worker learns from the database where the web part is, says when nobody knows, and follows it', async () => {
  const database = await createDatabase(inject('databaseUrl'))
  const port = await freePort()
  const worker = run('server/launch/worker.ts', {
    DATABASE_URL: database.url,
    NEXTAUTH_URL: '',
    WORKER_PORT: String(port),
  })
  const address = async () => (await ask(`http://127.0.0.1:${port}/`)).body.callbackAddress
  await vi.waitFor(() => expect(worker.said).toContain('The worker is up'), WAIT)
  expect(worker.said).toContain('Nobody has said where the web part is')
  expect(await address()).toBeNull()

  for (const _ of ['there', 'moved']) {
    const webPort = await freePort()
    const one = run('tests/support/web-process.ts', {
      DATABASE_URL: database.url,
      NEXTAUTH_URL: '',
      PORT: String(webPort),
    })
    await vi.waitFor(async () => expect(await address()).toBe(`http://127.0.0.1:${webPort}`), WAIT)
    one.child.kill('SIGTERM')
  }
}, 90_000)

it('a worker that is told the address of the web part uses that', async () => {
  const database = await createDatabase(inject('databaseUrl'))
  const port = await freePort()
  run('server/launch/worker.ts', {
    DATABASE_URL: database.url,
    NEXTAUTH_URL: 'https://sagas.example.com',
    WORKER_PORT: String(port),
  })
  await vi.waitFor(
    async () =>
      expect((await ask(`http://127.0.0.1:${port}/`)).body).toMatchObject({
        callbackAddress: 'https://sagas.example.com',
      }),
    WAIT,
  )
}, 60_000)
