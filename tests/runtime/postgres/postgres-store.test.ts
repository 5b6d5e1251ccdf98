/**
 * The PostgreSQL store: the port's conformance suite, then what only concurrent transactions can show. Goal: fencing and
 * late commits are proven by order, not by timing. Method: a second connection holds a transaction open exactly where a
 * process would be paused; we wait until the server itself reports who is blocked, then let go.
 *
 * The server is this file's own: the feed waits for every transaction of the whole server, other tests' included.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { planMoves } from '@/runtime/cluster/ownership'
import { type Lease, type MailCursor, SHARDS, type Store, shardOf } from '@/runtime/journal/store'
import { createPostgresStore } from '@/runtime/postgres/postgres-store'
import { createPrisma } from '@/runtime/postgres/prisma'
import { startCluster } from '@/tests/support/cluster'
import {
  commitOf,
  type Harness,
  sagaRow,
  start,
  storeConformance,
  TTL,
} from '../journal/conformance'
import { listRows } from './list-rows'

let cluster: Awaited<ReturnType<typeof startCluster>>
let prisma: ReturnType<typeof createPrisma>

beforeAll(async () => {
  cluster = await startCluster({ autovacuum: 'off' })
  prisma = createPrisma(cluster.url)
})
afterAll(async () => {
  await prisma.$disconnect()
  await cluster.stop()
})

async function empty(): Promise<void> {
  await prisma.$executeRaw`
    TRUNCATE worker, heartbeat, lease_history, entity, journal, mailbox, timer, saga_execution, gate, chairman_saga_decision, venture`
  await prisma.$executeRaw`UPDATE shard SET worker_id = NULL`
}

async function expire(workerId: string): Promise<void> {
  await prisma.$executeRaw`
    UPDATE heartbeat SET lease_expires_at = clock_timestamp() - interval '1 s' WHERE worker_id = ${workerId}`
}

async function harness(): Promise<Harness> {
  await empty()
  return {
    store: createPostgresStore(prisma, { restartGraceMs: 0 }),
    expire,
    ...listRows(prisma),
  }
}

storeConformance('the PostgreSQL store', harness)

describe('concurrent transactions', () => {
  let store: Store
  const mail = async (of: Lease) => (await store.pending(of, null, [], 10)).messages
  let lease: Lease
  /** A connection whose transaction we hold open by hand. */
  let other: pg.Client
  let backend: number
  let watcher: pg.Client

  beforeEach(async () => {
    await empty()
    store = createPostgresStore(prisma, { restartGraceMs: 0 })
    lease = await store.acquire('w1', TTL)
    other = new pg.Client({ connectionString: cluster.url })
    watcher = new pg.Client({ connectionString: cluster.url })
    await other.connect()
    await watcher.connect()
    const { rows } = await other.query('SELECT pg_backend_pid() AS pid')
    backend = rows[0].pid
  })
  afterEach(async () => {
    await other.end()
    await watcher.end()
  })

  /** Resolves with the backend that waits for `other`'s transaction, as soon as the server says there is one. */
  async function blocked(): Promise<number> {
    for (;;) {
      const { rows } = await watcher.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
        [backend],
      )
      if (rows[0]) return rows[0].pid
    }
  }

  /** Resolves when that backend has finished what it was doing. */
  async function idle(pid: number): Promise<void> {
    for (;;) {
      const { rows } = await watcher.query(
        "SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'",
        [pid],
      )
      if (!rows.length) return
    }
  }

  /** A commit of one entry and one message whose transaction stays open. */
  async function openCommit(entityId: string): Promise<void> {
    const given: Record<string, unknown> = {
      p_worker: lease.workerId,
      p_epoch: lease.epoch,
      p_ids: [entityId],
      p_from_seqs: [0],
      p_new_ids: [entityId],
      p_new_kinds: ['saga'],
      p_new_shards: [shardOf(entityId)],
      p_new_digests: ['d'],
      p_new_actives: [true],
      p_entry_ids: [entityId],
      p_entry_seqs: [1],
      p_entry_ats: [0],
      p_entry_types: ['start'],
      p_entry_messages: ['{}'],
      p_entry_facts: ['[]'],
      p_entry_hashes: ['h'],
      p_entry_currents: [null],
      p_post_ids: [`m-${entityId}`],
      p_post_entity_ids: [entityId],
      p_post_shards: [shardOf(entityId)],
      p_post_messages: ['{}'],
      p_post_traceparents: [null],
    }
    const { rows } = await other.query<{ names: string[] }>(
      "SELECT proargnames AS names FROM pg_proc WHERE proname = 'commit_entities'",
    )
    const names = rows[0]?.names ?? []
    await other.query('BEGIN')
    await other.query(
      `SELECT commit_entities(${names.map((name, n) => `${name} => $${n + 1}`).join()})`,
      names.map((name) => given[name] ?? null),
    )
  }

  it('a takeover waits for the commit in flight, and then sees all of it', async () => {
    await expire('w1')
    await openCommit('s1')
    const takeover = store.acquire('w2', TTL)
    await blocked()
    await other.query('COMMIT')
    const next = await takeover
    expect(next.shards).toHaveLength(SHARDS)
    expect(await store.load(['s1'])).toMatchObject([{ entityId: 's1', seq: 1 }])
    expect(await store.active(next, null, 10)).toEqual(['s1'])
    await expect(store.commit(lease, [commitOf('s1', 1, 1)])).rejects.toMatchObject({
      code: 'FENCED',
    })
  })

  it('a commit that meets a takeover under way is fenced when that succeeds', async () => {
    await expire('w1')
    await other.query('BEGIN')
    await other.query('SELECT lease_end_overdue($1)', ['w2'])
    const late = store.commit(lease, [commitOf('s1', 0, 1, { saga: sagaRow('s1') })])
    const outcome = expect(late).rejects.toMatchObject({ code: 'FENCED' })
    await blocked()
    await other.query('COMMIT')
    await outcome
    expect(await store.load(['s1'])).toEqual([])
    expect(await prisma.sagaExecution.count()).toBe(0)
  })

  it('a commit that meets a takeover under way goes through when that fails', async () => {
    await expire('w1')
    await other.query('BEGIN')
    await other.query('SELECT lease_end_overdue($1)', ['w2'])
    const late = store.commit(lease, [commitOf('s1', 0, 1)])
    await blocked()
    await other.query('ROLLBACK')
    await late
    expect(await store.read('s1', 0, 10)).toHaveLength(1)
  })

  it('a worker that read, was paused over a takeover, and then commits, writes nothing', async () => {
    await store.commit(lease, [commitOf('s1', 0, 1)])
    await store.post([{ id: 'm1', entityId: 's1', message: start() }])
    const [entity] = await store.load(['s1'])
    const [message] = await mail(lease)
    await expire('w1')
    const next = await store.acquire('w2', TTL)
    const paused = commitOf('s1', entity?.seq ?? 0, 1, {
      acks: [{ position: message?.position ?? 0n, verdict: { accepted: true } }],
    })
    await expect(store.commit(lease, [paused])).rejects.toMatchObject({ code: 'FENCED' })
    expect((await mail(next)).map((m) => m.id)).toEqual(['m1'])
    await store.commit(next, [paused])
    expect(await store.read('s1', 0, 10)).toHaveLength(2)
  })

  it('a lease renewed while a takeover waits for it is kept', async () => {
    await expire('w1')
    await other.query('BEGIN')
    await other.query(
      'UPDATE heartbeat SET lease_expires_at = clock_timestamp() + $1 WHERE worker_id = $2',
      ['1 minute', 'w1'],
    )
    const takeover = store.acquire('w2', TTL)
    await blocked()
    await other.query('COMMIT')
    expect((await takeover).shards).toEqual([])
    await store.commit(lease, [commitOf('s1', 0, 1)])
  })

  it('a renewal waits for no commit', async () => {
    await other.query('BEGIN')
    await other.query('SELECT FROM worker WHERE id = $1 FOR SHARE', ['w1'])
    expect(await store.renew(lease, TTL)).toMatchObject({ epoch: lease.epoch })
    await other.query('COMMIT')
  })

  it('a renewal that comes while the lease is being ended is refused', async () => {
    await expire('w1')
    await other.query('BEGIN')
    await other.query('SELECT lease_end_overdue($1)', ['w2'])
    const late = expect(store.renew(lease, TTL)).rejects.toMatchObject({ code: 'FENCED' })
    await blocked()
    await other.query('COMMIT')
    await late
  })

  it('a lease that a commit still holds is not ended, and its worker can renew it', async () => {
    await expire('w1')
    await other.query('BEGIN')
    await other.query('SELECT FROM worker WHERE id = $1 FOR SHARE', ['w1'])
    expect((await store.acquire('w2', TTL)).shards).toEqual([])
    expect(await store.renew(lease, TTL)).toMatchObject({ epoch: lease.epoch })
    await other.query('COMMIT')
    await store.commit(lease, [commitOf('s1', 0, 1)])
  })

  it('a worker that starts while another is taking shards takes nothing from it', async () => {
    await store.release(lease)
    const second = await store.acquire('w2', TTL)
    const left = await store.reassign(second, { take: [], give: [...second.shards] })
    await other.query('BEGIN')
    await other.query('SELECT lease_reassign($1, $2, $3, $4)', [
      'w2',
      left.session,
      second.shards,
      [],
    ])
    const third = store.acquire('w3', TTL)
    await blocked()
    await other.query('COMMIT')
    expect((await third).shards).toEqual([])
  })

  it('many workers that start at once share out every shard exactly once', async () => {
    await store.release(lease)
    const workers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const leases = await Promise.all(workers.map((id) => store.acquire(id, TTL)))
    const owned = leases.flatMap((l) => l.shards)
    expect(owned.sort((a, b) => a - b)).toEqual(Array.from({ length: SHARDS }, (_, i) => i))
    const owners = leases.filter((l) => l.shards.length)
    await Promise.all(owners.map((l) => store.release(l)))
    const rest = leases.filter((l) => !l.shards.length)
    // Each takes its own share, at once. Their views differ while they do, so it may take them a few rounds.
    let shared: number[] = []
    for (let round = 0; round < 10 && shared.length < SHARDS; round++) {
      const renewed = await Promise.all(
        rest.map(async (l) => {
          const { take } = planMoves((await store.renew(l, TTL)).view, l.workerId, TTL)
          return store.reassign(l, { take, give: [] })
        }),
      )
      shared = renewed.flatMap((l) => l.shards)
    }
    expect(shared.sort((a, b) => a - b)).toEqual(Array.from({ length: SHARDS }, (_, i) => i))
  })

  it('a change of shards waits for the commit in flight, and no later one passes under the old epoch', async () => {
    await openCommit('s1')
    const change = store.reassign(lease, { take: [], give: [shardOf('s1')] })
    await blocked()
    await other.query('COMMIT')
    const left = await change
    expect(left.shards).not.toContain(shardOf('s1'))
    await expect(store.commit(lease, [commitOf('s1', 1, 1)])).rejects.toMatchObject({
      code: 'FENCED',
    })
    const { rows } = await watcher.query(
      `SELECT count(*)::int AS late FROM journal j JOIN lease_history h USING (epoch)
       WHERE j.entity_id = 's1' AND h.ended_at IS NULL`,
    )
    expect(rows).toEqual([{ late: 0 }])
  })

  it('a takeover does not wait for ever on a commit that hangs, and succeeds when that is gone', async () => {
    await expire('w1')
    const standby = await store.acquire('w2', TTL)
    expect(standby.shards).toHaveLength(SHARDS)
    await expire('w2')
    lease = standby
    await openCommit('s1')
    const third = await store.acquire('w3', TTL)
    expect(third.shards).toEqual([])
    await other.query('ROLLBACK')
    const { view } = await store.renew(third, TTL)
    expect(view.members.map((one) => one.workerId)).toEqual(['w3'])
  })

  it('leases that ran out while the server was down are honoured for a while after it came back', async () => {
    const patient = createPostgresStore(prisma, { restartGraceMs: 3_600_000 })
    const standby = await store.acquire('w2', TTL)
    await expire('w1')
    const { view } = await patient.renew(standby, TTL)
    expect(view.owners).toContain('w1')
    expect((await store.renew(standby, TTL)).view.owners).not.toContain('w1')
  })

  it('nothing of a commit shows before it is complete, and then all of it does', async () => {
    await openCommit('s1')
    const seen = async () => [
      (await store.load(['s1'])).length,
      (await store.read('s1', 0, 10)).length,
      (await mail(lease)).length,
      (await store.feed(null, 10)).length,
      (await store.active(lease, null, 10)).length,
    ]
    expect(await seen()).toEqual([0, 0, 0, 0, 0])
    await other.query('COMMIT')
    expect(await seen()).toEqual([1, 1, 1, 1, 1])
  })

  it('the feed never skips a commit that ends late', async () => {
    await store.commit(lease, [commitOf('s0', 0, 1)])
    const [first] = await store.feed(null, 10)
    await openCommit('late')
    await store.commit(lease, [commitOf('early', 0, 1)])
    expect(await store.feed(first?.cursor ?? null, 10)).toEqual([])
    await other.query('COMMIT')
    const rest = await store.feed(first?.cursor ?? null, 10)
    expect(rest.map((item) => item.entry.entityId)).toEqual(['late', 'early'])
  })

  it('a reader that moves on is still given the message that was posted late, once', async () => {
    let cursor: MailCursor | null = null
    const held: bigint[] = []
    const look = async () => {
      const found = await store.pending(lease, cursor, held, 10)
      cursor = found.cursor
      held.push(...found.messages.map((m) => m.position))
      return found.messages.map((m) => m.id)
    }
    await other.query('BEGIN')
    const late = { id: 'late', entity_id: 's1', shard: shardOf('s1'), message: '{}' }
    await other.query('SELECT post_messages($1)', [JSON.stringify([late])])
    await store.post([{ id: 'early', entityId: 's1', message: start() }])
    expect(await look()).toEqual(['early'])
    for (let n = 0; n < 3; n++) expect(await look()).toEqual([])
    await other.query('COMMIT')
    expect(await look()).toEqual(['late'])
    for (let n = 0; n < 3; n++) expect(await look()).toEqual([])
    cursor = null
    held.length = 0
    expect(await look()).toEqual(['late', 'early'])
  })

  it('what is settled is not looked at again, and only after nothing can appear there', async () => {
    const settled = async (from: MailCursor | null, have: bigint[]) =>
      (await store.pending(lease, from, have, 10)).cursor
    await other.query('BEGIN')
    const late = { id: 'late', entity_id: 's1', shard: shardOf('s1'), message: '{}' }
    await other.query('SELECT post_messages($1)', [JSON.stringify([late])])
    await store.post([{ id: 'early', entityId: 's1', message: start() }])
    const [early] = await mail(lease)
    const have = [early?.position ?? 0n]
    let cursor = await settled(null, [])
    for (let n = 0; n < 3; n++) cursor = await settled(cursor, have)
    expect(cursor.settled).toBe(0n)
    await other.query('ROLLBACK')
    for (let n = 0; n < 3; n++) cursor = await settled(cursor, have)
    expect(cursor.settled).toBe(have[0])
  })

  it('a commit whose connection dies has an unknown outcome, and the next one finds its way', async () => {
    await other.query('BEGIN')
    await other.query('SELECT FROM worker WHERE id = $1 FOR UPDATE', ['w1'])
    const lost = store.commit(lease, [commitOf('s1', 0, 1)])
    const outcome = expect(lost).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { outcomeUnknown: true },
    })
    await watcher.query('SELECT pg_terminate_backend($1)', [await blocked()])
    await outcome
    await other.query('ROLLBACK')
    expect(await store.load(['s1'])).toEqual([])
    await store.commit(lease, [commitOf('s1', 0, 1)])
  })

  it('a commit whose answer is lost may have been written: it says so, and reading back tells', async () => {
    const proxy = await startProxy(cluster.url)
    const through = createPrisma(proxy.url)
    await other.query('BEGIN')
    await other.query('SELECT FROM worker WHERE id = $1 FOR UPDATE', ['w1'])
    const lost = createPostgresStore(through).commit(lease, [commitOf('s1', 0, 1)])
    const outcome = expect(lost).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { outcomeUnknown: true },
    })
    const orphan = await blocked()
    proxy.cut()
    await outcome
    expect(await store.load(['s1'])).toEqual([])
    await other.query('ROLLBACK')
    await idle(orphan)
    expect(await store.load(['s1'])).toMatchObject([{ seq: 1 }])
    await expect(store.commit(lease, [commitOf('s1', 0, 1)])).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await through.$disconnect()
    await proxy.close()
  })

  it('a commit that gets no connection was never sent', async () => {
    const narrow = createPrisma(cluster.url, { poolMax: 1, connectTimeoutMs: 500 })
    await narrow.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1`
      const starved = createPostgresStore(narrow).commit(lease, [commitOf('s1', 0, 1)])
      await expect(starved).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        details: { outcomeUnknown: false },
      })
    })
    await narrow.$disconnect()
  })

  it('a commit that the server cancels is known to have written nothing', async () => {
    await other.query('BEGIN')
    await other.query('SELECT FROM worker WHERE id = $1 FOR UPDATE', ['w1'])
    const cancelled = store.commit(lease, [commitOf('s1', 0, 1)])
    const outcome = expect(cancelled).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { outcomeUnknown: false },
    })
    await watcher.query('SELECT pg_cancel_backend($1)', [await blocked()])
    await outcome
    await other.query('ROLLBACK')
  })
})

describe('what a database refuses', () => {
  it('to accept connections is UNAVAILABLE, and nothing was sent', async () => {
    const nowhere = createPrisma('postgresql://x:x@127.0.0.1:1/x')
    await expect(createPostgresStore(nowhere).acquire('w1', TTL)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { outcomeUnknown: false },
    })
    await nowhere.$disconnect()
  })

  it('as a value is INVALID_INPUT', async () => {
    await empty()
    const store = createPostgresStore(prisma)
    const lease = await store.acquire('w1', TTL)
    const id = 'nul\u0000'
    await expect(store.commit(lease, [commitOf(id, 0, 1)])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  it('as text in lists is replaced there and kept in the journal', async () => {
    await empty()
    const store = createPostgresStore(prisma)
    const lease = await store.acquire('w1', TTL)
    const title = 'a\u0000b\ud800c \\u0000 d'
    const saga = { ...sagaRow('s1'), title, input: { title } }
    await store.commit(lease, [commitOf('s1', 0, 1, { saga, current: title })])
    const row = await prisma.sagaExecution.findUnique({ where: { sagaId: 's1' } })
    expect(row?.name).toBe('a\ufffdb\ufffdc \\u0000 d')
    expect(row?.input).toEqual({ title })
  })

  it('as a venture stays out of the lists; one it knows is linked', async () => {
    await empty()
    const store = createPostgresStore(prisma)
    const lease = await store.acquire('w1', TTL)
    await prisma.venture.create({ data: { id: 'v1', name: 'Ada & Co' } })
    await store.commit(lease, [
      commitOf('s1', 0, 1, { saga: { ...sagaRow('s1'), ventureId: 'v1' } }),
      commitOf('s2', 0, 1, { saga: { ...sagaRow('s2'), ventureId: 'unknown' } }),
    ])
    await store.commit(lease, [commitOf('s1', 1, 1, { saga: { id: 's1', status: 'PAUSED' } })])
    const rows = await prisma.sagaExecution.findMany({ orderBy: { sagaId: 'asc' } })
    expect(rows.map((r) => [r.status, r.ventureId])).toEqual([
      ['PAUSED', 'v1'],
      ['RUNNING', null],
    ])
  })

  it.each(['x', '1', '1-', '-1', '1-2-3', '99999999999999999999-1'])(
    'as a feed cursor (%s) is INVALID_INPUT',
    async (cursor) => {
      const store = createPostgresStore(prisma)
      await expect(store.feed(cursor, 1)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    },
  )
})

/** Stands between a client and the server, until it is cut. */
async function startProxy(url: string) {
  const target = new URL(url)
  const port = Number(target.port)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, target.hostname)
    sockets.add(client)
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('error', () => {})
    upstream.on('error', () => {})
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address() as AddressInfo
  target.port = String(address.port)
  return {
    url: target.href,
    /** The client sees its connection reset; the server hears nothing. */
    cut() {
      for (const client of sockets) {
        client.unpipe()
        client.resetAndDestroy()
      }
    },
    close: () => new Promise<void>((closed) => server.close(() => closed())),
  }
}
