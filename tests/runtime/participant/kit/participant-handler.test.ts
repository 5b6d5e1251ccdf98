/**
 * The kit against real HTTP, the real adapter and real PostgreSQL. Each test has a service of its own: a table
 * `effect`, in which an operation writes a row per time it took effect, and an inbox.
 */
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  createHttpParticipant,
  type HttpParticipant,
} from '../../../../runtime/participant/http-participant'
import { inboxSql, pruneInbox } from '../../../../runtime/participant/kit/inbox'
import {
  createParticipantHandler,
  INBOX_SQL,
  type Operation,
  type ParticipantHandler,
  type ParticipantHandlerOptions,
  pending,
  RetryableError,
  TerminalError,
} from '../../../../runtime/participant/kit/participant-handler'
import type { ParticipantCall } from '../../../../runtime/participant/participant'
import { parseCallback } from '../../../../runtime/participant/wire'
import {
  createWebhookSecret,
  parseWebhookSecret,
  signWebhook,
} from '../../../../runtime/security/webhook-signature'
import { systemClock } from '../../../../runtime/system'
import { bodyOf, callOf, never, serve } from '../support'

const secret = createWebhookSecret()
const schema = `kit_${process.pid}`
let pool: pg.Pool

beforeAll(async () => {
  pool = new pg.Pool({
    connectionString: inject('databaseUrl'),
    options: `-c search_path=${schema}`,
    max: 20,
  })
  await pool.query(`CREATE SCHEMA ${schema}`)
  await pool.query(`${INBOX_SQL} CREATE TABLE effect (key text NOT NULL, note text)`)
})
afterAll(() => pool.end())

/** A gate that operations wait at: `reached` when one stands before it, `open` lets all through. */
function gateOf() {
  let reach = () => {}
  let open = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const wait = () => {
    reach()
    return opened
  }
  return { reached, open: () => open(), wait }
}

const effect = async (...[input, { tx, key }]: Parameters<Operation>) => {
  await tx.query('INSERT INTO effect (key, note) VALUES ($1, $2)', [key, 'done'])
  return { echoed: input }
}
const undo: Operation = async (_, { tx, key, undone }) => {
  if (undone?.happened)
    await tx.query('INSERT INTO effect (key, note) VALUES ($1, $2)', [key, 'undone'])
  return undone
}

interface Service {
  url: string
  handler: ParticipantHandler
  participant: HttpParticipant
  call: (call: ParticipantCall) => ReturnType<HttpParticipant['call']>
}

async function serviceOf(
  operations: Record<string, Operation>,
  options: Partial<ParticipantHandlerOptions> & {
    wrap?: (listener: RequestListener) => RequestListener
    callbackUrl?: (token: string) => string
  } = {},
): Promise<Service> {
  const { wrap = (listener: RequestListener) => listener, callbackUrl, ...rest } = options
  const handler = createParticipantHandler({
    secrets: [secret],
    store: pool,
    operations: { effect, undo, ...operations },
    onError: () => {},
    ...rest,
  })
  const { url } = await serve(wrap(handler.listener))
  const participant = createHttpParticipant({
    name: 'service',
    endpointUrl: url,
    secrets: [secret],
    allowPrivateNetwork: true,
    clock: systemClock,
    ...(callbackUrl ? { callbackUrl } : {}),
  })
  return { url, handler, participant, call: (call) => participant.call(call, never) }
}

async function effects(key: string): Promise<number> {
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM effect WHERE key = $1', [key])
  return rows[0].n
}

const forward = (change: Partial<ParticipantCall> = {}) =>
  callOf({ operation: 'effect', ...change })
const compensation = (of: ParticipantCall, change: Partial<ParticipantCall> = {}) =>
  callOf({
    sagaId: of.sagaId,
    operation: 'undo',
    kind: 'compensation',
    key: `${of.key}:compensate`,
    undoes: of.key,
    ...change,
  })

