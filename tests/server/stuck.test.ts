/**
 * A saga whose journal this version cannot replay: it is left alone, and named to those who may see sagas.
 */
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let admin: Awaited<ReturnType<TestHost['as']>>
beforeAll(async () => {
  const before = await openTestHost(inject('databaseUrl'))
  const person = await before.person('ADMIN')
  admin = await before.as(person)
  const source =
    'kind: saga\nname: hears\nstart: hear\nsteps:\n  hear: { type: signal, signal: word }\n'
  await admin.definitions.create({ name: 'hears', source })
  await admin.definitions.publish({ name: 'hears', revision: 1 })
  for (const id of ['spoilt', 'sound'])
    await admin.sagas.start({ definition: 'hears', input: null, id })
  await before.stop()
  const db = new pg.Client({ connectionString: before.databaseUrl })
  await db.connect()
  await db.query("UPDATE journal SET facts = '[]' WHERE entity_id = 'spoilt'")
  await db.end()
  t = await openTestHost(before.databaseUrl, { shared: true })
  admin = await t.as(person)
})
afterAll(() => t?.stop())

it('lists what no worker can bring forward just now and why, and what else waits goes on', async () => {
  expect(await admin.sagas.stuck()).toEqual([])
  // Both are stored; only one of them can be taken.
  for (const sagaId of ['spoilt', 'sound'])
    void admin.sagas.signal({ sagaId, name: 'word' }).catch(() => {})
  await vi.waitFor(async () => expect(await admin.sagas.stuck()).toHaveLength(1), {
    timeout: 10_000,
  })
  const [item] = await admin.sagas.stuck()
  expect(item).toEqual({
    sagaId: 'spoilt',
    reason: expect.stringContaining('is decided differently than when it was written'),
    since: expect.any(Date),
    retryAt: expect.any(Date),
  })
  expect((await admin.system.shell()).stuck).toBe(1)
  const signedOut = await t.callWith(new Headers())
  expect((await signedOut.system.health()).runtime.stuck).toEqual({ count: 1, sagas: [] })
  expect((await admin.system.health()).runtime.stuck.sagas).toHaveLength(1)
  await vi.waitFor(
    async () =>
      expect(await admin.sagas.get({ sagaId: 'sound' })).toMatchObject({ status: 'COMPLETED' }),
    { timeout: 5_000 },
  )
}, 40_000)
