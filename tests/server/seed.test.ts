import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { demoSecret } from '@/server/demo/secret'
import { openSecrets } from '@/server/product/participants'
import { seed, signInLinks } from '@/server/seed'
import { ORIGIN, openTestHost, type TestHost } from '../support/test-host'

const demoUrl = 'http://127.0.0.1:3409'
let t: TestHost
beforeAll(async () => {
  process.env.SAGAWRIGHT_DEMO_SECRET ??= `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  t = await openTestHost(inject('databaseUrl'), { run: false })
})
afterAll(() => t.stop())

it('makes people, ventures, services and sagas once, and leaves later changes alone', async () => {
  const { db, env, keys } = t.host
  await seed(db, { demoUrl, env })
  await db.user.update({
    where: { email: 'analyst@sagawright.local' },
    data: { name: 'Renamed', disabledAt: new Date() },
  })
  await seed(db, { demoUrl: 'http://127.0.0.1:3408', env })

  expect(await db.user.count()).toBe(4)
  expect(await db.venture.count()).toBeGreaterThan(2)
  const versions = await db.definitionVersion.findMany({ include: { definition: true } })
  expect(versions.map(({ definition, version }) => [definition.name, version]).sort()).toEqual([
    ['venture-funding', 1],
    ['venture-launch', 1],
  ])
  const analyst = await db.user.findUnique({ where: { email: 'analyst@sagawright.local' } })
  expect(analyst?.name).toBe('Renamed')

  const ledger = await db.participant.findUniqueOrThrow({ where: { name: 'budget-ledger' } })
  expect(ledger.endpointUrl).toBe('http://127.0.0.1:3408/budget-ledger')
  expect(openSecrets(keys, 'budget-ledger', ledger.sealedSecret ?? '')).toEqual([demoSecret()])

  const links = await signInLinks(db, ORIGIN)
  expect(links.map(({ role }) => role)).toEqual(['OPERATOR', 'CHAIRMAN', 'ADMIN'])
})

it('publishes sagas without errors, which the seeded services can serve', async () => {
  const admin = await t.as(await t.person('ADMIN'))
  const { items } = await admin.definitions.list({})
  expect(items.map(({ name, errors, steps }) => [name, errors, steps > 5])).toEqual([
    ['venture-funding', 0, true],
    ['venture-launch', 0, true],
  ])
})
