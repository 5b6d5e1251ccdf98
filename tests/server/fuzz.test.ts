/**
 * Nobody's request breaks the server. Every procedure of the router is called over real HTTP by callers of several roles
 * and by nobody, with inputs made from its own zod schema and then spoiled: other types, bounds and one beyond them, texts
 * that databases refuse, names that every object has, nesting. Nothing may answer 500, leak a stack or SQL, or hang.
 *
 * The seed is fixed; FUZZ_SEED=<n> takes another, FUZZ_CALLS=<n> another number of calls. A failure prints its call.
 */
import { request as httpRequest } from 'node:http'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { z } from 'zod'
import { BODY_BYTES_MAX } from '@/server/api/body'
import { appRouter } from '@/server/api/root'
import { wireFormat } from '@/server/api/wire-format'
import { openTestHost, type TestHost } from '../support/test-host'

const SEED = Number(process.env.FUZZ_SEED ?? 20_261_129)
const CALLS = Number(process.env.FUZZ_CALLS ?? 5_000)
const HANG_MS = 5_000
const AT_ONCE = 8

interface Procedure {
  path: string
  type: 'query' | 'mutation' | 'subscription'
  input: z.ZodType | undefined
}
interface Made {
  _def: { type: Procedure['type']; inputs: z.ZodType[] }
}
const PROCEDURES: Procedure[] = Object.entries(
  appRouter._def.procedures as unknown as Record<string, Made>,
).map(([path, { _def }]) => ({ path, type: _def.type, input: _def.inputs[0] }))

/** Texts and values that have broken something somewhere. */
const TRAPS: readonly unknown[] = [
  '',
  'a\u0000',
  'Great \ud83d',
  '\udc00x',
  '\u202eevil',
  "'; DROP TABLE journal; --",
  '%_\\',
  '__proto__',
  'constructor',
  'x'.repeat(5_000),
  -1,
  0,
  1.5,
  -0,
  2 ** 31,
  2 ** 53,
  1e308,
  null,
  true,
  [],
  {},
  [[[]]],
  JSON.parse('{"__proto__":{"x":1},"constructor":1,"toString":null,"then":2}'),
  Array.from({ length: 1_100 }, (_, n) => n),
  nested(70),
  nested(3_000),
]

function nested(depth: number): unknown {
  let value: unknown = 'deep'
  for (let n = 0; n < depth; n++) value = n % 2 ? [value] : { a: value }
  return value
}

type Def = { type: string } & Record<string, unknown>
const defOf = (schema: unknown) => (schema as { _zod: { def: Def } })._zod.def
const bagOf = (schema: unknown) =>
  (schema as { _zod: { bag: Record<string, number | undefined> } })._zod.bag

/** Things that exist, so that calls get past “there is no such thing”. */
const KNOWN = ['hears', 'fuzzed', 'gate-1', 'hear', 'word', 'saga:read', 'a@example.com', 'sgw']

/** Values that mostly fit a schema, at its bounds and one beyond. */
function arbitraryOf(schema: unknown): fc.Arbitrary<unknown> {
  const def = defOf(schema)
  const inner = (key: string) => arbitraryOf(def[key])
  switch (def.type) {
    case 'object': {
      const shape = def.shape as Record<string, unknown>
      const fields = Object.fromEntries(
        Object.entries(shape).map(([key, part]) => [key, arbitraryOf(part)]),
      )
      return fc.record(fields, { noNullPrototype: true })
    }
    case 'string': {
      const { minimum = 0, maximum = 40 } = bagOf(schema)
      const sized = fc
        .constantFrom(minimum, minimum - 1, maximum, maximum + 1)
        .map((length) => 'y'.repeat(Math.max(0, Math.min(length, 20_000))))
      return fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...KNOWN) },
        { weight: 1, arbitrary: sized },
        { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
        { weight: 1, arbitrary: fc.base64String({ maxLength: 40 }) },
        {
          weight: 1,
          arbitrary: fc
            .jsonValue()
            .map((value) => Buffer.from(JSON.stringify([value, value])).toString('base64url')),
        },
      )
    }
    case 'number':
    case 'int': {
      const { minimum = 0, maximum = 100 } = bagOf(schema)
      const at = [minimum, minimum - 1, minimum + 1, maximum, maximum + 1]
      return fc.constantFrom(...at, 1, 2)
    }
    case 'boolean':
      return fc.boolean()
    case 'date':
      return fc.date({ noInvalidDate: true })
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries as Record<string, unknown>))
    case 'literal':
      return fc.constantFrom(...(def.values as unknown[]))
    case 'array':
      return fc.array(inner('element'), { maxLength: 3 })
    case 'tuple':
      return fc.tuple(...(def.items as unknown[]).map(arbitraryOf))
    case 'record':
      return fc.dictionary(fc.string({ maxLength: 5 }), inner('valueType'), { maxKeys: 3 })
    case 'union':
      return fc.oneof(...(def.options as unknown[]).map(arbitraryOf))
    case 'optional':
      return fc.option(inner('innerType'), { nil: undefined, freq: 3 })
    case 'nullable':
      return fc.option(inner('innerType'), { nil: null, freq: 3 })
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
    case 'nonoptional':
      return fc.option(inner('innerType'), { nil: undefined, freq: 3 })
    case 'pipe':
      return inner('in')
    case 'custom':
    case 'unknown':
    case 'any':
      return fc.oneof(fc.jsonValue(), fc.constantFrom(...TRAPS))
    default:
      throw new Error(`The fuzz suite knows no schema of type ${def.type}: teach it`)
  }
}