describe('at most one effect', () => {
  it('takes effect once and gives every further attempt the stored answer', async () => {
    const service = await serviceOf({})
    const call = forward({ input: { a: 1 } })
    const answer = { ok: true, output: { echoed: { a: 1 } } }
    expect(await service.call(call)).toEqual(answer)
    expect(await service.call({ ...call, attempt: 2, call: 'step:2' })).toEqual(answer)
    expect(await effects(call.key)).toBe(1)
  })

  it('takes effect once when the reply was lost and the call is repeated', async () => {
    let lose = true
    const service = await serviceOf(
      {},
      {
        wrap: (listener) => (request, response) => {
          if (lose) response.end = () => response.destroy()
          lose = false
          return listener(request, response)
        },
      },
    )
    const call = forward()
    expect(await service.call(call)).toMatchObject({ ok: false, kind: 'unknown' })
    expect(await effects(call.key)).toBe(1)
    expect(await service.call({ ...call, attempt: 2 })).toMatchObject({ ok: true })
    expect(await effects(call.key)).toBe(1)
  })

  it('takes effect once when many duplicates come at the same time', async () => {
    const service = await serviceOf({})
    const call = forward()
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, (_, i) => service.call({ ...call, attempt: i + 1 })),
    )
    for (const outcome of outcomes) expect(outcome).toMatchObject({ ok: true })
    expect(await effects(call.key)).toBe(1)
  })

  it('lets a duplicate wait for the first, not run beside it', async () => {
    const gate = gateOf()
    let runs = 0
    const service = await serviceOf({
      async slow(input, context) {
        runs++
        await gate.wait()
        return effect(input, context)
      },
    })
    const call = forward({ operation: 'slow' })
    const first = service.call(call)
    await gate.reached
    const second = service.call({ ...call, attempt: 2 })
    await waitsForLock()
    gate.open()
    expect(await first).toEqual(await second)
    expect(runs).toBe(1)
    expect(await effects(call.key)).toBe(1)
  })

  it('runs the duplicate when the first is rolled back', async () => {
    const gate = gateOf()
    let runs = 0
    const service = await serviceOf({
      async flaky(input, context) {
        const output = await effect(input, context)
        if (++runs > 1) return output
        await gate.wait()
        throw new RetryableError('BUSY', 'try again')
      },
    })
    const call = forward({ operation: 'flaky' })
    const first = service.call(call)
    await gate.reached
    const second = service.call({ ...call, attempt: 2 })
    await waitsForLock()
    gate.open()
    expect(await first).toMatchObject({ kind: 'retryable', code: 'BUSY' })
    expect(await second).toMatchObject({ ok: true })
    expect(await effects(call.key)).toBe(1)
  })

  it('repeats a terminal failure, and leaves nothing of what was written before it', async () => {
    let runs = 0
    const service = await serviceOf({
      async refuse(input, context) {
        await effect(input, context)
        throw new TerminalError('NO_FUNDS', `none left, asked ${++runs} times`)
      },
    })
    const call = forward({ operation: 'refuse' })
    const refusal = {
      ok: false,
      kind: 'terminal',
      code: 'NO_FUNDS',
      message: 'none left, asked 1 times',
    }
    expect(await service.call(call)).toEqual(refusal)
    expect(await service.call(call)).toEqual(refusal)
    expect(await effects(call.key)).toBe(0)
  })

  it('remembers nothing of a retryable or an unexpected failure', async () => {
    const failures = [
      new RetryableError('BUSY', 'try again', 1_500),
      new Error('password=hunter2'),
      null,
    ]
    const seen: unknown[] = []
    const service = await serviceOf(
      {
        async flaky(input, context) {
          const output = await effect(input, context)
          const failure = failures.shift()
          if (failure) throw failure
          return output
        },
      },
      { onError: (error) => seen.push(error) },
    )
    const call = forward({ operation: 'flaky' })
    expect(await service.call(call)).toMatchObject({ kind: 'retryable', retryAfterMs: 1_500 })
    const unexpected = await service.call(call)
    expect(unexpected).toMatchObject({ kind: 'unknown', code: 'OPERATION_FAILED' })
    expect(JSON.stringify(unexpected)).not.toContain('hunter2')
    expect(seen).toMatchObject([{ message: 'password=hunter2' }])
    expect(await service.call(call)).toMatchObject({ ok: true })
    expect(await effects(call.key)).toBe(1)
  })

  it('counts a lost serialization race as retryable', async () => {
    const service = await serviceOf({
      async race(_, { tx }) {
        await tx.query("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
      },
    })
    expect(await service.call(forward({ operation: 'race' }))).toMatchObject({
      kind: 'retryable',
      code: 'TRANSACTION_CONFLICT',
    })
  })

  it('takes the same request in another order of keys, and refuses another request', async () => {
    const service = await serviceOf({})
    const call = forward({ input: { a: 1, b: { c: 2, d: 3 } } })
    await service.call(call)
    expect(await service.call({ ...call, input: { b: { d: 3, c: 2 }, a: 1 } })).toMatchObject({
      ok: true,
    })
    for (const other of [{ input: { a: 2 } }, { operation: 'undo' }])
      expect(await service.call({ ...call, ...other })).toMatchObject({
        kind: 'terminal',
        code: 'KEY_REUSED',
      })
    expect(await effects(call.key)).toBe(1)
  })

  it('rolls back what outlives its time, even when it goes on', async () => {
    const gate = gateOf()
    const tried = gateOf()
    const service = await serviceOf({
      async slow(input, context) {
        await effect(input, context)
        await gate.wait()
        await effect(input, context).catch(tried.wait)
      },
    })
    const call = forward({ operation: 'slow', deadline: Date.now() + 10_000 })
    const answer = await service.handler.handle({
      ...requestOf(call, { deadline: new Date(nowSeconds() * 1000).toISOString() }),
    })
    expect(answer).toMatchObject({ status: 500, body: expect.stringContaining('TIMEOUT') })
    gate.open()
    await tried.reached
    expect(await effects(call.key)).toBe(0)
    tried.open()
  })

  it('does not let an operation end the transaction, or write after it has ended', async () => {
    let late: (() => Promise<unknown>) | undefined
    const service = await serviceOf({
      commit: async (_, { tx }) => void (await tx.query(' commit')),
      leak: async (_, { tx, key }) => {
        late = () => tx.query('INSERT INTO effect (key) VALUES ($1)', [key])
      },
    })
    expect(await service.call(forward({ operation: 'commit' }))).toMatchObject({ kind: 'unknown' })
    expect(await service.call(forward({ operation: 'leak' }))).toMatchObject({ ok: true })
    await expect(Promise.resolve(late?.())).rejects.toThrow('has ended')
  })

  it('does not remember a transaction that failed behind the back of its operation', async () => {
    const service = await serviceOf({
      async careless(input, context) {
        await effect(input, context)
        await context.tx.query('SELECT 1 / 0').catch(() => {})
      },
    })
    const call = forward({ operation: 'careless' })
    expect(await service.call(call)).toMatchObject({ kind: 'unknown' })
    expect(await effects(call.key)).toBe(0)
  })

  it('says that nothing happened when there is no database', async () => {
    const away = new pg.Pool({ host: '127.0.0.1', port: 9 })
    const service = await serviceOf({}, { store: away })
    expect(await service.call(forward())).toMatchObject({ kind: 'retryable', code: 'UNAVAILABLE' })
    expect(await service.participant.probe()).toBeNull()
    expect((await fetch(`${service.url}/health`)).status).toBe(503)
  })
})

