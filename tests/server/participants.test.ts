import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { startProber } from '@/server/participant-prober'
import { startService } from '../support/demo-service'
import { openTestHost, type TestHost } from '../support/test-host'

type Caller = Awaited<ReturnType<TestHost['as']>>

let t: TestHost
let admin: Caller
let operator: Caller
let service: Awaited<ReturnType<typeof startService>>
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  admin = await t.as(await t.person('ADMIN'))
  operator = await t.as(await t.person('OPERATOR'))
  service = await startService((operation, body) =>
    operation === 'later'
      ? new Response(null, { status: 202 })
      : Response.json({ did: operation, with: body.input }),
  )
})
afterAll(async () => {
  await t.stop()
  await service.stop()
})

const local = (name: string, more: object = {}) => ({
  name,
  title: name,
  kind: 'HTTP' as const,
  endpointUrl: `${service.url}/${name}`,
  healthUrl: `${service.url}/health`,
  allowPrivateNetwork: true,
  operations: [{ name: 'go', compensation: 'back' }],
  ...more,
})

it('shows the secret once, and calls the service with a signature made with it', async () => {
  const { secret, participant } = await admin.participants.save(local('ledger'))
  expect(secret).toMatch(/^whsec_/)
  expect(participant).toMatchObject({ supportsRollback: true, disabled: false })
  expect((await admin.participants.save(local('ledger', { title: 'Again' }))).secret).toBeNull()
  const row = await t.host.db.participant.findUniqueOrThrow({ where: { name: 'ledger' } })
  expect(row.sealedSecret).not.toContain(secret?.slice(6, 20))

  await admin.definitions.create({
    name: 'calls',
    source: `kind: saga
name: calls
start: go
steps:
  go: { type: action, participant: ledger, operation: go, input: { n: input.n }, effect: readonly, next: done }
  done: { type: end, output: steps.go }
`,
  })
  await admin.definitions.publish({ name: 'calls', revision: 1 })
  const { sagaId } = await admin.sagas.start({ definition: 'calls', input: { n: 3 } })
  await expect.poll(async () => (await admin.sagas.get({ sagaId })).status).toBe('COMPLETED')
  expect((await admin.sagas.get({ sagaId })).output).toEqual({ did: 'go', with: { n: 3 } })
  expect(service.calls.at(-1)).toMatchObject({
    operation: 'go',
    signature: expect.stringMatching(/^v1,/),
  })
})

it('rotates a secret: calls carry both signatures until the next rotation', async () => {
  const { secret } = await admin.participants.save(local('rotating'))
  const rotated = await admin.participants.rotateSecret({ name: 'rotating' })
  expect(rotated.secret).not.toBe(secret)
  await admin.definitions.create({
    name: 'rotates',
    source: `kind: saga
name: rotates
start: go
steps:
  go: { type: action, participant: rotating, operation: go, effect: readonly }
`,
  })
  await admin.definitions.publish({ name: 'rotates', revision: 1 })
  const { sagaId } = await admin.sagas.start({ definition: 'rotates', input: {} })
  await expect.poll(async () => (await admin.sagas.get({ sagaId })).status).toBe('COMPLETED')
  const call = service.calls.find(({ body }) => body.sagaId === sagaId)
  expect(call?.signature?.split(' ')).toHaveLength(2)
})

