/** The demo services as the runtime meets them: the real adapter, real HTTP, real PostgreSQL. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createHttpParticipant } from '@/runtime/participant/http-participant'
import type { ParticipantCall } from '@/runtime/participant/participant'
import { parseCallback } from '@/runtime/participant/wire'
import { createWebhookSecret } from '@/runtime/security/webhook-signature'
import { systemClock } from '@/runtime/system'
import { auditEffects, standingEffects } from '@/server/demo/audit'
import { demoParticipants } from '@/server/demo/participants'
import { type DemoServer, startDemoServer } from '@/server/demo/server'
import { riskScore } from '@/server/demo/services/compliance'
import { bodyOf, callOf, never, serve } from '../../runtime/participant/support'
import { demoDatabase } from './support'

const { pool } = demoDatabase('demo_server')
const secret = createWebhookSecret()
let demo: DemoServer
let callbackUrl = (token: string) => `http://127.0.0.1:9/${token}`

beforeAll(async () => {
  demo = await startDemoServer({ pool, secrets: [secret], port: 0, onError: () => {} })
})
afterAll(() => demo.stop())
beforeEach(() => demo.switches.reset())

async function call(service: string, change: Partial<ParticipantCall>) {
  const entry = demoParticipants(demo.url).find(({ name }) => name === service)
  const participant = createHttpParticipant({
    name: service,
    endpointUrl: entry?.endpointUrl ?? '',
    secrets: [secret],
    allowPrivateNetwork: entry?.allowPrivateNetwork ?? false,
    callbackUrl: (token) => callbackUrl(token),
    clock: systemClock,
  })
  try {
    return await participant.call(callOf(change), never)
  } finally {
    await participant.close()
  }
}

/** A call and the compensation of it, for one saga. */
function pairOf(operation: string, compensation: string, input: unknown) {
  const forward = callOf({ operation, input })
  const back = callOf({
    sagaId: forward.sagaId,
    operation: compensation,
    kind: 'compensation',
    key: `${forward.key}:compensate`,
    undoes: forward.key,
  })
  return { forward, back }
}

async function rows(sql: string, ...values: unknown[]) {
  return (await pool.query(sql, values)).rows
}

const outputOf = (outcome: Awaited<ReturnType<typeof call>>) =>
  ('ok' in outcome && outcome.ok ? outcome.output : outcome) as Record<string, unknown>

describe('budget-ledger', () => {
  const ventureId = 'v-ledger'

  it('reserves, charges, refunds and releases, and the budget is whole again', async () => {
    const { forward, back } = pairOf('reserve', 'release', {
      ventureId,
      amount: 250.5,
      currency: 'EUR',
    })
    const reserved = outputOf(await call('budget-ledger', forward))
    expect(reserved).toEqual({ reservationId: expect.any(String), remaining: 999_749.5 })
    const charge = pairOf('charge', 'refund', { reservationId: reserved.reservationId })
    expect(outputOf(await call('budget-ledger', charge.forward))).toEqual({
      reservationId: reserved.reservationId,
      amount: 250.5,
    })
    expect(outputOf(await call('budget-ledger', charge.back))).toEqual({ refunded: true })
    expect(outputOf(await call('budget-ledger', back))).toEqual({ released: true })
    expect(await rows('SELECT used FROM demo.budget WHERE venture_id = $1', ventureId)).toEqual([
      { used: '0.00' },
    ])
  })

  it('refuses what the budget does not hold, in words', async () => {
    expect(
      await call('budget-ledger', {
        operation: 'reserve',
        input: { ventureId: 'v-poor', amount: 1_000_001, currency: 'EUR' },
      }),
    ).toEqual({
      ok: false,
      kind: 'terminal',
      code: 'INSUFFICIENT_FUNDS',
      message: 'Venture v-poor has 1000000 EUR left, 1000001 are needed',
    })
  })

  it('never reserves more than there is, however many ask at once', async () => {
    const input = { ventureId: 'v-rush', amount: 300_000, currency: 'USD' }
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () =>
        call('budget-ledger', callOf({ operation: 'reserve', input })),
      ),
    )
    expect(outcomes.filter((one) => 'ok' in one && one.ok)).toHaveLength(3)
  })

  it('releases by reservation where nothing is undone', async () => {
    const reserved = await call('budget-ledger', {
      operation: 'reserve',
      input: { ventureId, amount: 1 },
    })
    const { reservationId } = outputOf(reserved)
    const release = () =>
      call('budget-ledger', callOf({ operation: 'release', input: { reservationId } }))
    expect(outputOf(await release())).toEqual({ released: true })
    expect(outputOf(await release())).toEqual({ released: false })
  })

  it.each([
    ['no input', undefined],
    ['an amount of nothing', { ventureId, amount: 0, currency: 'EUR' }],
    ['a currency that is none', { ventureId, amount: 1, currency: 'euros' }],
  ])('refuses %s', async (_, input) => {
    expect(await call('budget-ledger', { operation: 'reserve', input })).toMatchObject({
      kind: 'terminal',
      code: 'BAD_INPUT',
    })
  })
})

