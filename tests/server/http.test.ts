/**
 * The API over real HTTP: errors as clients get them, cross-site requests, bodies, and streams that are cut.
 */
import { TRPCClientError } from '@trpc/client'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { AppRouter } from '@/server/api/root'
import { apiErrorData, createSagawrightClient, type SagawrightClient } from '@/server/client'
import { ORIGIN, openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let client: SagawrightClient
let owner: Awaited<ReturnType<TestHost['as']>>
let cookie: string
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  const user = await t.person('ADMIN')
  owner = await t.as(user)
  const me = await owner.users.me()
  const { key } = await owner.apiKeys.create({ name: 'tests', scopes: me?.permissions ?? [] })
  client = createSagawrightClient({ url: t.url, apiKey: key })
  cookie = await t.cookieFor(user.id)
  await client.definitions.create.mutate({
    name: 'hears',
    source: `kind: saga
name: hears
input: { type: object, required: [n], properties: { n: { type: integer } } }
start: hear
steps:
  hear: { type: signal, signal: word, next: done }
  done: { type: end, output: { n: input.n } }
`,
  })
  await client.definitions.publish.mutate({ name: 'hears', revision: 1 })
})
afterAll(() => t.stop())

const failure = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(TRPCClientError)
  return { data: apiErrorData(error), message: (error as TRPCClientError<AppRouter>).message }
}

describe('errors', () => {
  it('of the runtime keep code, details and issues', async () => {
    const { data } = await failure(
      client.sagas.start.mutate({ definition: 'hears', input: { n: 'one' } }),
    )
    expect(data).toMatchObject({
      code: 'BAD_REQUEST',
      httpStatus: 400,
      sagaCode: 'INVALID_INPUT',
      issues: [{ path: ['input', 'n'], severity: 'error' }],
      requestId: expect.any(String),
    })
  })

  it('of input name every place, in a sentence', async () => {
    const { data, message } = await failure(
      client.sagas.list.query({ limit: 1000, text: 'x'.repeat(300) }),
    )
    expect(data?.sagaCode).toBe('INVALID_INPUT')
    expect(data?.issues.map(({ path, code }) => [path[0], code])).toEqual([
      ['limit', 'input/too-big'],
      ['text', 'input/too-big'],
    ])
    expect(message).toMatch(/^limit: /)
  })

  it('of conflicts carry what is needed to go on', async () => {
    await client.definitions.create.mutate({ name: 'etag' })
    const { data } = await failure(
      client.definitions.saveDraft.mutate({
        name: 'etag',
        source: 'x',
        layout: { positions: {}, notes: [] },
        revision: 7,
      }),
    )
    expect(data).toMatchObject({
      sagaCode: 'CONFLICT',
      httpStatus: 409,
      details: { draft: { revision: 1 } },
    })
  })

  it('on our side are logged and not told', async () => {
    const name = 'broken-inside'
    await client.definitions.create.mutate({ name })
    await t.host.db.$executeRaw`
      UPDATE definition_draft SET layout = '{"positions": 7}' WHERE definition_id =
        (SELECT id FROM definition WHERE name = ${name})`
    const { data, message } = await failure(client.definitions.get.query({ name }))
    expect(data).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', sagaCode: null, issues: [] })
    expect(message).toContain(data?.requestId)
    expect(JSON.stringify([data, message])).not.toMatch(/positions|stack|node_modules/)
    const line = t.lines.find((one) => one.includes(data?.requestId ?? '-'))
    expect(line).toContain('definitions.get')
  })
})