/** One place of a value replaced by a trap, or the value itself. */
function spoiled(value: unknown, trap: unknown, where: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return trap
  const keys = Object.keys(value)
  const key = keys[where % (keys.length + 1)]
  if (key === undefined) return trap
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value }
  ;(copy as Record<string, unknown>)[key] = spoiled(
    (value as Record<string, unknown>)[key],
    trap,
    Math.floor(where / 7),
  )
  return copy
}

interface Answer {
  status: number
  text: string
  ms: number
}

let t: TestHost
let callers: { name: string; headers: Record<string, string> }[]
let sagaId: string

/** Without fetch's own opinions about methods and bodies. A stream is closed when its head has come. */
function send(
  method: string,
  path: string,
  {
    headers = {},
    body,
    stream = false,
  }: { headers?: Record<string, string>; body?: string | Buffer; stream?: boolean } = {},
): Promise<Answer> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${t.url}${path}`, { method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = []
      const done = () =>
        resolve({
          status: answer.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          ms: performance.now() - began,
        })
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (!stream || answer.statusCode !== 200) return
        answer.destroy()
        done()
      })
      answer.on('end', done)
      answer.on('error', done)
    })
    sent.setTimeout(HANG_MS, () => sent.destroy(new Error(`no answer within ${HANG_MS} ms`)))
    sent.on('error', reject)
    sent.end(body)
  })
}

const LEAKS =
  /\n\s+at |node_modules|\.ts:\d|PrismaClient|SELECT |INSERT |UPDATE |violates|22P0\d|invalid input syntax|Maximum call stack/

/** Throws with what is needed to send it again. */
function judge(call: string, answer: Answer): void {
  const problems: string[] = []
  if (answer.status >= 500 && answer.status !== 503 && answer.status !== 501)
    problems.push(`status ${answer.status}`)
  const told = answer.status === 200 ? '' : answer.text
  const leak = LEAKS.exec(told)
  if (leak) problems.push(`leaks ${JSON.stringify(leak[0])}`)
  if (answer.ms > HANG_MS) problems.push(`${Math.round(answer.ms)} ms`)
  if (answer.status >= 400) {
    const error = typedError(answer.text)
    if (!error) problems.push('an error that is not typed')
  }
  if (problems.length > 0)
    throw new Error(`${problems.join(', ')}\n${call}\n→ ${answer.text.slice(0, 1_500)}`)
}

function typedError(text: string): unknown {
  try {
    const parsed = JSON.parse(text)
    const error = Array.isArray(parsed) ? parsed.find((one) => one.error)?.error : parsed.error
    const { json = error } = error ?? parsed
    return typeof json.message === 'string' && (json.data?.code ?? json.code) ? json : undefined
  } catch {
    return undefined
  }
}

async function call(procedure: Procedure, input: unknown, caller: (typeof callers)[number]) {
  let wire: string
  try {
    wire = JSON.stringify(wireFormat.output.serialize(input))
  } catch {
    // deeper than the client sends: as somebody without our client would
    wire = JSON.stringify({ json: input })
  }
  const path = `/api/trpc/${procedure.path}`
  const shown = `${procedure.type} ${procedure.path} as ${caller.name}: ${wire.slice(0, 2_000)}`
  const asked =
    procedure.type === 'mutation'
      ? send('POST', path, {
          headers: { ...caller.headers, 'content-type': 'application/json' },
          body: wire,
        })
      : // longer ones do not fit in a request line
        send('GET', `${path}?input=${encodeURIComponent(wire).slice(0, 12_000)}`, {
          headers: caller.headers,
          stream: procedure.type === 'subscription',
        })
  judge(
    shown,
    await asked.catch((error: Error) => {
      throw new Error(`${error.message}\n${shown}`)
    }),
  )
}

beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  const admin = await t.person('ADMIN')
  const api = await t.as(admin)
  await api.definitions.create({
    name: 'hears',
    source: `kind: saga
name: hears
start: hear
steps:
  hear: { type: signal, signal: word, next: done }
  done: { type: end }
