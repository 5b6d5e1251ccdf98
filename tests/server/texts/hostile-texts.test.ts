/**
 * Nobody's text stops the server: each text that once held the process for seconds goes through `definitions.create`,
 * `saveDraft`, `verify` or `sagas.start` over HTTP, while sagas run in the same process.
 *
 * A ticker measures how long the event loop was held, a second client how long its calls took. The bounds are several
 * times what a quiet machine shows, as the tests share a busy one; before, each text exceeded them many times over. The
 * client's own work on a megabyte of text is done before the measurement begins.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createSagawrightClient, type SagawrightClient } from '@/server/client'
import { openTestHost, type TestHost } from '../../support/test-host'

/** The longest hold allowed; asked for on a quiet machine are 50 ms. */
const HOLD_MAX_MS = 500
/** The longest wait of another's request; asked for on a quiet machine are 250 ms. */
const DELAY_MAX_MS = 1_500
/** As long as a text may wait for a thread that starts, and be read. */
const ANSWER_MAX_MS = 20_000

const HEAD = 'kind: saga\nname: x\nstart: a\n'
const END = 'steps:\n  a: { type: end }\n'
const times = (count: number, text: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join('')

const TEXTS: Record<string, string> = {
  '30 kB of aliases': `a: &a 1\nb: [${'*a, '.repeat(7_500)}]\n`,
  '60 kB of aliases': `a: &a 1\nb: [${'*a, '.repeat(15_000)}]\n`,
  '20,000 keys': times(20_000, (n) => `k${n}: 1\n`),
  ...Object.fromEntries(
    ['"', '? ', '&a ', '% ', '{', ': ', '[', '- ', '!'].map((part) => [
      `1 MB of ${JSON.stringify(part)}`,
      part.repeat(Math.floor(999_000 / part.length)),
    ]),
  ),
  'a schema of 5,000 properties': `${HEAD}input: { properties: {${times(5_000, (n) => `p${n}: { type: string }, `)}} }\n${END}`,
  '20,000 expressions': `${HEAD}steps:\n  a: { type: end, output: {${times(20_000, (n) => `k${n}: "input.a${n} + ${n}", `)}} }\n`,
  '1,000 regular expressions': `${HEAD}steps:\n  a: { type: end, output: {${times(1_000, (n) => `k${n}: "$match(input.a, /(a{1,500}){1,2}b${n}/)", `)}} }\n`,
  '9,999 steps': `kind: saga\nname: x\nstart: s0\nsteps:\n${times(9_998, (n) => `  s${n}: { type: wait, forMs: 1, next: s${n + 1} }\n`)}  s9998: { type: end }\n`,
}

let t: TestHost
let client: SagawrightClient
let key: string
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  const owner = await t.as(await t.person('ADMIN'))
  const me = await owner.users.me()
  key = (await owner.apiKeys.create({ name: 'tests', scopes: me?.permissions ?? [] })).key
  client = createSagawrightClient({ url: t.url, apiKey: key })
  t.host.texts.warmUp()
  await client.definitions.create.mutate({
    name: 'walks',
    source: `kind: saga
name: walks
start: a
steps:
  a: { type: wait, forMs: 1, next: b }
  b: { type: end, output: { n: input.n } }
`,
  })
  await client.definitions.publish.mutate({ name: 'walks', revision: 1 })
  await client.sagas.start.mutate({ definition: 'walks', input: { n: 0 } })
})
afterAll(() => t.stop())

