/**
 * Batches over real HTTP, and the refusal of new sagas while the worker is too far behind, on a real PostgreSQL.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { TRPCClientError } from '@trpc/client'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { apiErrorData, createSagawrightClient, type SagawrightClient } from '@/server/client'
import { openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let client: SagawrightClient
let key: string
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'), { env: { BACKLOG_MAX_MS: '300' } })
  const owner = await t.as(await t.person('ADMIN'))
  const me = await owner.users.me()
  key = (await owner.apiKeys.create({ name: 'tests', scopes: me?.permissions ?? [] })).key
  client = createSagawrightClient({ url: t.url, apiKey: key })
  for (const [name, steps] of [
    ['hears', 'hear: { type: signal, signal: word }'],
    ['asks', 'hear: { type: approval, question: Go on?, roles: [chairman] }'],
  ]) {
    const source = `kind: saga\nname: ${name}\nstart: hear\nsteps:\n  ${steps}\n`
    await owner.definitions.create({ name: name as string, source })
    await owner.definitions.publish({ name: name as string, revision: 1 })
  }
})
afterAll(() => t.stop())

const ids = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, n) => `${prefix}-${n}`)
async function start(names: readonly string[], definition = 'hears') {
  const sagas = names.map((id) => ({ definition, input: null, id }))
  expect(await client.sagas.startMany.mutate({ sagas })).toEqual(
    names.map((sagaId) => ({ sagaId })),
  )
}
const reason = 'test'

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('a batch', () => {
  it('of 1,000 is one request, and each saga has its own answer', async () => {
    const names = ids(1_000, 'k')
    await start(names)
    expect(await client.sagas.pauseMany.mutate({ sagaIds: names, reason })).toEqual(
      names.map((sagaId) => ({ sagaId })),
    )
    const mixed = await client.sagas.resumeMany.mutate({
      sagaIds: ['k-0', 'nobody', 'k-1'],
      reason,
    })
    expect(mixed).toEqual([
      { sagaId: 'k-0' },
      { sagaId: 'nobody', error: { code: 'NOT_FOUND', message: 'There is no saga nobody' } },
      { sagaId: 'k-1' },
    ])
    const again = await client.sagas.resumeMany.mutate({ sagaIds: ['k-0', 'k-2'], reason })
    expect(again).toMatchObject([
      { sagaId: 'k-0', error: { code: 'WRONG_STATE' } },
      { sagaId: 'k-2' },
    ])
    const cancelled = await client.sagas.cancelMany.mutate({ sagaIds: names, reason })
    expect(cancelled.filter((answer) => 'error' in answer)).toEqual([])
    expect(await t.host.db.sagaExecution.count({ where: { status: 'ROLLED_BACK' } })).toBe(1_000)
  })

  it('retries of each saga what waits for it, and refuses those that have nothing', async () => {
    const owner = await t.as(await t.person('ADMIN'))
    await owner.participants.save({
      name: 'absent',
      title: 'Absent',
      kind: 'HTTP',
      endpointUrl: `http://127.0.0.1:${await closedPort()}/`,
      allowPrivateNetwork: true,
    })
    const source = `kind: saga
name: calls-nobody
start: call
steps:
  call: { type: action, participant: absent, operation: go, effect: readonly, retry: { attemptsMax: 5, strategy: FIXED, delayMs: 3600000, delayMaxMs: 3600000 } }
`
    await owner.definitions.create({ name: 'calls-nobody', source })
    await owner.definitions.publish({ name: 'calls-nobody', revision: 1 })
    const names = ids(20, 'absent')
    await start(names, 'calls-nobody')
    const retrying = () => client.sagas.get.query({ sagaId: 'absent-19' })
    await expect.poll(async () => (await retrying()).current).toContain('Retrying')
    await start(['listens'])
    const answers = await client.sagas.retryMany.mutate({
      sagaIds: [...names, 'listens', 'nobody'],
      reason,
    })
    expect(answers).toEqual([
      ...names.map((sagaId) => ({ sagaId })),
      {
        sagaId: 'listens',
        error: { code: 'WRONG_STATE', message: expect.stringContaining('no step that can be') },
      },
      { sagaId: 'nobody', error: expect.objectContaining({ code: 'NOT_FOUND' }) },
    ])
    const { entries } = await retrying()
    expect(entries.filter(({ message }) => message.type === 'retry')).toHaveLength(1)
    const resolved = await client.sagas.resolveMany.mutate({ sagaIds: names, reason })
    expect(resolved.every((answer) => 'error' in answer)).toBe(true)
    await client.sagas.cancelMany.mutate({ sagaIds: names, reason })
  })

  it('is idempotent by key, for many and for one', async () => {
    await start(['word'])
    const signal = { sagaId: 'word', name: 'word', payload: { n: 1 }, idempotencyKey: 'once' }
    const first = await client.sagas.signalMany.mutate({ signals: [signal, signal] })
    expect(first).toEqual([{ sagaId: 'word' }, { sagaId: 'word' }])
    expect(await client.sagas.signal.mutate(signal)).toEqual({ sagaId: 'word' })
    const { entries } = await client.sagas.journal.query({ sagaId: 'word' })
    expect(entries.map(({ message }) => message.type)).toEqual(['start', 'signal'])
  })

  it('that is too large, or holds what cannot be an id, is refused whole with the place', async () => {
    const refused = async (sagaIds: string[]) => {
      const error = await client.sagas.pauseMany.mutate({ sagaIds, reason }).catch((it) => it)
      return apiErrorData(error)?.issues.map(({ path }) => path)
    }
    expect(await refused(ids(1_001, 'x'))).toEqual([['sagaIds']])
    expect(await refused(['fine', 'not\u0000fine'])).toEqual([['sagaIds', 1]])
  })

  it('of decisions checks who may decide at each gate, and takes each once', async () => {
    await start(ids(3, 'gate'), 'asks')
    const chairman = await t.as(await t.person('CHAIRMAN'))
    const operator = await t.as(await t.person('OPERATOR'))
    const decide = (sagaId: string, more: object = {}) => ({
      sagaId,
      step: 'hear',
      decision: 'CONTINUE' as const,
      reasoning: '',
      seenSeq: 1,
      idempotencyKey: 'once',
      ...more,
    })
    const decisions = [
      decide('gate-0'),
      decide('gate-1', { decision: 'ABORT' }),
      decide('nobody'),
      decide('gate-2', { seenSeq: 0 }),
    ]
    const codes = (answers: object[]) =>
      answers.map((answer) => ('error' in answer ? (answer.error as { code: string }).code : 'ok'))
    const notTheirs = await operator.approvals.decideMany({ decisions })
    expect(codes(notTheirs)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'NOT_FOUND', 'FORBIDDEN'])
    const answers = await chairman.approvals.decideMany({ decisions })
    expect(codes(answers)).toEqual(['ok', 'INVALID_INPUT', 'NOT_FOUND', 'MOVED_ON'])
    expect(answers[0]).toEqual({ sagaId: 'gate-0', decisionId: expect.any(String) })
    // The gate is closed now: who decided gets the same answer, and nobody else gets past the check.
    expect(await chairman.approvals.decideMany({ decisions })).toEqual(answers)
    expect(await chairman.approvals.decide(decide('gate-0'))).toEqual({
      decisionId: (answers[0] as { decisionId: string }).decisionId,
    })
    expect(codes(await operator.approvals.decideMany({ decisions }))[0]).toBe('FORBIDDEN')
    expect(await t.host.db.chairmanSagaDecision.count()).toBe(1)
  })

  it('of starts tells of each that was not started', async () => {
    const answers = await client.sagas.startMany.mutate({
      sagas: [
        { definition: 'hears', input: null, id: 'fine' },
        { definition: 'nobody', input: null },
      ],
    })
    expect(answers).toEqual([
      { sagaId: 'fine' },
      { error: { code: 'NOT_FOUND', message: 'No version of nobody is published' } },
    ])
  })
})

describe('while the worker is too far behind', () => {
  it('new sagas are refused with 429, Retry-After and the time in the data, and what runs goes on', async () => {
    const blocker = new pg.Client({ connectionString: t.databaseUrl })
    await blocker.connect()
    await blocker.query('BEGIN')
    await blocker.query('LOCK TABLE journal IN EXCLUSIVE MODE')
    const early = client.sagas.start.mutate({ definition: 'hears', input: null, id: 'early' })
    try {
      await vi.waitFor(() => expect(t.host.runtime.health().backlogMs).toBeGreaterThan(300), {
        timeout: 5_000,
      })
      const error = await client.sagas.start
        .mutate({ definition: 'hears', input: null, id: 'late' })
        .catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(TRPCClientError)
      const data = apiErrorData(error)
      expect(data).toMatchObject({
        code: 'TOO_MANY_REQUESTS',
        httpStatus: 429,
        sagaCode: 'OVERLOADED',
        details: { sagaId: 'late' },
        retryAfterMs: expect.any(Number),
      })

      const response = await fetch(`${t.url}/api/trpc/sagas.start`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ json: { definition: 'hears', input: null, id: 'late' } }),
      })
      expect(response.status).toBe(429)
      const { error: said } = (await response.json()) as {
        error: { json: { data: { retryAfterMs: number } } }
      }
      const { retryAfterMs } = said.json.data
      expect(retryAfterMs).toBeGreaterThanOrEqual(500)
      expect(Number(response.headers.get('retry-after'))).toBe(Math.ceil(retryAfterMs / 1000))

      const [item] = await client.sagas.startMany.mutate({
        sagas: [{ definition: 'hears', input: null, id: 'late' }],
      })
      expect(item).toMatchObject({
        error: { code: 'OVERLOADED', retryAfterMs: expect.any(Number) },
      })
    } finally {
      await blocker.query('ROLLBACK')
      await blocker.end()
    }
    expect(await early).toEqual({ sagaId: 'early' })
    await vi.waitFor(
      () => client.sagas.start.mutate({ definition: 'hears', input: null, id: 'late' }),
      { timeout: 5_000 },
    )
  })

  it('answers that nothing refused carry no such header', async () => {
    const response = await fetch(`${t.url}/api/trpc/system.health`)
    expect(response.status).toBe(200)
    expect(response.headers.get('retry-after')).toBeNull()
  })
})