`,
  })
  await api.definitions.publish({ name: 'hears', revision: 1 })
  sagaId = (await api.sagas.start({ definition: 'hears', input: { n: 1 }, id: 'fuzzed' })).sagaId
  expect(sagaId).toBe('fuzzed')
  const keyOf = async (name: string, ...roles: Parameters<TestHost['person']>) => {
    const person = await t.as(await t.person(...roles))
    const me = await person.users.me()
    const { key } = await person.apiKeys.create({ name: 'fuzz', scopes: me?.permissions ?? [] })
    return { name, headers: { authorization: `Bearer ${key}` } }
  }
  callers = [
    await keyOf('an admin', 'ADMIN'),
    await keyOf('another admin', 'ADMIN'),
    await keyOf('an operator', 'OPERATOR'),
    await keyOf('a chairman', 'CHAIRMAN'),
    await keyOf('an analyst', 'ANALYST'),
    { name: 'nobody', headers: {} },
    {
      name: 'a session',
      headers: { cookie: await t.cookieFor(admin.id), origin: 'http://127.0.0.1:3400' },
    },
  ]
}, 60_000)
afterAll(() => t.stop())

describe('no request breaks the server', () => {
  it('in any procedure, with any input, by anybody', { timeout: 180_000 }, async () => {
    const each = Math.ceil(CALLS / PROCEDURES.length)
    const jobs = PROCEDURES.flatMap((procedure, n) => {
      const fitting: fc.Arbitrary<unknown> = procedure.input
        ? arbitraryOf(procedure.input)
        : fc.constantFrom<unknown>(undefined, null, 'x', {})
      const spoilt = fc.tuple(fitting, fc.constantFrom(...TRAPS), fc.nat(10_000))
      const input = fc.oneof(
        { weight: 2, arbitrary: fitting },
        { weight: 3, arbitrary: spoilt.map(([value, trap, at]) => spoiled(value, trap, at)) },
      )
      const job = fc.tuple(input, fc.nat(99))
      return fc.sample(job, { seed: SEED + n, numRuns: each }).map(([value, who]) => {
        // three in four calls by those who may do most, so that they get past the permission
        const caller = callers[who < 60 ? 0 : who < 75 ? 1 : 2 + (who % (callers.length - 2))]
        return () => call(procedure, value, caller as (typeof callers)[number])
      })
    })
    expect(jobs.length).toBeGreaterThanOrEqual(CALLS)
    const failures: string[] = []
    const queue = jobs.values()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const job of queue) await job().catch((error: Error) => failures.push(error.message))
      }),
    )
    expect(failures.slice(0, 20).join('\n\n')).toBe('')
  })

  const post = (body: string | Buffer, type = 'application/json', path = 'sagas.start') =>
    send('POST', `/api/trpc/${path}`, {
      headers: { ...(callers[0]?.headers ?? {}), 'content-type': type },
      body,
    })
  const start = (text: string) => `{"json":{"definition":"hears","input":${text}}}`

  it.each([
    ['no text', ''],
    ['no JSON', '<html>'],
    ['a cut text', '{"json":{"definition":"hea'],
    ['a bare value', '17'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a form of its own', '{"definition":"hears","input":null}'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d])],
    ['NUL in data', start('"a\\u0000"')],
    ['half a pair in data', start('"\\ud83d"')],
    ['a number beyond 2^53', start('9007199254740993')],
    ['a number beyond all', start('1e999')],
    ['the key __proto__', start('{"__proto__":{"admin":true}}')],
    ['65 levels', start('['.repeat(65) + ']'.repeat(65))],
    ['3,000 levels', start('['.repeat(3_000) + ']'.repeat(3_000))],
    ['100,000 levels', start('['.repeat(100_000) + ']'.repeat(100_000))],
    ['meta of its own', '{"json":{},"meta":{"values":{"__proto__.x":["Date"]}}}'],
    ['a body beyond the bound', start(`"${'x'.repeat(BODY_BYTES_MAX)}"`)],
  ])('with %s as its body: it is refused by a typed error', async (_, body) => {
    const answer = await post(body)
    judge(body.toString().slice(0, 300), answer)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })

  it.each(['text/plain', 'multipart/form-data', 'application/octet-stream', ''])(
    'with the content type “%s”',
    async (type) => judge(type, await post(start('1'), type)),
  )

  it('at the bounds: 64 levels and a body of the largest size are taken', async () => {
    expect((await post(start('['.repeat(64) + ']'.repeat(64)))).status).toBe(200)
    const frame = start('""').length
    const largest = await post(start(`"${'x'.repeat(BODY_BYTES_MAX - frame)}"`))
    judge('largest', largest)
    expect(largest.status).toBe(200)
  })

  it('in a batch of 1,000 calls', async () => {
    const path = Array.from({ length: 1_000 }, () => 'sagas.list').join(',')
    const answer = await send('GET', `/api/trpc/${path}?batch=1&input=%7B%7D`, {
      headers: callers[0]?.headers ?? {},
    })
    judge('a batch of 1,000', answer)
    expect(answer.status).toBeLessThan(500)
  })

  it('by data under names that every object has: they come back as they went in', async () => {
    const value =
      '{"constructor":"Ferrari","prototype":{"a":1},"toString":null,"then":1,"toJSON":2}'
    const { status, text } = await post(start(value))
    expect(status).toBe(200)
    const { sagaId: id } = JSON.parse(text).result.data.json
    const input = encodeURIComponent(JSON.stringify({ json: { sagaId: id } }))
    const got = await send('GET', `/api/trpc/sagas.get?input=${input}`, {
      headers: callers[0]?.headers ?? {},
    })
    expect(JSON.stringify(JSON.parse(got.text).result.data.json.input)).toBe(value)
  })
})
