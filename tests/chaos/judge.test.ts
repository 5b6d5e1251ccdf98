/**
 * The judge of the chaos suites is not blind: each kind of wrong is done on purpose, in a transaction that is rolled back
 * afterwards, and found.
 */
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startDemoServer } from '@/server/demo/server'
import { startCluster } from '../support/cluster'
import { databaseWorker, Effects } from '../support/database-worker'
import { judge } from './judge'

const secret = `whsec_${Buffer.from('nobody calls these services').toString('base64')}`
const cleanups: (() => unknown)[] = []
let db: pg.Client

beforeAll(async () => {
  const { url, stop } = await startCluster({ track_commit_timestamp: 'on' })
  cleanups.push(stop)
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  // It makes the tables of the services; nobody calls them here.
  const demo = await startDemoServer({ pool, secrets: [secret], port: 0, host: '127.0.0.1' })
  cleanups.push(() => pool.end(), demo.stop)
  const worker = databaseWorker(url, new Effects())
  await worker.runtime.start()
  for (const id of ['one', 'two']) await worker.runtime.run({ definition: 'test', input: null, id })
  await worker.end()
  db = new pg.Client({ connectionString: url })
  await db.connect()
  cleanups.push(() => db.end())
})
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

const EFFECT = `INSERT INTO demo.effect (service, operation, key, saga_id, step, kind, undoes) VALUES`

const WRONGS: [what: string, done: string, found: RegExp][] = [
  [
    'a commit after the lease had ended',
    "UPDATE lease_history SET ended_at = began_at - interval '1 s'",
    /^8 entries committed after their epoch had ended/,
  ],
  [
    'a commit under an epoch that was never given',
    "UPDATE journal SET epoch = 4711 WHERE entity_id = 'one' AND seq = 4",
    /^1 entries under an epoch that nobody was given, such as one/,
  ],
  [
    'a commit in a shard of another worker',
    "UPDATE lease_history SET shards = '{}'",
    /^8 entries in a shard that the epoch did not have/,
  ],
  [
    'an older writer after a newer one',
    "UPDATE journal SET epoch = epoch + 1 WHERE entity_id = 'two' AND seq = 2",
    /^1 epochs go back along the journal, such as two/,
  ],
  [
    'an entry that is missing',
    "DELETE FROM journal WHERE entity_id = 'one' AND seq = 2",
    /breaks in journals, such as one/,
  ],
  [
    'the last entry missing',
    "DELETE FROM journal WHERE entity_id = 'one' AND seq = 4",
    /breaks in journals, such as one/,
  ],
  [
    'an entry that was changed',
    "UPDATE journal SET facts = '[]' WHERE entity_id = 'two' AND seq = 3",
    /breaks in journals, such as two/,
  ],
  [
    'mail that nobody took',
    `INSERT INTO mailbox (id, entity_id, shard, message) VALUES ('m1', 'one', 0, '{}')`,
    /^1 messages that nobody took, such as m1/,
  ],
  [
    'a timer that outlived its saga',
    `INSERT INTO timer (entity_id, timer, shard, due_at) VALUES ('two', 'wait:x', 0, now())`,
    /^1 timers of sagas that have ended, such as two/,
  ],
  [
    'an ended saga that is still brought back',
    "UPDATE entity SET active = true WHERE id = 'one'",
    /^1 entities active after their end, such as one/,
  ],
  [
    'an effect that happened twice',
    `${EFFECT} ('notification', 'send', 'one:a', 'one', 'a', 'action', NULL),
       ('notification', 'send', 'one:a', 'one', 'a', 'action', NULL)`,
    /^TWICE one:a/,
  ],
  [
    'a compensation of nothing',
    `${EFFECT} ('compliance', 'closeCase', 'one:a:compensate', 'one', 'a', 'compensation', 'one:a')`,
    /^UNDID_NOTHING/,
  ],
]

it('finds nothing wrong where nothing is', async () => {
  expect(await judge(db, [], new Map())).toMatchObject({ lost: 0, duplicates: 0, violations: [] })
})

it.each(WRONGS)('finds %s', async (_what, done, found) => {
  await db.query('BEGIN')
  try {
    await db.query(done)
    const { violations } = await judge(db, [], new Map())
    expect(violations.filter((one) => found.test(one))).toHaveLength(1)
  } finally {
    await db.query('ROLLBACK')
  }
})

it('counts a saga that did not end, or never began, as lost', async () => {
  const statuses = new Map([
    ['one', 'PAUSED'],
    ['two', 'ROLLED_BACK'],
  ])
  const { lost, violations } = await judge(db, ['one', 'two', 'three'], statuses)
  expect(lost).toBe(2)
  expect(violations).toEqual([
    expect.stringMatching(/^one is PAUSED at the end/),
    expect.stringMatching(/^three is NEVER STARTED at the end/),
  ])
})

it('wants the effects of a saga to agree with its end', async () => {
  const judged = async (status: string) =>
    (await judge(db, ['one'], new Map([['one', status]]))).violations.join('\n')
  expect(await judged('COMPLETED')).toContain('one completed without its charge')
  await db.query('BEGIN')
  await db.query(`${EFFECT} ('compliance', 'openCase', 'one:case', 'one', 'case', 'action', NULL)`)
  expect(await judged('ROLLED_BACK')).toContain('one is rolled back, but one:case stand')
  await db.query(
    `${EFFECT} ('compliance', 'closeCase', 'one:case:compensate', 'one', 'case', 'compensation', 'one:case')`,
  )
  expect(await judged('COMPLETED')).toContain('one completed, but case are undone')
  await db.query('ROLLBACK')
})
