/**
 * A worker on a real PostgreSQL that goes away in every way we could bring about: connections cut before and after a commit,
 * packets swallowed, connections exhausted, the disk full, the server failing over to its standby, a pooler in between. Each
 * time nothing may be lost or doubled, and health says what is the matter while it lasts.
 *
 * Some need to be root on Linux; where that is not so, the test says that it did not run.
 */
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterEach, describe, expect, it, type TestContext, vi } from 'vitest'
import { SHARDS } from '@/runtime/journal/store'
import type { Runtime } from '@/runtime/runtime'
import { destroyPostgres, startPostgres, stopPostgres, urlAt } from '@/server/launch/postgres.mjs'
import { systemHealth } from '@/server/product/health'
import { startCluster } from '@/tests/support/cluster'
import { databaseWorker, Effects } from '@/tests/support/database-worker'
import { freePort } from '@/tests/support/free-port'
import { type Fate, startTcpProxy, type TcpProxy } from '@/tests/support/tcp-proxy'

const run = promisify(execFile)
const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const SLOW = { timeout: 120_000 }
const WAIT = { timeout: 60_000, interval: 50 }

/** In reverse order, also when a test fails. */
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})
const later = (clean: () => unknown) => void cleanups.push(clean)

function skipLoudly(context: TestContext, why: string): never {
  console.warn(`NOT RUN: ${context.task.name}: ${why}`)
  context.skip(why)
}

async function server(settings: Record<string, string> = {}) {
  const cluster = await startCluster(settings)
  later(() => cluster.stop())
  return cluster
}

function worker(url: string, effects: Effects, more: Parameters<typeof databaseWorker>[2] = {}) {
  const made = databaseWorker(url, effects, more)
  later(() => made.end())
  return made
}

async function client(url: string): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: url })
  made.on('error', () => {})
  await made.connect()
  later(() => made.end().catch(() => {}))
  return made
}

/** Until it has been stored; starting an id again is harmless. */
async function insist(runtime: Runtime, id: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++)
    try {
      await runtime.startSaga({ definition: 'test', input: null, id })
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  throw new Error(`${id} could not be started`)
}