describe('a session cookie', () => {
  const post = (headers: Record<string, string>, body = '{"json":{"name":"csrf"}}') =>
    fetch(`${t.url}/api/trpc/ventures.save`, {
      method: 'POST',
      headers: { cookie, ...headers },
      body,
    })
  const json = { 'content-type': 'application/json' }

  it('changes things from our own pages', async () => {
    expect((await post({ ...json, origin: ORIGIN })).status).toBe(200)
    const byName = ORIGIN.replace('127.0.0.1', 'localhost')
    const other = '{"json":{"name":"by name"}}'
    expect((await post({ ...json, origin: byName }, other)).status).toBe(200)
  })

  it.each([
    ['another origin', { ...json, origin: 'https://evil.example' }],
    ['another scheme', { ...json, origin: ORIGIN.replace('http:', 'https:') }],
    ['another port', { ...json, origin: 'http://127.0.0.1:3401' }],
    [
      'an address that only its Host header calls ours',
      { ...json, origin: 'http://rebound.example:3400', host: 'rebound.example:3400' },
    ],
    ['no origin', json],
    ['another site', { ...json, origin: 'http://x', 'sec-fetch-site': 'cross-site' }],
    ['a sibling site', { ...json, 'sec-fetch-site': 'same-site' }],
    [
      'a form',
      { 'content-type': 'multipart/form-data; boundary=x', 'sec-fetch-site': 'same-origin' },
    ],
  ])('changes nothing from %s', async (_what, headers) => {
    const response = await post(headers)
    expect(response.status).toBe(403)
    expect((await response.json()).error.json.data.code).toBe('FORBIDDEN')
  })

  it('changes nothing by GET', async () => {
    const response = await fetch(`${t.url}/api/trpc/ventures.save?input={"json":{"name":"got"}}`, {
      headers: { cookie },
    })
    expect(response.status).toBe(405)
  })
})

it('refuses a body that is too long, declared or not', async () => {
  // a connection of its own: the server hangs up on it, and nobody else should be handed it after that
  const headers = {
    'content-type': 'application/json',
    connection: 'close',
    cookie,
    origin: ORIGIN,
  }
  const chunk = new TextEncoder().encode('x'.repeat(1_000_000))
  // far more than the buffers between us hold while a busy server has not looked yet
  const CHUNKS = 200
  let sent = 0
  const endless = new ReadableStream({
    pull(controller) {
      if (sent++ < CHUNKS) controller.enqueue(chunk)
      else controller.close()
    },
  })
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers,
    body: endless,
    duplex: 'half',
  }
  const save = `${t.url}/api/trpc/ventures.save`
  // the server may answer and hang up while we still send: then there is no answer to read
  const status = await fetch(save, init).then(
    (response) => response.status,
    () => 413,
  )
  expect(status).toBe(413)
  expect(sent).toBeLessThan(CHUNKS)
})

it('names each request, by the id it came with if that is one', async () => {
  const ask = (headers: Record<string, string>) =>
    fetch(`${t.url}/api/trpc/system.health`, { headers }).then((response) =>
      response.headers.get('x-request-id'),
    )
  expect(await ask({ 'x-request-id': 'trace-12345678' })).toBe('trace-12345678')
  expect(await ask({ 'x-request-id': '<script>' })).toMatch(/^[0-9a-f-]{36}$/)
})

describe('streams', () => {
  it('follow a saga to its end with an API key, over a cut connection, without gap or repetition', async () => {
    const { sagaId } = await client.sagas.start.mutate({ definition: 'hears', input: { n: 1 } })
    const seqs: number[] = []
    let started = 0
    let onChange = () => {}
    const until = (met: () => boolean) =>
      new Promise<void>((resolve) => {
        onChange = () => met() && resolve()
        onChange()
      })
    const subscription = client.sagas.live.subscribe(
      { sagaId },
      {
        onStarted: () => {
          started++
          onChange()
        },
        onData: ({ data }) => {
          seqs.push(data.seq)
          onChange()
        },
      },
    )
    await until(() => seqs.length === 1)
    await client.sagas.pause.mutate({ sagaId, reason: 'a' })
    await until(() => seqs.length === 2)
    t.cut()
    await owner.sagas.resume({ sagaId, reason: 'b' })
    await until(() => seqs.length === 3)
    await owner.sagas.signal({ sagaId, name: 'word' })
    await until(() => seqs.length >= 4)
    subscription.unsubscribe()
    expect(seqs).toEqual([1, 2, 3, 4])
    expect(started).toBeGreaterThan(1)
    await expect.poll(() => t.host.watch.size).toBe(0)
  })

  it('end for good when the caller may not listen', async () => {
    const nobody = createSagawrightClient({
      url: t.url,
      apiKey: `sgw_00000000_${'x'.repeat(43)}`,
    })
    const error = await new Promise<unknown>((resolve) =>
      nobody.sagas.live.subscribe({ sagaId: 'x' }, { onError: resolve }),
    )
    expect(apiErrorData(error)).toMatchObject({ code: 'UNAUTHORIZED' })
  })
})
