/**
 * Transactional steps on a real PostgreSQL: the effect is written by the commit that records the step's result. The table
 * that is written to remembers no keys, so that a second execution would show.
 */
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Runtime } from '@/runtime'
import { createRuntime } from '@/runtime/create-runtime'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import type { FunctionOperations } from '@/runtime/participant/function-participant'
import { createParticipantRegistry } from '@/runtime/participant/registry'
import { systemClock, systemIds } from '@/runtime/system'
import { startCluster } from '@/tests/support/cluster'
import { databaseWorker, Effects } from '@/tests/support/database-worker'
import { action, saga } from '@/tests/support/dry-run'
import { memoryDefinitions } from '@/tests/support/memory-definitions'
import { startTcpProxy } from '@/tests/support/tcp-proxy'

const transfer = saga({
  start: 'debit',
  steps: {
    debit: action('debit', 'credit', {
      participant: 'bank',
      operation: 'debit',
      input: { account: 'input.from', amount: 'input.amount' },
      compensation: { operation: 'refund' },
      retry: { attemptsMax: 5, delayMs: 20 },
    }),
    credit: action('credit', undefined, {
      participant: 'bank',
      operation: 'credit',
      input: { account: 'input.to', amount: 'input.amount' },
      compensation: { operation: 'refund' },
      retry: { attemptsMax: 5, delayMs: 20 },
    }),
  },
})

type Move = { account: string; amount: number }
/** How often an operation ran, as against how often it took effect. */
let runs = 0
const move =
  (sign: 1 | -1) =>
  (input: unknown, { sagaId, step }: { sagaId: string; step: string }) => {
    runs++
    const { account, amount } = input as Move
    return {
      output: { moved: amount },
      statements: [
        {
          text: `UPDATE bank.account SET balance = balance + $2::numeric * $3::numeric
            WHERE id = $1 AND balance + $2::numeric * $3::numeric >= 0`,
          values: [account, sign, amount],
          rows: 1,
        },
        {
          text: 'INSERT INTO bank.movement (saga_id, step, details) VALUES ($1, $2, $3::jsonb)',
          values: [sagaId, step, { account, amount, sign }],
        },
      ],
    }
  }
const bank: FunctionOperations = {
  debit: { transactional: true, run: move(-1) },
  credit: { transactional: true, run: move(1) },
  refund: {
    transactional: true,
    run: (_, { sagaId, undoes }) => ({
      statements: [
        {
          text: `WITH back AS (DELETE FROM bank.movement WHERE saga_id = $1 AND saga_id || ':' || step = $2 RETURNING details)
            UPDATE bank.account a SET balance = balance - (b.details->>'sign')::numeric * (b.details->>'amount')::numeric FROM back b WHERE a.id = b.details->>'account'`,
          values: [sagaId, undoes ?? null],
        },
      ],
    }),
  },
}
const participants = () => createParticipantRegistry({ functions: { bank }, clock: systemClock })

let cluster: Awaited<ReturnType<typeof startCluster>>
let db: pg.Client
const cleanups: (() => unknown)[] = []
beforeEach(async () => {
  runs = 0
  cluster = await startCluster()
  db = new pg.Client({ connectionString: cluster.url })
  await db.connect()
  await db.query(`CREATE SCHEMA bank;
    CREATE TABLE bank.account (id text PRIMARY KEY, balance numeric NOT NULL);
    CREATE TABLE bank.movement (saga_id text, step text, details jsonb);
    INSERT INTO bank.account SELECT 'a' || n, 1000 FROM generate_series(0, 9) n;
    INSERT INTO bank.account VALUES ('poor', 5)`)
})
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
  await db.end()
  await cluster.stop()
})

function worker(url: string): Runtime {
  const made = databaseWorker(url, new Effects(), {
    definitions: memoryDefinitions(transfer),
    participants: participants(),
  })
  cleanups.push(() => made.end())
  return made.runtime
}

const ended = async (ids: readonly string[]) => {
  let rows: { id: string; status: string; code: string | null }[] = []
  await vi.waitFor(
    async () => {
      rows = (
        await db.query(
          `SELECT saga_id AS id, status, failure_code AS code FROM saga_execution
           WHERE saga_id = ANY ($1) AND completed_at IS NOT NULL ORDER BY saga_id`,
          [ids],
        )
      ).rows
      expect(rows).toHaveLength(ids.length)
    },
    { timeout: 60_000, interval: 50 },
  )
  return rows
}
const movements = async () =>
  (await db.query('SELECT saga_id, step, count(*)::int AS n FROM bank.movement GROUP BY 1, 2')).rows
const balanceOf = async (id: string) =>
  Number((await db.query('SELECT balance FROM bank.account WHERE id = $1', [id])).rows[0]?.balance)
const total = async () =>
  Number((await db.query('SELECT sum(balance) AS sum FROM bank.account')).rows[0]?.sum)