describe('compensation', () => {
  it('is told what it undoes', async () => {
    const service = await serviceOf({})
    const call = forward({ input: 1 })
    await service.call(call)
    expect(await service.call(compensation(call))).toEqual({
      ok: true,
      output: { happened: true, pending: false, output: { echoed: 1 } },
    })
    expect(await effects(`${call.key}:compensate`)).toBe(1)
  })

  it('of a call that never came does nothing, and keeps it from coming', async () => {
    const service = await serviceOf({})
    const call = forward()
    expect(await service.call(compensation(call))).toEqual({
      ok: true,
      output: { happened: false, pending: false, output: null },
    })
    expect(await service.call(call)).toMatchObject({ kind: 'terminal', code: 'UNDONE' })
    expect(await effects(call.key)).toBe(0)
    expect(await effects(`${call.key}:compensate`)).toBe(0)
  })

  it('of a call that was refused does nothing', async () => {
    const service = await serviceOf({
      refuse: () => {
        throw new TerminalError('NO', 'no')
      },
    })
    const call = forward({ operation: 'refuse' })
    await service.call(call)
    expect(await service.call(compensation(call))).toMatchObject({ output: { happened: false } })
  })

  it('makes every later attempt of the call it undid fail', async () => {
    const service = await serviceOf({})
    const call = forward()
    await service.call(call)
    await service.call(compensation(call))
    expect(await service.call({ ...call, attempt: 2 })).toMatchObject({ code: 'UNDONE' })
    expect(await effects(call.key)).toBe(1)
  })

  it('waits for a forward call that is still running', async () => {
    const gate = gateOf()
    const service = await serviceOf({
      async slow(input, context) {
        const output = await effect(input, context)
        await gate.wait()
        return output
      },
    })
    const call = forward({ operation: 'slow' })
    const running = service.call(call)
    await gate.reached
    const undoing = service.call(compensation(call))
    await waitsForLock()
    gate.open()
    expect(await running).toMatchObject({ ok: true })
    expect(await undoing).toMatchObject({ output: { happened: true } })
  })

  it('takes effect once, however often it is called', async () => {
    const service = await serviceOf({})
    const call = forward()
    await service.call(call)
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => service.call(compensation(call))),
    )
    for (const outcome of outcomes) expect(outcome).toMatchObject({ output: { happened: true } })
    expect(await effects(`${call.key}:compensate`)).toBe(1)
  })

  it('wins or loses against its forward call as a whole, whatever the timing', async () => {
    const service = await serviceOf({})
    for (let round = 0; round < 30; round++) {
      const call = forward()
      const both = [service.call(call), service.call(compensation(call))]
      if (round % 2) both.reverse()
      await Promise.all(both)
      expect(await effects(`${call.key}:compensate`)).toBe(await effects(call.key))
    }
  })

  it('can be tried again after it was refused, and still keeps the call from coming', async () => {
    let refuse = true
    const service = await serviceOf({
      async undoLater(input, context) {
        if (refuse) throw new TerminalError('LOCKED', 'somebody must unlock it first')
        return undo(input, context)
      },
    })
    const call = forward()
    const undoing = compensation(call, { operation: 'undoLater' })
    expect(await service.call(undoing)).toMatchObject({ kind: 'terminal', code: 'LOCKED' })
    expect(await service.call(call)).toMatchObject({ code: 'UNDONE' })
    refuse = false
    expect(await service.call(undoing)).toMatchObject({ output: { happened: false } })
  })
})