describe('company-registry', () => {
  it('gives a name to one company only, until it is released', async () => {
    const { forward, back } = pairOf('reserveName', 'releaseName', { name: 'Aurora Labs' })
    expect(outputOf(await call('company-registry', forward))).toHaveProperty('registrationId')
    const again = () =>
      call('company-registry', callOf({ operation: 'reserveName', input: { name: 'AURORA labs' } }))
    expect(await again()).toMatchObject({ kind: 'terminal', code: 'NAME_TAKEN' })
    expect(outputOf(await call('company-registry', back))).toEqual({ released: true })
    expect(await again()).toMatchObject({ ok: true })
  })

  it('registers a reserved name once, and takes it back', async () => {
    const reserved = outputOf(
      await call('company-registry', { operation: 'reserveName', input: { name: 'Borealis' } }),
    )
    const input = { registrationId: reserved.registrationId }
    const { forward, back } = pairOf('register', 'deregister', input)
    expect(outputOf(await call('company-registry', forward)).registrationNumber).toMatch(
      /^HRB \d+$/,
    )
    expect(await call('company-registry', callOf({ operation: 'register', input }))).toMatchObject({
      code: 'NAME_NOT_RESERVED',
    })
    expect(outputOf(await call('company-registry', back))).toEqual({ deregistered: true })
    expect(await rows('SELECT state FROM demo.company WHERE name = $1', 'Borealis')).toEqual([
      { state: 'RESERVED' },
    ])
  })
})

describe('compliance', () => {
  it('scores a name always alike, and stops what sounds wrong', async () => {
    const screen = async (name: string) =>
      outputOf(await call('compliance', { operation: 'screen', input: { ventureId: 'v', name } }))
    expect(await screen('Aurora Labs')).toEqual(await screen(' aurora labs '))
    expect(await screen('Aurora Labs')).toMatchObject({ clear: true })
    expect(await screen('Aurora Offshore')).toMatchObject({ clear: false })
    expect(riskScore('Aurora Labs')).toBeLessThanOrEqual(64)
  })

  it('opens and closes a case', async () => {
    const { forward, back } = pairOf('openCase', 'closeCase', { ventureId: 'v', reason: 'check' })
    expect(outputOf(await call('compliance', forward))).toHaveProperty('caseId')
    expect(outputOf(await call('compliance', back))).toEqual({ closed: true })
  })
})

describe('notification', () => {
  it('sends and publishes once per key', async () => {
    const send = callOf({
      operation: 'send',
      input: { to: 'team@example.com', template: 'welcome', data: { name: 'Aurora' } },
    })
    expect(await call('notification', send)).toEqual(
      await call('notification', { ...send, attempt: 2 }),
    )
    const [sent] = await rows(
      'SELECT count(*)::int AS n FROM demo.message WHERE key = $1',
      send.key,
    )
    expect(sent.n).toBe(1)
    expect(
      outputOf(await call('notification', { operation: 'publish', input: { topic: 'ventures' } })),
    ).toHaveProperty('publicationId')
  })
})