const named = (count: number, prefix = 's') =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`)

/** All of them ran to their end, each message journaled once, each effect there once. */
async function expectWhole(url: string, effects: Effects, ids: readonly string[]): Promise<void> {
  const db = await client(url)
  await vi.waitFor(async () => {
    const { rows } = await db.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM saga_execution WHERE status = 'COMPLETED' AND saga_id = ANY ($1)",
      [ids],
    )
    expect(rows[0]?.n).toBe(ids.length)
  }, WAIT)
  const { rows } = await db.query<{ id: string; types: string }>(
    "SELECT entity_id AS id, string_agg(type, ' ' ORDER BY seq) AS types FROM journal WHERE entity_id = ANY ($1) GROUP BY 1",
    [ids],
  )
  expect(new Set(rows.map((row) => row.types))).toEqual(new Set(['start result result result']))
  for (const id of ids)
    for (const step of ['a', 'b', 'c']) expect(effects.done.has(`${id}:${step}`)).toBe(true)
}

/** The next commit has this fate; after it nothing gets through until it is mended. */
function breakAtCommit(proxy: TcpProxy, fate: Fate) {
  let isBroken = false
  proxy.fate((message) => {
    if (isBroken) return 'lose-request'
    if (!message.includes('commit_entities')) return 'pass'
    isBroken = true
    return fate
  })
  return { isBroken: () => isBroken, mend: () => proxy.fate(() => 'pass') }
}

describe('a worker survives', () => {
  it(
    'a restart of the server, in order and after a crash, and keeps its shards',
    SLOW,
    async () => {
      const { url, restart } = await server({ fsync: 'on' })
      const effects = new Effects()
      const { runtime, prisma, logs } = worker(url, effects)
      await runtime.start()
      const { workerId } = runtime.health()
      const host = { db: prisma, runtime, closing: new AbortController().signal, starting: null }
      const all: string[] = []
      for (const mode of ['fast', 'immediate'] as const) {
        const ids = named(60, mode)
        all.push(...ids)
        const started = Promise.all(ids.map((id) => insist(runtime, id)))
        const restarted = restart(mode, 500)
        await vi.waitFor(async () => {
          const health = await systemHealth(host, { inDetail: false })
          expect(health.status).toBe('down')
          expect(health.database.ok).toBe(false)
          expect(health.runtime.status).toBe('degraded')
          expect(health.runtime.reason).toMatch(
            /the database (cannot be reached|is starting or stopping)|connection to the database was lost/,
          )
        }, WAIT)
        await restarted
        await started
        await expectWhole(url, effects, all)
        await vi.waitFor(async () => {
          const health = await systemHealth(host, { inDetail: false })
          expect(health).toMatchObject({
            status: 'ok',
            runtime: { status: 'active', reason: null },
          })
        }, WAIT)
      }
      expect(runtime.health()).toMatchObject({ workerId, shards: SHARDS })
      expect(logs.filter((line) => line.startsWith('This worker lost its lease'))).toEqual([])
    },
  )

  it.each([
    ['before a commit reaches the server: it is sent again', 'lose-request', 0],
    ['after a commit was carried out: it is read back, not made twice', 'lose-answer', 1],
  ] as const)('a connection that is lost %s', SLOW, async (_what, fate, stored) => {
    const { url } = await server()
    const proxy = await startTcpProxy(url)
    later(() => proxy.end())
    const effects = new Effects()
    const { runtime, logs } = worker(proxy.url, effects)
    await runtime.start()
    // The statement is prepared by now, so that all of a commit is one message.
    await runtime.run({ definition: 'test', input: null, id: 'zero' })
    const { isBroken, mend } = breakAtCommit(proxy, fate)
    const started = insist(runtime, 'one')
    const failed = () => logs.filter((line) => line.startsWith('A commit did not succeed'))
    await vi.waitFor(() => expect(failed()).toHaveLength(1), WAIT)
    expect(isBroken()).toBe(true)
    expect(failed()[0]).toContain('read back before trying again')
    // The worker does not know which; nothing of it has been acted on in either case.
    const db = await client(url)
    const { rowCount } = await db.query("SELECT FROM journal WHERE entity_id = 'one'")
    expect(rowCount).toBe(stored)
    expect(effects.calls).toBe(3)
    await vi.waitFor(
      () =>
        expect(runtime.health()).toMatchObject({
          status: 'degraded',
          reason: expect.stringContaining('the connection to the database was lost'),
        }),
      WAIT,
    )
    mend()
    await started
    await expectWhole(url, effects, ['zero', 'one'])
    expect(effects.calls).toBe(6)
    await vi.waitFor(
      () => expect(runtime.health()).toMatchObject({ status: 'active', reason: null }),
      WAIT,
    )
  })

  it('connections that are cut before and after what was sent is carried out', SLOW, async () => {
    const { url } = await server()
    const proxy = await startTcpProxy(url)
    later(() => proxy.end())
    const effects = new Effects()
    const { runtime, logs } = worker(proxy.url, effects)
    await runtime.start()
    let sent = 0
    let lost = 0
    proxy.fate(() => {
      // Every so many messages, as irregularly as a hash of their number.
      if (Math.imul(++sent, 0x9e3779b1) >>> 0 > 2 ** 32 * 0.12) return 'pass'
      lost++
      return lost % 2 === 0 ? 'lose-request' : 'lose-answer'
    })
    const ids = named(200)
    for (let n = 0; n < ids.length; n += 5)
      await Promise.all(ids.slice(n, n + 5).map((id) => insist(runtime, id)))
    await expectWhole(url, effects, ids)
    proxy.fate(() => 'pass')
    expect(lost).toBeGreaterThan(15)
    expect(
      logs.filter((line) => line.startsWith('A commit did not succeed')).length,
    ).toBeGreaterThan(3)
    await vi.waitFor(
      () => expect(runtime.health()).toMatchObject({ status: 'active', reason: null }),
      WAIT,
    )
  })

  it(
    'a network that swallows everything without a word for longer than the lease',
    SLOW,
    async () => {
      const { url } = await server()
      const proxy = await startTcpProxy(url)
      later(() => proxy.end())
      const effects = new Effects()
      const { runtime } = worker(proxy.url, effects)
      await runtime.start()
      const ids = named(40)
      const started = Promise.all(ids.map((id) => insist(runtime, id)))
      proxy.swallowNew()
      proxy.swallow()
      await vi.waitFor(() => {
        expect(runtime.health().status).toBe('degraded')
        expect(runtime.health().reason).toContain('could not be renewed')
      }, WAIT)
      proxy.open()
      await started
      await expectWhole(url, effects, ids)
      await vi.waitFor(
        () => expect(runtime.health()).toMatchObject({ status: 'active', reason: null }),
        WAIT,
      )
    },
  )

  it(
    'a single connection that goes silent under a commit, with the others well',
    SLOW,
    async () => {
      const { url } = await server()
      const proxy = await startTcpProxy(url)
      later(() => proxy.end())
      const effects = new Effects()
      const { runtime } = worker(proxy.url, effects)
      await runtime.start()
      await insist(runtime, 'first')
      proxy.swallow()
      const ids = named(20)
      await Promise.all(ids.map((id) => insist(runtime, id)))
      await expectWhole(url, effects, ['first', ...ids])
    },
  )

  it('a server without a free connection', SLOW, async () => {
    const { url } = await server({ max_connections: '20' })
    const effects = new Effects()
    const { runtime } = worker(url, effects)
    await runtime.start()
    // As another user, for superusers may use the reserved ones.
    const boss = await client(url)
    await boss.query("CREATE ROLE worker LOGIN PASSWORD 'worker'")
    await boss.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO worker')
    await boss.query('GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO worker')
    const asWorker = new URL(url)
    asWorker.username = 'worker'
    asWorker.password = 'worker'
    await runtime.stop()
    const other = worker(asWorker.href, effects)
    await other.runtime.start()
    const hogs: pg.Client[] = []
    await boss.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'",
    )
    for (;;) {
      const hog = new pg.Client({ connectionString: url })
      hog.on('error', () => {})
      const isIn = await hog.connect().then(
        () => true,
        () => false,
      )
      if (!isIn) break
      hogs.push(hog)
    }
    await boss.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'",
    )
    await vi.waitFor(
      () => expect(other.runtime.health()).toMatchObject({ status: 'degraded' }),
      WAIT,
    )
    await vi.waitFor(
      () => expect(other.runtime.health().reason).toMatch(/the database has no connection left/),
      WAIT,
    )
    await Promise.all(hogs.map((hog) => hog.end()))
    const ids = named(20)
    await Promise.all(ids.map((id) => insist(other.runtime, id)))
    await expectWhole(url, effects, ids)
    await vi.waitFor(
      () => expect(other.runtime.health()).toMatchObject({ status: 'active', reason: null }),
      WAIT,
    )
  })

  it('its own pool being busy', SLOW, async () => {
    const { url } = await server()
    const effects = new Effects()
    const { runtime, prisma } = worker(url, effects, {
      prisma: { poolMax: 1, connectTimeoutMs: 300 },
    })
    await runtime.start()
    let free = () => {}
    const busy = prisma.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1`
        await new Promise<void>((resolve) => {
          free = resolve
        })
      },
      { timeout: 60_000 },
    )
    await vi.waitFor(
      () =>
        expect(runtime.health()).toMatchObject({
          status: 'degraded',
          reason: 'no connection to the database is free',
        }),
      WAIT,
    )
    free()
    await busy
    const ids = named(20)
    await Promise.all(ids.map((id) => insist(runtime, id)))
    await expectWhole(url, effects, ids)
    // The lease has a connection of its own: it never was in doubt.
    expect(runtime.health()).toMatchObject({ status: 'active', reason: null })
  })

  it('a disk without space, and goes on when there is some', SLOW, async (context) => {
    if (!isRoot) skipLoudly(context, 'it needs root to make a small disk')
    const disk = mkdtempSync(path.join('/var/tmp', 'small-disk-'))
    later(() => rmSync(disk, { recursive: true, force: true }))
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk]).status !== 0)
      skipLoudly(context, 'mounting a tmpfs is not allowed here')
    later(() => spawnSync('umount', ['-l', disk]))
    const { url, folder } = await server()
    const { uid, gid } = statSync(path.join(folder, 'data'))
    const space = path.join(disk, 'space')
    mkdirSync(space, { mode: 0o700 })
    chownSync(space, uid, gid)
    chmodSync(disk, 0o755)
    const db = await client(url)
    await db.query(`CREATE TABLESPACE small LOCATION '${space}'`)
    for (const table of ['journal', 'mailbox', 'entity'])
      await db.query(`ALTER TABLE ${table} SET TABLESPACE small`)
    const effects = new Effects()
    const { runtime } = worker(url, effects)
    await runtime.start()
    await insist(runtime, 'before')
    const filler = path.join(disk, 'filler')
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'])
    const ids = named(3_000)
    const started = runtime.startMany(
      ids.slice(0, 1_000).map((id) => ({ definition: 'test', input: 'x'.repeat(5_000), id })),
    )
    started.catch(() => {})
    await vi.waitFor(
      () =>
        expect(runtime.health()).toMatchObject({
          status: 'degraded',
          reason: 'the database has no disk space left',
        }),
      WAIT,
    )
    rmSync(filler)
    await expectWhole(url, effects, ['before', ...ids.slice(0, 1_000)])
    await vi.waitFor(
      () => expect(runtime.health()).toMatchObject({ status: 'active', reason: null }),
      WAIT,
    )
  })

  it(
    'a failover to a synchronous standby: what was acknowledged is there, and goes on',
    SLOW,
    async () => {
      const primary = await server({ fsync: 'on', wal_level: 'replica', max_wal_senders: '5' })
      const standby = await standbyOf(primary)
      const proxy = await startTcpProxy(primary.url)
      later(() => proxy.end())
      const effects = new Effects()
      const workers = [worker(proxy.url, effects), worker(proxy.url, effects)]
      for (const one of workers) await one.runtime.start()
      const first = workers[0]?.runtime as Runtime
      const ids = named(200)
      const started = (async () => {
        for (let n = 0; n < ids.length; n += 5)
          await Promise.all(ids.slice(n, n + 5).map((id) => insist(first, id)))
      })()
      await new Promise((resolve) => setTimeout(resolve, 300))
      await stopPostgres(path.join(primary.folder, 'data'), 'immediate')
      proxy.lead(standby.port)
      // Still a standby: it can be read, and refuses to write.
      await vi.waitFor(() => {
        expect(first.health().status).toBe('degraded')
        expect(first.health().reason).toContain('the database is a standby, or read-only')
      }, WAIT)
      const db = await client(standby.url)
      await db.query('SELECT pg_promote()')
      await started
      await expectWhole(standby.url, effects, ids)
      for (const one of workers)
        await vi.waitFor(
          () => expect(one.runtime.health()).toMatchObject({ status: 'active', reason: null }),
          WAIT,
        )
    },
  )

  it('PgBouncer in transaction mode between the workers and the server', SLOW, async (context) => {
    const bouncer = await installPgBouncer(context)
    const { url, folder } = await server()
    const { port } = await startPgBouncer(bouncer, url, folder)
    const pooled = new URL(url)
    pooled.port = String(port)
    pooled.searchParams.set('pgbouncer', 'true')
    const effects = new Effects()
    const workers = ['p1', 'p2', 'p3'].map((workerId) =>
      worker(pooled.href, effects, { workerId, leaseMs: 1_500 }),
    )
    for (const one of workers) await one.runtime.start()
    const runtimes = workers.map((one) => one.runtime) as [Runtime, Runtime, Runtime]
    await vi.waitFor(() => {
      for (const runtime of runtimes) expect(runtime.health().shards).toBeGreaterThan(5)
    }, WAIT)
    const ids = named(150)
    for (let n = 0; n < ids.length; n += 15) {
      await Promise.all(ids.slice(n, n + 15).map((id, i) => insist(runtimes[i % 2] as Runtime, id)))
      // One leaves in the middle: its shards pass on through the pooler too.
      if (n === 75) await workers[2]?.end()
    }
    await expectWhole(url, effects, ids)
  })

  it('a restart of PgBouncer under its workers', SLOW, async (context) => {
    const bouncer = await installPgBouncer(context)
    const { url, folder } = await server()
    const running = await startPgBouncer(bouncer, url, folder)
    const pooled = new URL(url)
    pooled.port = String(running.port)
    pooled.searchParams.set('pgbouncer', 'true')
    const effects = new Effects()
    const { runtime } = worker(pooled.href, effects)
    await runtime.start()
    const ids = named(60)
    const started = Promise.all(ids.map((id) => insist(runtime, id)))
    await running.end()
    await vi.waitFor(
      () =>
        expect(runtime.health()).toMatchObject({
          status: 'degraded',
          reason: expect.stringMatching(/the database cannot be reached/),
        }),
      WAIT,
    )
    await startPgBouncer(bouncer, url, folder, running.port)
    await started
    await expectWhole(url, effects, ids)
    await vi.waitFor(
      () => expect(runtime.health()).toMatchObject({ status: 'active', reason: null }),
      WAIT,
    )
  })
})