describe('an answer that comes later', () => {
  async function listening() {
    const bodies: { url: string | undefined; body: string }[] = []
    const answers: number[] = []
    const { url } = await serve(async (request, response) => {
      bodies.push({ url: request.url, body: await bodyOf(request) })
      response.writeHead(answers.shift() ?? 200).end()
    })
    return { bodies, answers, callbackUrl: (token: string) => `${url}/callbacks/${token}` }
  }

  it('is delivered by callback, with the token of that call', async () => {
    const { bodies, callbackUrl } = await listening()
    const service = await serviceOf({ slow: () => pending() }, { callbackUrl })
    const call = forward({ operation: 'slow', callbackToken: 'token-1' })
    expect(await service.call(call)).toEqual({ pending: true })
    expect(await service.handler.callbacks.deliverDue()).toBe(0)
    const outcome = { ok: true as const, output: { done: true } }
    expect(await service.handler.complete(call.key, outcome)).toBe('completed')
    expect(await service.handler.callbacks.deliverDue()).toBe(1)
    expect(await service.handler.callbacks.deliverDue()).toBe(0)
    expect(bodies.map(({ url }) => url)).toEqual(['/callbacks/token-1'])
    expect(parseCallback(bodies[0]?.body ?? '')).toEqual({ ok: true, outcome })
    expect(await service.call(call)).toEqual(outcome)
  })

  it('may be a refusal', async () => {
    const { bodies, callbackUrl } = await listening()
    const service = await serviceOf({ slow: () => pending() }, { callbackUrl })
    const call = forward({ operation: 'slow' })
    await service.call(call)
    const refusal = { ok: false as const, code: 'REJECTED', message: 'by hand' }
    await service.handler.complete(call.key, refusal)
    await service.handler.callbacks.deliverDue()
    const outcome = { ...refusal, kind: 'terminal' }
    expect(parseCallback(bodies[0]?.body ?? '')).toEqual({ ok: true, outcome })
    expect(await service.call(call)).toEqual(outcome)
  })

  it('goes to the newest attempt, and again until it is taken', async () => {
    const { bodies, answers, callbackUrl } = await listening()
    const service = await serviceOf({ slow: () => pending() }, { callbackUrl })
    const call = forward({ operation: 'slow', callbackToken: 'first' })
    await service.call(call)
    expect(await service.call({ ...call, attempt: 2, callbackToken: 'second' })).toEqual({
      pending: true,
    })
    await service.handler.complete(call.key, { ok: true, output: 1 })
    answers.push(503, 200)
    expect(await service.handler.callbacks.deliverDue()).toBe(0)
    await expect.poll(() => service.handler.callbacks.deliverDue()).toBe(1)
    expect(bodies.map(({ url }) => url)).toEqual(['/callbacks/second', '/callbacks/second'])
  })

  it('is given up when the runtime says that it is too late', async () => {
    const { answers, callbackUrl } = await listening()
    const service = await serviceOf({ slow: () => pending() }, { callbackUrl })
    const call = forward({ operation: 'slow' })
    await service.call(call)
    await service.handler.complete(call.key, { ok: true, output: 1 })
    answers.push(409)
    expect(await service.handler.callbacks.deliverDue()).toBe(1)
    const { rows } = await pool.query('SELECT callback_at FROM saga_inbox WHERE key = $1', [
      call.key,
    ])
    expect(rows).toEqual([{ callback_at: null }])
  })

  it('that is known already waits for its time only', async () => {
    const { bodies, callbackUrl } = await listening()
    const service = await serviceOf(
      {
        slow: async (input, context) =>
          pending({ output: await effect(input, context), afterMs: 0 }),
      },
      { callbackUrl },
    )
    const call = forward({ operation: 'slow', input: 7 })
    expect(await service.call(call)).toEqual({ pending: true })
    await service.handler.callbacks.deliverDue()
    expect(bodies).toHaveLength(1)
    expect(await service.call(call)).toEqual({ ok: true, output: { echoed: 7 } })
    expect(await effects(call.key)).toBe(1)
  })

  it('is not delivered once it was compensated', async () => {
    const { bodies, callbackUrl } = await listening()
    const service = await serviceOf({ slow: () => pending() }, { callbackUrl })
    const call = forward({ operation: 'slow' })
    await service.call(call)
    expect(await service.call(compensation(call))).toMatchObject({
      output: { happened: true, pending: true },
    })
    expect(await service.handler.complete(call.key, { ok: true, output: 1 })).toBe('undone')
    await service.handler.callbacks.deliverDue()
    expect(bodies).toEqual([])
    expect(await service.handler.complete('absent', { ok: true, output: 1 })).toBe('absent')
  })

  it('goes out by itself once the sender was started', async () => {
    const { bodies, callbackUrl } = await listening()
    const service = await serviceOf(
      { slow: () => pending({ output: 1, afterMs: 0 }) },
      { callbackUrl },
    )
    service.handler.callbacks.start()
    await service.call(forward({ operation: 'slow' }))
    await expect.poll(() => bodies.length, { timeout: 5_000 }).toBe(1)
    await service.handler.callbacks.stop()
  })
})