describe('switches', () => {
  const input = { ventureId: 'v-switch', amount: 10, currency: 'EUR' }
  const put = (body: unknown) =>
    fetch(`${demo.url}/switches`, { method: 'PUT', body: JSON.stringify(body) })
  const reserve = () => call('budget-ledger', callOf({ operation: 'reserve', input }))

  it.each(['terminal', 'retryable', 'unknown'])(
    'make the next call fail as %s',
    async (failKind) => {
      await put({ 'budget-ledger': { reserve: { failNext: 1, failKind } } })
      expect(await reserve()).toMatchObject({ ok: false, kind: failKind })
      expect(await reserve()).toMatchObject({ ok: true })
    },
  )

  it('make a share of the calls fail, of every operation of a service', async () => {
    await put({ 'budget-ledger': { '*': { failRate: 1, failKind: 'retryable' } } })
    expect(await reserve()).toMatchObject({ kind: 'retryable' })
    await put({ 'budget-ledger': { reserve: {} } })
    expect(await reserve()).toMatchObject({ ok: true })
  })

  it('lose a reply after the work, a request before it', async () => {
    const one = callOf({ operation: 'reserve', input })
    await put({ 'budget-ledger': { reserve: { loseReplyNext: 1 } } })
    expect(await call('budget-ledger', one)).toMatchObject({ kind: 'unknown' })
    expect(await rows('SELECT 1 FROM demo.effect WHERE key = $1', one.key)).toHaveLength(1)
    expect(await call('budget-ledger', { ...one, attempt: 2 })).toMatchObject({ ok: true })
    expect(await rows('SELECT 1 FROM demo.effect WHERE key = $1', one.key)).toHaveLength(1)

    const other = callOf({ operation: 'reserve', input })
    await put({ 'budget-ledger': { reserve: { loseRequestNext: 1 } } })
    expect(await call('budget-ledger', other)).toMatchObject({ kind: 'unknown' })
    expect(await rows('SELECT 1 FROM demo.effect WHERE key = $1', other.key)).toHaveLength(0)
  })

  it('delay the answer', async () => {
    await put({ 'budget-ledger': { reserve: { delayMs: 60 } } })
    const startedAt = performance.now()
    await reserve()
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59)
  })

  it('answer 202 and call back with the result', async () => {
    const bodies: string[] = []
    const { url } = await serve(async (request, response) => {
      bodies.push(await bodyOf(request))
      response.end()
    })
    callbackUrl = (token) => `${url}/${token}`
    await put({ 'budget-ledger': { reserve: { respond202Ms: 0 } } })
    expect(await reserve()).toEqual({ pending: true })
    await expect.poll(() => bodies.length, { timeout: 5_000 }).toBe(1)
    expect(parseCallback(bodies[0] ?? '')).toMatchObject({
      ok: true,
      outcome: { ok: true, output: { reservationId: expect.any(String) } },
    })
  })

  it('outlive a restart', async () => {
    await put({ compliance: { screen: { failNext: 3, failKind: 'unknown' } } })
    const other = await startDemoServer({ pool, secrets: [secret], port: 0 })
    const response = await fetch(`${other.url}/switches`)
    expect(await response.json()).toMatchObject({
      compliance: { screen: { failNext: 3, failKind: 'unknown', delayMs: 0 } },
    })
    await other.stop()
  })

  it.each([
    ['an unknown operation', { 'budget-ledger': { steal: {} } }],
    ['an unknown service', { bank: { '*': {} } }],
    ['an unknown switch', { 'budget-ledger': { reserve: { fail: true } } }],
    ['a rate above one', { 'budget-ledger': { reserve: { failRate: 2 } } }],
    ['nothing at all', null],
  ])('refuse %s', async (_, body) => {
    expect((await put(body)).status).toBe(400)
    expect(demo.switches.all()).toEqual({})
  })

  it('are flipped by the form of the page, and shown on it', async () => {
    const form = new URLSearchParams({
      service: 'budget-ledger',
      operation: 'reserve',
      failNext: '2',
      failKind: 'retryable',
      respond202Ms: '',
    })
    const posted = await fetch(`${demo.url}/switches`, {
      method: 'POST',
      body: form,
      redirect: 'manual',
    })
    expect(posted.status).toBe(303)
    const page = await (await fetch(`${demo.url}/`)).text()
    expect(page).toContain('next 2 fail (retryable)')
    await fetch(`${demo.url}/switches`, {
      method: 'POST',
      body: new URLSearchParams({ action: 'reset' }),
    })
    expect(demo.switches.all()).toEqual({})
  })

  it('are not flipped by a page of another site', async () => {
    const response = await fetch(`${demo.url}/switches`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ action: 'reset' }),
    })
    expect(response.status).toBe(403)
  })
})

