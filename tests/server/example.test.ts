import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createSagawrightClient } from '@/server/client'
import { startAndFollow } from '../examples/start-100'
import { startService } from '../support/demo-service'
import { openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let service: Awaited<ReturnType<typeof startService>>
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  service = await startService((operation) => Response.json({ did: operation }))
})
afterAll(async () => {
  await t.stop()
  await service.stop()
})

it('starts 100 sagas with an API key, follows each live to its end, and shows a typed error', async () => {
  const admin = await t.as(await t.person('ADMIN'))
  await admin.participants.save({
    name: 'shop',
    title: 'Shop',
    kind: 'HTTP',
    endpointUrl: `${service.url}/shop`,
    allowPrivateNetwork: true,
  })
  await admin.definitions.create({
    name: 'order',
    source: `kind: saga
name: order
input: { type: object, required: [sku], properties: { sku: { type: string } } }
start: reserve
steps:
  reserve: { type: action, participant: shop, operation: reserve, input: { sku: input.sku }, effect: retriable, next: ship }
  ship: { type: action, participant: shop, operation: ship, effect: retriable }
`,
  })
  await admin.definitions.publish({ name: 'order', revision: 1 })
  const { key } = await admin.apiKeys.create({
    name: 'orders',
    scopes: ['saga:start', 'saga:read'],
  })
  const summary = await startAndFollow(createSagawrightClient({ url: t.url, apiKey: key }), {
    definition: 'order',
    input: { sku: 'A-1' },
  })
  expect(summary.ended).toEqual({ COMPLETED: 100 })
  expect(summary.refused.sagaCode).toBe('INVALID_INPUT')
  expect(summary.refused.places[0]).toContain('sku')
  expect(service.calls).toHaveLength(200)
})