/** The body as the client would send it, made beforehand. */
const send = async (procedure: string, body: string) => {
  const response = await fetch(`${t.url}/api/trpc/${procedure}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
  })
  return { status: response.status, text: await response.text() }
}

/** How long the loop was held at most, and others' calls took, while `work` went on. */
async function watched<T>(work: () => Promise<T>) {
  let longestMs = 0
  let last = performance.now()
  const ticker = setInterval(() => {
    const now = performance.now()
    longestMs = Math.max(longestMs, now - last - 5)
    last = now
  }, 5)
  let delayMs = 0
  let started = 0
  let going = true
  const others = (async () => {
    while (going) {
      const from = performance.now()
      await client.sagas.start.mutate({ definition: 'walks', input: { n: started++ } })
      await client.sagas.list.query({ limit: 5 })
      delayMs = Math.max(delayMs, (performance.now() - from) / 2)
    }
  })()
  const from = performance.now()
  const result = await work()
  const tookMs = performance.now() - from
  going = false
  await others
  clearInterval(ticker)
  return { result, longestMs, delayMs, tookMs, started }
}

describe('a hostile text', () => {
  it.each(Object.entries(TEXTS))('holds nobody up: %s', async (what, source) => {
    const body = JSON.stringify({ json: { source, name: 'x' } })
    const { result, longestMs, delayMs, tookMs, started } = await watched(() =>
      send('definitions.verify', body),
    )
    const figures = `${what}: loop held ${longestMs.toFixed(0)} ms, others waited ${delayMs.toFixed(0)} ms, answer after ${tookMs.toFixed(0)} ms, ${started} sagas started meanwhile`
    console.info(figures)
    expect(result.status, result.text.slice(0, 300)).toBe(200)
    expect(result.text.length).toBeLessThan(400_000)
    expect(longestMs, figures).toBeLessThan(HOLD_MAX_MS)
    expect(delayMs, figures).toBeLessThan(DELAY_MAX_MS)
    expect(tookMs, figures).toBeLessThan(ANSWER_MAX_MS)
    expect(t.lines.filter((line) => /lease/i.test(line))).toEqual([])
  })

  it('that takes too long has that as its finding, and is kept as a draft', async () => {
    const source = TEXTS['1 MB of "\\""'] as string
    const made = await send(
      'definitions.create',
      JSON.stringify({ json: { name: 'too-slow', source } }),
    )
    expect(made.status, made.text.slice(0, 300)).toBe(200)
    const { issues } = await client.definitions.verify.query({ source })
    expect(issues).toMatchObject([
      { code: 'check/too-slow', severity: 'error', hint: expect.stringContaining('saga') },
    ])
    await expect(
      client.definitions.publish.mutate({ name: 'too-slow', revision: 1 }),
    ).rejects.toMatchObject({ data: { sagaCode: 'INVALID_DEFINITION' } })
  })
})

describe('a long text', () => {
  it('is verified by the typed client, who sends it in the body', async () => {
    const note = `# ${'x'.repeat(98)}\n`.repeat(9_000)
    const { issues } = await client.definitions.verify.query({ source: `${note}${HEAD}${END}` })
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  it('is refused above what the contract allows, by name', async () => {
    await expect(
      client.definitions.verify.query({ source: 'x'.repeat(1_000_001) }),
    ).rejects.toMatchObject({ data: { sagaCode: 'INVALID_INPUT', issues: [{ path: ['source'] }] } })
  })

  it('cannot be used to change things by GET', async () => {
    const input = encodeURIComponent('{"json":{"name":"by-get"}}')
    const response = await fetch(`${t.url}/api/trpc/definitions.create?input=${input}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    expect(response.status).toBe(405)
  })
})

describe('a start whose input takes long to check', () => {
  it('is refused by name and holds nobody up', async () => {
    const doors = times(
      40,
      (n) =>
        `    d${n}: { anyOf: [{ $ref: "#/$defs/d${n + 1}" }, { $ref: "#/$defs/d${n + 1}" }] }\n`,
    )
    await client.definitions.create.mutate({
      name: 'branches',
      source: `kind: saga
name: branches
input:
  $ref: "#/$defs/d0"
  $defs:
${doors}    d40: { type: string }
start: a
steps: { a: { type: end } }
`,
    })
    await client.definitions.publish.mutate({ name: 'branches', revision: 1 })
    const body = JSON.stringify({ json: { definition: 'branches', input: 7 } })
    const { result, longestMs } = await watched(() => send('sagas.start', body))
    expect(result.status, result.text.slice(0, 300)).toBe(413)
    expect(result.text).toContain('LIMIT_EXCEEDED')
    expect(longestMs).toBeLessThan(HOLD_MAX_MS)
  })
})
