import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HealthSample } from '../../../runtime/participant/health'
import {
  createHttpParticipant,
  type HttpParticipantConfig,
} from '../../../runtime/participant/http-participant'
import {
  createWebhookSecret,
  parseWebhookSecret,
  verifyWebhook,
} from '../../../runtime/security/webhook-signature'
import { systemClock } from '../../../runtime/system'
import { conformsAsParticipant } from './conformance'
import { bodyOf, callOf, never, serve } from './support'

const secret = createWebhookSecret()

function participantAt(endpointUrl: string, change: Partial<HttpParticipantConfig> = {}) {
  const participant = createHttpParticipant({
    name: 'test',
    endpointUrl,
    secrets: [secret],
    allowPrivateNetwork: true,
    clock: systemClock,
    ...change,
  })
  onTestFinished(async () => void participant.close())
  return participant
}

/** A service that answers as told. */
async function answering(respond: (request: IncomingMessage, response: ServerResponse) => void) {
  const { url } = await serve((request, response) => {
    request.resume()
    request.on('end', () => respond(request, response))
  })
  return participantAt(url)
}

const said = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  answering((_, response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body)),
  )

describe('an HTTP participant', () => {
  conformsAsParticipant(async () => {
    let began = () => {}
    const hanging = new Promise<void>((resolve) => {
      began = resolve
    })
    const { url } = await serve(async (request, response) => {
      const { input } = JSON.parse(await bodyOf(request))
      const answer = (status: number, body?: unknown) =>
        response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body))
      switch (request.url) {
        case '/ops/work':
          return answer(200, input)
        case '/ops/nothing':
          return answer(204)
        case '/ops/refuse':
          return answer(422, { code: 'NO_FUNDS', message: 'NO_FUNDS it is' })
        case '/ops/busy':
          return answer(503, { kind: 'retryable', code: 'BUSY', message: 'BUSY it is' })
        case '/ops/later':
          return response.writeHead(429, { 'retry-after': '3' }).end()
        case '/ops/crash':
          return answer(500, { message: 'x is not a function' })
        case '/ops/huge':
          return answer(200, 'x'.repeat(1_000_001))
        case '/ops/nul':
          return answer(200, '\0')
        case '/ops/hang':
          return began()
        default:
          return answer(404)
      }
    })
    return { participant: participantAt(`${url}/ops/`), hanging }
  })

  it('sends one signed POST whose body carries everything that counts', async () => {
    const seen: { request: IncomingMessage; body: string }[] = []
    const { url } = await serve(async (request, response) => {
      seen.push({ request, body: await bodyOf(request) })
      response.end('1')
    })
    const next = createWebhookSecret()
    const participant = participantAt(`${url}/ledger`, {
      secrets: [next, secret],
      callbackUrl: (token) => `https://saga.example.com/callbacks/${token}`,
    })
    const call = callOf({
      sagaId: 'saga.1',
      operation: 'release',
      kind: 'compensation',
      attempt: 2,
      key: 'saga.1:step:compensate',
      undoes: 'saga.1:step',
      input: { a: 1 },
      deadline: Date.now() + 4_000,
    })
    expect(await participant.call(call, never)).toEqual({ ok: true, output: 1 })

    const { request, body } = seen[0] ?? { request: null, body: '' }
    expect(request?.method).toBe('POST')
    expect(request?.url).toBe('/ledger/release')
    const deadline = new Date(call.deadline).toISOString()
    expect(JSON.parse(body)).toEqual({
      sagaId: 'saga.1',
      step: 'step',
      operation: 'release',
      kind: 'compensation',
      attempt: 2,
      input: { a: 1 },
      key: 'saga.1:step:compensate',
      undoes: 'saga.1:step',
      deadline,
      callback: 'https://saga.example.com/callbacks/token',
    })
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'saga%2E1:step:1',
      'idempotency-key': 'saga.1:step:compensate',
      'saga-undoes': 'saga.1:step',
      'saga-deadline': deadline,
      'saga-callback': 'https://saga.example.com/callbacks/token',
      traceparent: call.traceparent,
    })
    for (const one of [next, secret])
      expect(
        verifyWebhook({
          header: (name) => [request?.headers[name]].flat()[0],
          payload: body,
          keys: [parseWebhookSecret(one)],
          nowSeconds: Date.now() / 1000,
        }),
      ).toEqual({ ok: true, id: 'saga%2E1:step:1' })
  })

  it('writes ids and keys of any characters into headers, one to one', async () => {
    const keys: unknown[] = []
    const participant = await answering((request, response) => {
      keys.push(request.headers['idempotency-key'])
      response.end()
    })
    for (const key of ['ä\n:1', 'a b', 'a%20b'])
      expect(await participant.call(callOf({ key }), never)).toMatchObject({ ok: true })
    expect(keys).toEqual(['%C3%A4%0A:1', 'a%20b', 'a%2520b'])
  })

  it.each([
    [200, '{"a":1}', { ok: true, output: { a: 1 } }],
    [201, '', { ok: true, output: null }],
    [202, '', { pending: true }],
    [200, '<html>', { kind: 'unknown', code: 'BAD_ANSWER' }],
    [301, '', { kind: 'unknown', code: 'HTTP_301' }],
    [307, '', { kind: 'unknown', code: 'HTTP_307' }],
    [400, '', { kind: 'terminal', code: 'HTTP_400' }],
    [401, { code: 'BAD_SIGNATURE' }, { kind: 'terminal', code: 'BAD_SIGNATURE' }],
    [409, { code: 'UNDONE' }, { kind: 'terminal', code: 'UNDONE' }],
    [422, { code: 'no upper snake case' }, { kind: 'terminal', code: 'HTTP_422' }],
    [422, '<html>', { kind: 'terminal', code: 'HTTP_422' }],
    [422, { kind: 'retryable', code: 'A' }, { kind: 'terminal', code: 'A' }],
    [408, '', { kind: 'retryable', code: 'HTTP_408' }],
    [425, '', { kind: 'retryable', code: 'HTTP_425' }],
    [429, { code: 'SLOW_DOWN' }, { kind: 'retryable', code: 'SLOW_DOWN' }],
    [500, { kind: 'retryable', code: 'A' }, { kind: 'retryable', code: 'A' }],
    [503, '', { kind: 'unknown', code: 'HTTP_503' }],
    [503, { kind: 'terminal' }, { kind: 'unknown', code: 'HTTP_503' }],
  ])('reads %i with %j as %j', async (status, body, outcome) => {
    const participant = await said(status, body)
    expect(await participant.call(callOf(), never)).toMatchObject(outcome)
  })

  it.each([
    ['7', 7_000, 0],
    [new Date(Date.now() + 60_000).toUTCString(), 60_000, 3_000],
    [new Date(0).toUTCString(), 0, 0],
    ['99999999', 86_400_000, 0],
  ])('passes on Retry-After: %s', async (value, expected, tolerance) => {
    const participant = await said(429, '', { 'retry-after': value })
    const outcome = await participant.call(callOf(), never)
    const { retryAfterMs = -1 } = outcome as { retryAfterMs?: number }
    expect(Math.abs(retryAfterMs - expected)).toBeLessThanOrEqual(tolerance)
  })

  it('does not wait for a result that has no address to come to', async () => {
    const bodies: string[] = []
    const { url } = await serve(async (request, response) => {
      bodies.push(await bodyOf(request))
      expect(request.headers['saga-callback']).toBeUndefined()
      response.writeHead(202).end()
    })
    const participant = participantAt(url, { callbackUrl: () => null })
    expect(await participant.call(callOf(), never)).toMatchObject({
      kind: 'unknown',
      code: 'NO_CALLBACK_ADDRESS',
      message: expect.stringContaining('NEXTAUTH_URL'),
    })
    expect(JSON.parse(bodies[0] ?? '')).not.toHaveProperty('callback')
  })

  it('does not follow a redirect', async () => {
    const paths: unknown[] = []
    const participant = await answering((request, response) => {
      paths.push(request.url)
      response.writeHead(307, { location: '/elsewhere' }).end()
    })
    expect(await participant.call(callOf(), never)).toMatchObject({ kind: 'unknown' })
    expect(paths).toEqual(['/work'])
  })

  it('reads no more than a megabyte of an endless answer', async () => {
    let sent = 0
    const participant = await answering((_, response) => {
      const chunk = Buffer.alloc(65_536, 0x20)
      const more = () => {
        while (!response.destroyed && sent < 100_000_000) {
          sent += chunk.length
          if (!response.write(chunk)) return response.once('drain', more)
        }
      }
      more()
    })
    expect(await participant.call(callOf(), never)).toMatchObject({
      kind: 'unknown',
      code: 'ANSWER_TOO_LARGE',
    })
    expect(sent).toBeLessThan(20_000_000)
  })

  it.each([
    ['before any answer', (response: ServerResponse) => response.destroy()],
    [
      'within the answer',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"a"')
        setImmediate(() => response.destroy())
      },
    ],
  ])('does not know what happened when the connection is lost %s', async (_, lose) => {
    const participant = await answering((_request, response) => void lose(response))
    expect(await participant.call(callOf(), never)).toMatchObject({ ok: false, kind: 'unknown' })
  })

  it('knows the refusal of an answer whose body is cut off', async () => {
    const participant = await answering((_, response) => {
      response.writeHead(422, { 'content-length': '100' }).write('{"code"')
      setImmediate(() => response.destroy())
    })
    expect(await participant.call(callOf(), never)).toMatchObject({
      kind: 'terminal',
      code: 'HTTP_422',
    })
  })

  it('knows that nothing happened when the connection was refused', async () => {
    const server = createTcpServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    const port = typeof address === 'object' ? address?.port : 0
    const participant = participantAt(`http://127.0.0.1:${port}`)
    expect(await participant.call(callOf(), never)).toMatchObject({
      kind: 'retryable',
      code: 'ECONNREFUSED',
    })
  })

  it('knows that nothing happened when the name does not resolve', async () => {
    const participant = participantAt('http://nowhere.invalid:8080')
    expect(await participant.call(callOf(), never)).toMatchObject({ kind: 'retryable' })
  })

  it('knows that nothing happened when the other side does not speak TLS', async () => {
    const { port } = await serve((_, response) => response.end())
    const participant = participantAt(`https://127.0.0.1:${port}`)
    expect(await participant.call(callOf(), never)).toMatchObject({ kind: 'retryable' })
  })

  it('opens no socket to a private address unless that is allowed', async () => {
    let connections = 0
    const { port, server } = await serve((_, response) => response.end())
    server.on('connection', () => connections++)
    // a name, so that only the look-up can tell
    const participant = participantAt(`https://localhost:${port}`, { allowPrivateNetwork: false })
    expect(await participant.call(callOf(), never)).toMatchObject({
      kind: 'terminal',
      code: 'ADDRESS_REFUSED',
    })
    expect(connections).toBe(0)
  })

  it('is not made for an endpoint or a secret that will not do', () => {
    expect(() => participantAt('https://10.0.0.1/', { allowPrivateNetwork: false })).toThrow(
      'private network',
    )
    expect(() => participantAt('http://127.0.0.1/', { secrets: ['whsec_short'] })).toThrow('bytes')
    expect(() => participantAt('http://127.0.0.1/', { secrets: [] })).toThrow('no secret')
  })

  it('reads no proxy from the environment', async () => {
    let proxied = 0
    const proxy = await serve((_, response) => {
      proxied++
      response.end()
    })
    process.env.HTTP_PROXY = process.env.http_proxy = proxy.url
    onTestFinished(() => {
      delete process.env.HTTP_PROXY
      delete process.env.http_proxy
    })
    const participant = await said(200, { direct: true })
    expect(await participant.call(callOf(), never)).toEqual({ ok: true, output: { direct: true } })
    expect(proxied).toBe(0)
  })

  it('never sends a call whose time ran out while it waited for a socket', async () => {
    const steps: string[] = []
    const release: (() => void)[] = []
    const { url } = await serve(async (request, response) => {
      steps.push(JSON.parse(await bodyOf(request)).step)
      release.push(() => response.end())
    })
    const participant = participantAt(url, { connections: 1 })
    const first = participant.call(callOf({ step: 'first' }), never)
    const second = participant.call(callOf({ step: 'second', deadline: Date.now() + 40 }), never)
    expect(await second).toMatchObject({ kind: 'retryable', code: 'TIMEOUT' })
    release.shift()?.()
    expect(await first).toMatchObject({ ok: true })
    const third = participant.call(callOf({ step: 'third' }), never)
    await expect.poll(() => release.length).toBe(1)
    release.shift()?.()
    await third
    expect(steps).toEqual(['first', 'third'])
  })

  it('keeps its sockets', async () => {
    const { url, server } = await serve((_, response) => response.end('{}'))
    let connections = 0
    server.on('connection', () => connections++)
    const participant = participantAt(url)
    for (let i = 0; i < 20; i++) await participant.call(callOf(), never)
    // two, because a socket is free again only a moment after its answer
    expect(connections).toBeLessThanOrEqual(2)
  })

  it('opens no more sockets than it may', async () => {
    let most = 0
    let open = 0
    const { url } = await serve((_, response) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        response.end()
      })
    })
    const participant = participantAt(url, { connections: 3 })
    await Promise.all(Array.from({ length: 30 }, () => participant.call(callOf(), never)))
    expect(most).toBeLessThanOrEqual(3)
  })

  it('refuses a call too many without sending it', async () => {
    const { url } = await serve(() => {})
    const participant = participantAt(url, { callsMax: 1 })
    const abort = new AbortController()
    const first = participant.call(callOf(), abort.signal)
    expect(await participant.call(callOf(), never)).toMatchObject({
      kind: 'retryable',
      code: 'OVERLOADED',
    })
    abort.abort()
    await first
  })

  it('waits no longer than the participant is allowed to take', async () => {
    const { url } = await serve(() => {})
    const participant = participantAt(url, { timeoutMs: 40 })
    expect(await participant.call(callOf(), never)).toMatchObject({
      kind: 'unknown',
      code: 'TIMEOUT',
    })
  })

  it('reports health from calls and probes', async () => {
    let status = 200
    const { url } = await serve((_, response) => response.writeHead(status).end('{}'))
    const samples: HealthSample[] = []
    const participant = participantAt(url, {
      healthUrl: `${url}/health?deep=1`,
      onSample: (sample) => samples.push(sample),
    })
    await participant.call(callOf(), never)
    expect(await participant.probe()).toMatchObject({ ok: true, source: 'probe' })
    status = 503
    expect(await participant.probe()).toMatchObject({
      ok: false,
      error: expect.stringContaining('503'),
    })
    expect(samples.map(({ source, ok }) => [source, ok])).toEqual([
      ['call', true],
      ['probe', true],
      ['probe', false],
    ])
  })
})