it('completes a call that answered 202 by callback, over HTTP, and refuses other tokens', async () => {
  await admin.participants.save(local('slow', { operations: [{ name: 'later' }] }))
  await admin.definitions.create({
    name: 'waits',
    source: `kind: saga
name: waits
start: go
steps:
  go: { type: action, participant: slow, operation: later, effect: readonly, timeoutMs: 600000, next: done }
  done: { type: end, output: steps.go }
`,
  })
  await admin.definitions.publish({ name: 'waits', revision: 1 })
  const { sagaId } = await admin.sagas.start({ definition: 'waits', input: {} })
  let callback = ''
  await expect
    .poll(() => {
      const call = service.calls.find(({ body }) => body.sagaId === sagaId)
      callback = String(call?.body.callback ?? '')
      return callback
    })
    .toContain('/api/callback/')
  const post = (path: string, body: string) => fetch(t.url + path, { method: 'POST', body })
  const { pathname } = new URL(callback)
  expect((await post(pathname, 'nonsense')).status).toBe(400)
  expect((await post(`${pathname}x`, '{"ok":true,"output":1}')).status).toBe(403)
  expect((await post(pathname, '{"ok":true,"output":"done later"}')).status).toBe(204)
  await expect.poll(async () => (await admin.sagas.get({ sagaId })).output).toBe('done later')
  expect((await post(pathname, '{"ok":true,"output":"again"}')).status).toBe(204)
  const tooLong = JSON.stringify({ ok: true, output: 'x'.repeat(1_100_000) })
  expect((await post(pathname, tooLong)).status).toBe(413)
})

it('lets only an admin point into the private network', async () => {
  await expect(operator.participants.save(local('private'))).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  await expect(
    operator.participants.save(local('private', { allowPrivateNetwork: false })),
  ).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await admin.participants.save(local('private'))
  await expect(
    operator.participants.save(local('private', { endpointUrl: `${service.url}/elsewhere` })),
  ).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const renamed = await operator.participants.save(local('private', { title: 'New title' }))
  expect(renamed.participant.title).toBe('New title')
  // removing it and taking its name for another address is a change
  await expect(operator.participants.remove({ name: 'private' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
})

it('lets no key open the private network unless it was given just that', async () => {
  const write = await admin.apiKeys.create({ name: 'w', scopes: ['participant:write'] })
  const both = await admin.apiKeys.create({
    name: 'b',
    scopes: ['participant:write', 'participant:private-network'],
  })
  const keyed = (key: string) => t.callWith(new Headers({ authorization: `Bearer ${key}` }))
  await expect((await keyed(write.key)).participants.save(local('by-key'))).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  await (await keyed(both.key)).participants.save(local('by-key'))
})

it('probes the health address when asked, and in rounds', async () => {
  await admin.participants.save(local('probed'))
  expect(await admin.participants.check({ name: 'probed' })).toMatchObject({ status: 'UP' })
  service.setHealthy(false)
  const { db, participants, log } = t.host
  const prober = startProber({ db, participants, log, everyMs: 0 })
  await prober.round()
  prober.stop()
  expect((await admin.participants.get({ name: 'probed' })).health).toMatchObject({
    status: 'DOWN',
    error: expect.stringContaining('503'),
  })
  service.setHealthy(true)
  expect(await admin.participants.check({ name: 'probed' })).toMatchObject({ status: 'UP' })
})

it('disables, enables and removes, and leaves an audit trail', async () => {
  await admin.participants.save(local('gone'))
  const off = await admin.participants.save(local('gone', { disabled: true }))
  expect(off.participant.disabled).toBe(true)
  expect((await admin.participants.save(local('gone'))).participant.disabled).toBe(false)
  await admin.participants.remove({ name: 'gone' })
  await expect(admin.participants.get({ name: 'gone' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  const rows = await t.host.db.auditEvent.findMany({
    where: { subject: 'participant/gone' },
    orderBy: { id: 'asc' },
  })
  expect(rows.map(({ action }) => action.split('.')[1])).toEqual([
    'created',
    'changed',
    'changed',
    'removed',
  ])
})

it('lists by name, page by page', async () => {
  for (const name of ['zz-a', 'zz-b', 'zz-c']) await admin.participants.save(local(name))
  const first = await admin.participants.list({ text: 'zz-', limit: 2 })
  const rest = await admin.participants.list({ text: 'zz-', limit: 2, cursor: first.nextCursor })
  expect([...first.items, ...rest.items].map(({ name }) => name)).toEqual(['zz-a', 'zz-b', 'zz-c'])
})
