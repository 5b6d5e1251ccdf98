/**
 * Lists over 100,000 sagas: every page, the first and the deepest, by every filter people use, stays cheap. The time
 * limit is generous (this machine may be busy); a plan that reads the whole table per page takes far longer in sum.
 */
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { openTestHost, type TestHost } from '../support/test-host'

const COUNT = 100_000
let t: TestHost
let admin: Awaited<ReturnType<TestHost['as']>>
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'), { run: false })
  admin = await t.as(await t.person('ADMIN'))
  await t.host.db.$executeRaw`
    INSERT INTO saga_execution (saga_id, saga_type, definition_version, definition_digest, name, status, total_steps,
                                input, started_at, failure_code)
    SELECT 'saga-' || lpad(i::text, 6, '0'), 'type-' || (i % 5), 1, 'd', 'Saga ' || i,
           (CASE WHEN i % 10000 = 0 THEN 'QUARANTINED' WHEN i % 50 = 0 THEN 'RUNNING' ELSE 'COMPLETED' END)::"SagaStatus",
           3, '{}', '2026-01-01'::timestamptz + i * interval '1 second',
           CASE WHEN i = 500 THEN 'NEEDLE' END
    FROM generate_series(1, ${COUNT}::int) i`
  await t.host.db.$executeRaw`ANALYZE saga_execution`
}, 60_000)
afterAll(() => t.stop())

async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const startedAt = performance.now()
  return [await run(), performance.now() - startedAt]
}

it('pages through rare and common statuses, and from the deep end', async () => {
  const [rare, rareMs] = await timed(() => admin.sagas.list({ status: ['QUARANTINED'] }))
  expect(rare.items).toHaveLength(10)
  const [both] = await timed(() => admin.sagas.list({ status: ['QUARANTINED', 'RUNNING'] }))
  expect(both.items[0]?.sagaId).toBe('saga-100000')
  expect(both.items[1]?.sagaId).toBe('saga-099950')
  const deep = Buffer.from(
    JSON.stringify([new Date('2026-01-01T00:01:40Z').getTime(), 'saga-000100']),
  ).toString('base64url')
  const [last, deepMs] = await timed(() => admin.sagas.list({ cursor: deep, limit: 200 }))
  expect(last.items.map(({ sagaId }) => sagaId).at(-1)).toBe('saga-000001')
  expect(last.items).toHaveLength(99)
  expect(last.nextCursor).toBeNull()
  expect(Math.max(rareMs, deepMs)).toBeLessThan(1_000)
})

it('reads no more of the table for a deep page than its rows', async () => {
  const plan = await t.host.db.$queryRaw<{ 'QUERY PLAN': string }[]>`
    EXPLAIN SELECT s.saga_id FROM saga_execution s
    WHERE s.parent_id IS NULL AND s.started_at <= '2026-01-01 12:00' AND NOT (s.started_at = '2026-01-01 12:00' AND s.saga_id <= 'x')
    ORDER BY s.started_at DESC, s.saga_id LIMIT 51`
  const text = plan.map((row) => row['QUERY PLAN']).join('\n')
  expect(text).toMatch(/Index Scan( Backward)? using saga_execution_started_at_saga_id_idx/)
  expect(text).not.toContain('Sort')
})

it('finds a needle by text, counts by status, and fills the navigation', async () => {
  const [found, textMs] = await timed(() => admin.sagas.list({ text: 'NEEDLE' }))
  expect(found.items.map(({ sagaId }) => sagaId)).toEqual(['saga-000500'])
  const [counts, countMs] = await timed(() => admin.sagas.counts({}))
  expect(counts).toMatchObject({ QUARANTINED: 10, RUNNING: 1990, COMPLETED: 98_000 })
  const [shell, shellMs] = await timed(() => admin.system.shell())
  expect(shell).toMatchObject({ running: 1990, needsAttention: 10 })
  expect(Math.max(textMs, countMs, shellMs)).toBeLessThan(2_000)
})
