import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { startService } from '../../support/demo-service'
import { openTestHost, SECRET, type TestHost } from '../../support/test-host'

const BIN = path.resolve('server/cli/sagawright.mjs')
const ORDER = `kind: saga
name: cli-order
input: { type: object, required: [sku], properties: { sku: { type: string } } }
start: reserve
steps:
  reserve:
    type: action
    participant: shop
    operation: reserve
    input: { sku: input.sku }
    effect: compensatable
    compensation: { operation: release, input: { sku: input.sku } }
    next: ship
  ship: { type: action, participant: shop, operation: ship, effect: pivot, next: done }
  done: { type: end, output: { shipped: input.sku } }
`

let t: TestHost
let service: Awaited<ReturnType<typeof startService>>
let folder: string
let refuses = ''

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'cli-'))
  writeFileSync(path.join(folder, 'order.yaml'), ORDER)
  t = await openTestHost(inject('databaseUrl'))
  service = await startService((operation) =>
    operation === refuses
      ? Response.json({ code: 'SOLD_OUT', message: 'None is left' }, { status: 422 })
      : Response.json({ did: operation }),
  )
  const admin = await t.as(await t.person('ADMIN'))
  await admin.participants.save({
    name: 'shop',
    title: 'Shop',
    kind: 'HTTP',
    endpointUrl: `${service.url}/shop`,
    allowPrivateNetwork: true,
  })
})
afterAll(async () => {
  await t.stop()
  await service.stop()
  rmSync(folder, { recursive: true })
})

/** Runs the command beside this process, whose host serves it. */
function sagawright(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: {
      ...process.env,
      NO_COLOR: '1',
      DATABASE_URL: t.databaseUrl,
      NEXTAUTH_SECRET: SECRET,
      SAGAWRIGHT_DATA: folder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (texts.err += text))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...texts })))
}

it('publishes a file once, runs it on the database and follows it to its end', async () => {
  const args = ['run', 'order.yaml', '--input', '{"sku":"A-1"}', '--follow']
  const first = await sagawright(...args)
  expect(first).toMatchObject({ code: 0, err: 'cli-order version 1, published now\n' })
  expect(first.out).toContain('✓ reserve {"did":"reserve"}')
  expect(first.out).toMatch(/COMPLETED \{"shipped":"A-1"\}\n$/)
  expect((await sagawright(...args)).err).toBe('cli-order version 1\n')
})

it('shows the compensations of a saga that fails, and exits with 10', async () => {
  refuses = 'ship'
  const { code, out } = await sagawright('run', 'order.yaml', '-i', '{"sku":"A-2"}', '-f')
  refuses = ''
  expect(code).toBe(10)
  expect(out).toContain('✗ ship SOLD_OUT None is left (terminal)')
  expect(out).toContain('↩ reserve shop.release')
  expect(out).toContain('↩ reserve compensated')
})

it('says what is wrong with an input, and runs nothing', async () => {
  const calls = service.calls.length
  const { code, err } = await sagawright('run', 'order.yaml', '--input', '{}')
  expect(code).toBe(1)
  expect(err).toMatch(/does not fit cli-order.*INVALID_INPUT/s)
  expect(service.calls).toHaveLength(calls)
})

it('does the same on a server, with an API key', async () => {
  const admin = await t.as(await t.person('ADMIN'))
  const { key } = await admin.apiKeys.create({
    name: 'cli',
    scopes: [
      'definition:read',
      'definition:write',
      'definition:publish',
      'saga:start',
      'saga:read',
    ],
  })
  const remote = ['--url', t.url, '--key', key, '--follow']
  const input = ['--input', '{"sku":"B-1"}']
  writeFileSync(path.join(folder, 'other.yaml'), ORDER.replace('cli-order', 'cli-remote'))
  const first = await sagawright('run', 'other.yaml', ...input, ...remote)
  expect(first).toMatchObject({ code: 0, err: 'cli-remote version 1, published now\n' })
  expect(first.out).toMatch(/COMPLETED \{"shipped":"B-1"\}\n$/)

  const changed = ORDER.replace('cli-order', 'cli-remote').replace('shipped:', 'sent:')
  writeFileSync(path.join(folder, 'other.yaml'), changed)
  const second = await sagawright('run', 'other.yaml', ...input, ...remote)
  expect(second.err).toBe('cli-remote version 2, published now\n')
  expect(second.out).toMatch(/COMPLETED \{"sent":"B-1"\}\n$/)

  const refused = await sagawright('run', 'other.yaml', ...input, '--url', t.url, '--key', 'sgw_no')
  expect(refused.code).toBe(1)
  expect(refused.err).toMatch(/key/i)
})