/** A copy of the primary that follows it synchronously, made with the server's own means: pg_basebackup is not in npm. */
async function standbyOf(primary: { url: string; folder: string }) {
  const db = await client(primary.url)
  const from = path.join(primary.folder, 'data')
  const base = mkdtempSync(path.join(tmpdir(), 'pgtest-'))
  chmodSync(base, 0o711)
  const dir = path.join(base, 'data')
  later(async () => {
    await destroyPostgres(dir)
    rmSync(base, { recursive: true, force: true })
  })
  await db.query("SELECT pg_create_physical_replication_slot('standby', true)")
  await db.query("SELECT pg_backup_start('standby', fast => true)")
  const { uid, gid } = statSync(from)
  const leftOut = ['postmaster.pid', 'postmaster.opts', 'server.log']
  cpSync(from, dir, {
    recursive: true,
    filter: (file) => !leftOut.includes(path.basename(file)) && !/pg_wal\/[0-9A-F]{24}$/.test(file),
  })
  const { rows } = await db.query<{ labelfile: string }>(
    'SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)',
  )
  writeFileSync(path.join(dir, 'backup_label'), rows[0]?.labelfile ?? '')
  writeFileSync(path.join(dir, 'standby.signal'), '')
  const source = new URL(primary.url)
  const conninfo = `host=127.0.0.1 port=${source.port} user=${source.username} password=${source.password} application_name=standby`
  writeFileSync(
    path.join(dir, 'postgresql.auto.conf'),
    `primary_conninfo = '${conninfo}'\nprimary_slot_name = 'standby'\n`,
  )
  if (isRoot) execFileSync('chown', ['-R', `${uid}:${gid}`, dir])
  chmodSync(dir, 0o700)
  const port = await freePort()
  await startPostgres({ dir, port, settings: { max_wal_senders: '5' } })
  await db.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
  await db.query('SELECT pg_reload_conf()')
  await vi.waitFor(async () => {
    const { rows } = await db.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")
    expect(rows).toHaveLength(1)
  }, WAIT)
  return { port, url: urlAt(port) }
}