describe('the border', () => {
  it.each<[string, number, Bend]>([
    ['another secret', 401, { secret: createWebhookSecret() }],
    ['an old timestamp', 401, { atSeconds: nowSeconds() - 400 }],
    ['a body that was changed', 401, { change: (body: string) => `${body} ` }],
    ['no signature', 401, { headers: { 'webhook-signature': '' } }],
    ['a body that is not JSON', 400, { raw: 'nonsense' }],
    ['a body without a key', 400, { raw: '{"sagaId":"s"}' }],
    ['a path that is not the signed operation', 400, { path: '/undo' }],
    ['an Idempotency-Key that is not the signed one', 400, { headers: { 'idempotency-key': 'x' } }],
    ['a Saga-Undoes that is not signed', 400, { headers: { 'saga-undoes': 'x' } }],
    ['an unknown operation', 404, { operation: 'absent' }],
    ['an operation of the prototype', 404, { operation: 'constructor' }],
    ['GET', 405, { method: 'GET' }],
    ['nothing wrong', 200, {}],
  ])('answers %s with %i', async (_, status, change) => {
    const { handler } = await serviceOf({})
    const call = forward({ operation: change.operation ?? 'effect' })
    const answer = await handler.handle(requestOf(call, {}, change))
    expect(answer.status, answer.body).toBe(status)
  })

  it('answers a body that is too large with 413, by Node and by fetch', async () => {
    const service = await serviceOf({}, { bodyBytesMax: 2_000 })
    const call = forward({ input: 'x'.repeat(300_000) })
    expect(await service.call(call)).toMatchObject({ kind: 'terminal', code: 'BODY_TOO_LARGE' })
    const body = 'x'.repeat(300_000)
    const response = await service.handler.fetch(
      new Request('http://service/effect', { method: 'POST', body }),
    )
    expect(response.status).toBe(413)
  })

  it('survives a sender that breaks off', async () => {
    const service = await serviceOf({})
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write('POST /effect HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{')
    socket.destroy()
    expect(await service.call(forward())).toMatchObject({ ok: true })
  })

  it('serves the same by fetch', async () => {
    const { handler } = await serviceOf({})
    const call = forward({ input: 5 })
    const request = requestOf(call, {})
    const body = await request.body(1e6)
    const response = await handler.fetch(
      new Request('http://service/base/effect', {
        method: 'POST',
        headers: request.headers,
        body: body === 'too-large' ? '' : Buffer.from(body),
      }),
    )
    expect([response.status, await response.json()]).toEqual([200, { echoed: 5 }])
  })

  it('takes both secrets during a rotation', async () => {
    const next = createWebhookSecret()
    const { handler } = await serviceOf({}, { secrets: [next, secret] })
    for (const one of [next, secret])
      expect((await handler.handle(requestOf(forward(), {}, { secret: one }))).status).toBe(200)
  })

  it('refuses a call too many as retryable', async () => {
    const gate = gateOf()
    const service = await serviceOf({ slow: () => gate.wait() }, { callsMax: 1 })
    const first = service.call(forward({ operation: 'slow' }))
    await gate.reached
    expect(await service.call(forward())).toMatchObject({ kind: 'retryable', code: 'OVERLOADED' })
    gate.open()
    await first
  })

  it('counts no call for ever whose caller went away before it came to the handler', async () => {
    const gone: Promise<void>[] = []
    const service = await serviceOf(
      {},
      {
        callsMax: 2,
        wrap: (listener) => async (request, response) => {
          if (request.url?.endsWith('/leave')) {
            gone.push(new Promise<void>((resolve) => request.once('close', resolve)))
            request.socket.destroy()
            await gone.at(-1)
          }
          listener(request, response)
        },
      },
    )
    for (let n = 0; n < 3; n++)
      await fetch(`${service.url}/leave`, { method: 'POST', body: '{}' }).catch(() => {})
    await Promise.all(gone)
    expect(gone).toHaveLength(3)
    expect(await service.call(forward())).toMatchObject({ ok: true })
  })

  it('tells health', async () => {
    const { url } = await serviceOf({})
    const response = await fetch(`${url}/any/health`)
    expect([response.status, await response.json()]).toEqual([200, { status: 'UP' }])
  })

  it('works with a table of any name in any schema, and prunes it', async () => {
    const table = `${schema}.other_inbox`
    await pool.query(inboxSql(table))
    await pool.query(inboxSql(table))
    const service = await serviceOf({}, { table })
    const call = forward()
    await service.call(call)
    expect(await pruneInbox(pool, 1, table)).toBe(0)
    expect(await pruneInbox(pool, 0, table)).toBe(1)
    expect(() => inboxSql('inbox; DROP TABLE effect')).toThrow('no table name')
  })
})

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