describe('the audit', () => {
  it('finds nothing wrong with all that happened above', async () => {
    const audit = await auditEffects(pool)
    expect(audit.violations).toEqual([])
    expect(audit.effects).toBeGreaterThan(10)
  })

  it('tells what a saga left standing', async () => {
    const input = { ventureId: 'v-audit', amount: 1, currency: 'EUR' }
    const { forward, back } = pairOf('reserve', 'release', input)
    await call('budget-ledger', forward)
    expect(standingEffects(await auditEffects(pool), forward.sagaId)).toEqual([forward.key])
    await call('budget-ledger', back)
    const audit = await auditEffects(pool)
    expect(standingEffects(audit, forward.sagaId)).toEqual([])
    expect(audit.sagas.get(forward.sagaId)?.get(forward.key)).toEqual({
      step: 'step',
      service: 'budget-ledger',
      operation: 'reserve',
      forward: 1,
      compensation: 1,
      standing: false,
    })
  })

  it.each([
    [
      'TWICE',
      [
        ['k', 'action', null],
        ['k', 'action', null],
      ],
    ],
    ['UNDID_NOTHING', [['c', 'compensation', 'k']]],
    [
      'HUNG',
      [
        ['c', 'compensation', 'k'],
        ['k', 'action', null],
      ],
    ],
    [
      'UNDONE_TWICE',
      [
        ['k', 'action', null],
        ['c', 'compensation', 'k'],
        ['d', 'compensation', 'k'],
      ],
    ],
    ['NOT_REMEMBERED', [['k', 'action', null]]],
  ] as const)('sees %s', async (code, effects) => {
    const saga = `bad-${code}`
    for (const [key, kind, undoes] of effects)
      await pool.query(
        `INSERT INTO demo.effect (service, operation, key, saga_id, step, kind, undoes)
         VALUES ('budget-ledger', 'reserve', $1, $2, 'step', $3, $4)`,
        [`${saga}:${key}`, saga, kind, undoes && `${saga}:${undoes}`],
      )
    const found = (await auditEffects(pool)).violations.filter(({ sagaId }) => sagaId === saga)
    expect(found.map((one) => one.code)).toContain(code)
    await pool.query('DELETE FROM demo.effect WHERE saga_id = $1', [saga])
  })

  it('sees a budget that does not agree with its reservations', async () => {
    await pool.query("UPDATE demo.budget SET used = used + 1 WHERE venture_id = 'v-audit'")
    expect((await auditEffects(pool)).violations).toMatchObject([
      { code: 'LEDGER', key: 'v-audit/EUR' },
    ])
    await pool.query("UPDATE demo.budget SET used = used - 1 WHERE venture_id = 'v-audit'")
  })
})

describe('the server', () => {
  it('tells its health, and that of each service where it is registered', async () => {
    const urls = [`${demo.url}/health`, ...demoParticipants(demo.url).map((one) => one.healthUrl)]
    expect(urls).toHaveLength(5)
    for (const url of urls) expect((await fetch(url ?? '')).status).toBe(200)
  })

  it('knows nothing else', async () => {
    for (const path of ['/nothing', '/budget-ledger'])
      expect((await fetch(demo.url + path, { method: 'GET' })).status).toBeGreaterThanOrEqual(400)
  })

  it('registers operations whose compensations exist and whose schemas say what is needed', () => {
    for (const { operations } of demoParticipants('http://127.0.0.1:3900/'))
      for (const operation of operations) {
        expect(operation.input).toMatchObject({ type: 'object' })
        if (operation.compensation)
          expect(operations.map(({ name }) => name)).toContain(operation.compensation)
      }
    const reserve = demoParticipants('http://127.0.0.1:3900/')[0]?.operations[0]
    expect(reserve?.input).toMatchObject({ required: ['ventureId', 'amount'] })
  })
})
