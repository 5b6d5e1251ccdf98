/** The demo services as a process: they say when they are ready, and SIGTERM ends them in the middle of a call. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { createHttpParticipant } from '@/runtime/participant/http-participant'
import { systemClock } from '@/runtime/system'
import { demoSecret } from '@/server/demo/secret'
import { callOf, never } from '../../runtime/participant/support'
import { demoDatabase } from './support'

const { url, pool } = demoDatabase('demo_main')
const data = mkdtempSync(path.join(tmpdir(), 'demo-main-'))
afterAll(() => rmSync(data, { recursive: true }))

function startProcess(env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/demo/main.ts'], {
    cwd: path.resolve(import.meta.dirname, '../../..'),
    env: { ...process.env, SAGAWRIGHT_DEMO_SECRET: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<{ code: number | null; errors: string }>((resolve) => {
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.on('close', (code) => resolve({ code, errors }))
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, exited }
}

it('prints one line when it is ready, serves, and ends what it does when asked to stop', async () => {
  const { child, exited } = startProcess({ PORT: '0', DATABASE_URL: url, SAGAWRIGHT_DATA: data })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve)
    void exited.then(({ errors }) => reject(new Error(errors)))
  })
  const ready = JSON.parse(line)
  expect(ready).toMatchObject({ ready: true, pid: child.pid, services: { length: 4 } })

  const participant = createHttpParticipant({
    name: 'budget-ledger',
    endpointUrl: `${ready.url}/budget-ledger`,
    secrets: [demoSecret({ SAGAWRIGHT_DATA: data })],
    allowPrivateNetwork: true,
    clock: systemClock,
  })
  const input = { ventureId: 'v', amount: 5, currency: 'EUR' }
  expect(await participant.call(callOf({ operation: 'reserve', input }), never)).toMatchObject({
    ok: true,
  })

  await fetch(`${ready.url}/switches`, {
    method: 'PUT',
    body: JSON.stringify({ 'budget-ledger': { reserve: { delayMs: 60_000 } } }),
  })
  const last = callOf({ operation: 'reserve', input })
  const underWay = participant.call(last, never)
  child.kill('SIGTERM')
  expect(await exited).toMatchObject({ code: 0 })
  const outcome = await underWay
  const { rows } = await pool.query('SELECT 1 FROM demo.effect WHERE key = $1', [last.key])
  // the call got in before the end or it did not: in both cases answer and effect agree
  expect(rows).toHaveLength('ok' in outcome && outcome.ok ? 1 : 0)
  await participant.close()
}, 60_000)

it('says what is missing', async () => {
  const { exited } = startProcess({ PORT: '0', DATABASE_URL: undefined, SAGAWRIGHT_DATA: data })
  const { code, errors } = await exited
  expect(code).toBe(1)
  expect(errors).toContain('DATABASE_URL')
}, 60_000)