interface Bend {
  operation?: string
  secret?: string
  atSeconds?: number
  change?: (body: string) => string
  raw?: string
  path?: string
  method?: string
  headers?: Record<string, string>
}

/** A request as the adapter would make it, bent in one place. */
function requestOf(call: ParticipantCall, body: Record<string, unknown>, bent: Bend = {}) {
  const payload =
    bent.raw ??
    JSON.stringify({
      sagaId: call.sagaId,
      step: call.step,
      operation: call.operation,
      kind: call.kind,
      attempt: call.attempt,
      input: call.input,
      key: call.key,
      deadline: new Date(call.deadline).toISOString(),
      ...body,
    })
  const headers: Record<string, string> = {
    ...signWebhook({
      id: 'msg_1',
      atSeconds: bent.atSeconds ?? nowSeconds(),
      payload,
      keys: [parseWebhookSecret(bent.secret ?? secret)],
    }),
    ...bent.headers,
  }
  const sent = Buffer.from(bent.change?.(payload) ?? payload)
  return {
    method: bent.method ?? 'POST',
    path: bent.path ?? `/${call.operation}`,
    headers,
    header: (name: string) => headers[name] ?? null,
    body: async (bytesMax: number) => (sent.length > bytesMax ? ('too-large' as const) : sent),
  }
}

/** Resolves when some transaction of this schema's sessions waits for another. */
async function waitsForLock(): Promise<void> {
  await expect
    .poll(async () => {
      const { rows } = await pool.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity
          WHERE wait_event_type = 'Lock' AND query LIKE '%saga_inbox%'`,
      )
      return rows[0].n
    })
    .toBeGreaterThan(0)
}