describe('a transactional step', { timeout: 120_000 }, () => {
  it('takes effect exactly once, however often commits are lost or in doubt', async () => {
    const proxy = await startTcpProxy(cluster.url)
    cleanups.push(() => proxy.end())
    const runtime = worker(proxy.url)
    await runtime.start()
    let sent = 0
    proxy.fate(() => {
      if (Math.imul(++sent, 0x9e3779b1) >>> 0 > 2 ** 32 * 0.15) return 'pass'
      return sent % 2 === 0 ? 'lose-request' : 'lose-answer'
    })
    const ids = Array.from({ length: 100 }, (_, n) => `t${n}`)
    for (let n = 0; n < ids.length; n += 5)
      await Promise.all(
        ids.slice(n, n + 5).map(async (id, i) => {
          const input = { from: `a${(n + i) % 10}`, to: `a${(n + i + 1) % 10}`, amount: 3 }
          for (let tries = 0; tries < 100; tries++)
            try {
              return await runtime.startSaga({ definition: 'test', input, id })
            } catch {
              await new Promise((resolve) => setTimeout(resolve, 100))
            }
        }),
      )
    const rows = await ended(ids)
    expect(new Set(rows.map((row) => row.status))).toEqual(new Set(['COMPLETED']))
    const moved = await movements()
    expect(moved).toHaveLength(200)
    expect(moved.every((row) => row.n === 1)).toBe(true)
    expect(await total()).toBe(10_005)
    // Had the operations written themselves, some of this would have happened twice.
    expect(runs).toBeGreaterThanOrEqual(200)
  })

  it('whose statement fails fails alone: it is compensated, and the batch it was in goes through', async () => {
    const runtime = worker(cluster.url)
    await runtime.start()
    const good = Array.from({ length: 20 }, (_, n) => `good${n}`)
    const input = (from: string, to: string) => ({ from, to, amount: 10 })
    await runtime.startMany([
      ...good.map((id, n) => ({
        definition: 'test',
        id,
        input: input(`a${n % 5}`, `a${(n % 5) + 5}`),
      })),
      { definition: 'test', id: 'short', input: input('poor', 'a1') },
      { definition: 'test', id: 'stray', input: input('a1', 'nobody') },
      { definition: 'test', id: 'broken', input: { from: 'a1', to: 'a2', amount: 'much' } },
    ])
    const rows = await ended([...good, 'short', 'stray', 'broken'])
    expect(rows.filter((row) => row.status === 'COMPLETED')).toHaveLength(20)
    expect(rows.filter((row) => row.status !== 'COMPLETED')).toEqual([
      { id: 'broken', status: 'ROLLED_BACK', code: 'STATEMENT_FAILED' },
      { id: 'short', status: 'ROLLED_BACK', code: 'ROWS_DIFFER' },
      { id: 'stray', status: 'ROLLED_BACK', code: 'ROWS_DIFFER' },
    ])
    expect(await balanceOf('poor')).toBe(5)
    expect(await total()).toBe(10_005)
    expect(await movements()).toHaveLength(40)
    // The journal has the failure, and no trace of a success that was undone.
    const journal = await runtime.journal('short')
    expect(journal[1]?.message).toMatchObject({
      type: 'result',
      outcome: { ok: false, kind: 'terminal', code: 'ROWS_DIFFER' },
    })
    expect(JSON.stringify(journal)).not.toContain('UPDATE bank')
  })

  it('that meets a lock gives up soon and tries again, and holds the others up for no longer', async () => {
    const runtime = worker(cluster.url)
    await runtime.start()
    await db.query('BEGIN')
    await db.query("SELECT FROM bank.account WHERE id = 'a0' FOR UPDATE")
    const input = (from: string, to: string) => ({ from, to, amount: 1 })
    await runtime.startMany([
      { definition: 'test', id: 'locked', input: input('a0', 'a1') },
      { definition: 'test', id: 'free', input: input('a2', 'a3') },
    ])
    await ended(['free'])
    await db.query('COMMIT')
    expect(await ended(['locked'])).toMatchObject([{ status: 'COMPLETED' }])
    const journal = await runtime.journal('locked')
    expect(journal[1]?.message).toMatchObject({
      outcome: { ok: false, kind: 'retryable', code: 'STATEMENT_FAILED' },
    })
    expect(await movements()).toHaveLength(4)
  })

  it('fails in words on a store without SQL', async () => {
    const store = createMemoryStore(systemClock)
    const runtime = createRuntime({
      store,
      definitions: memoryDefinitions(transfer),
      participants: participants(),
      callbackTokens: { sign: () => '', verify: () => null },
      clock: systemClock,
      ids: systemIds,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
    })
    await runtime.start()
    cleanups.push(() => runtime.stop())
    const end = await runtime.run({
      definition: 'test',
      input: { from: 'a0', to: 'a1', amount: 1 },
    })
    expect(end).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'STATEMENTS_UNSUPPORTED' } })
  })
})