async function installPgBouncer(context: TestContext): Promise<string> {
  const find = () =>
    spawnSync('sh', ['-c', 'command -v pgbouncer || ls /usr/sbin/pgbouncer']).stdout
  const found = find().toString().trim().split('\n')[0]
  if (found) return found
  if (!isRoot) skipLoudly(context, 'pgbouncer is not installed, and only root could install it')
  // Only the program is wanted, not a service that starts by itself.
  const script =
    'printf "#!/bin/sh\\nexit 101\\n" > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d; ' +
    '(apt-get install -y --no-install-recommends pgbouncer || (apt-get update && apt-get install -y --no-install-recommends pgbouncer)); ' +
    'rc=$?; rm -f /usr/sbin/policy-rc.d; exit $rc'
  await run('sh', ['-c', script], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 100_000,
  }).catch(() => {})
  const installed = find().toString().trim().split('\n')[0]
  return installed || skipLoudly(context, 'pgbouncer could not be installed')
}

/** Four server connections for everybody, handed out per transaction. */
async function startPgBouncer(program: string, url: string, folder: string, at?: number) {
  const port = at ?? (await freePort())
  const { port: upstream, pathname, username, password } = new URL(url)
  const database = pathname.slice(1)
  const ini = path.join(folder, 'pgbouncer.ini')
  const users = path.join(folder, 'users.txt')
  const log = path.join(folder, 'pgbouncer.log')
  writeFileSync(users, `"${username}" "${password}"\n`)
  writeFileSync(
    ini,
    `[databases]
${database} = host=127.0.0.1 port=${upstream} dbname=${database} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
logfile = ${log}
`,
  )
  writeFileSync(log, '')
  const options: { uid?: number; gid?: number } = {}
  if (isRoot) {
    const { uid, gid } = statSync(path.join(folder, 'data'))
    for (const file of [ini, users, log]) chownSync(file, uid, gid)
    Object.assign(options, { uid, gid })
  }
  const child = spawn(program, [ini], { ...options, stdio: 'ignore' })
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  later(end)
  const probe = new URL(url)
  probe.port = String(port)
  await vi.waitFor(async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(log, 'utf8').slice(-1_000))
    const db = new pg.Client({ connectionString: probe.href })
    await db.connect()
    await db.end()
  }, WAIT)
  return { port, end }
}
