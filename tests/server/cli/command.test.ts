import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const BIN = path.resolve('server/cli/sagawright.mjs')
let folder: string

const TRIP = `kind: saga
name: trip
start: book
timeoutMs: 5000
steps:
  book:
    type: action
    participant: hotel
    operation: book
    effect: compensatable
    compensation: { operation: cancel, input: { key: "'x'" } }
    next: pay
  pay: { type: action, participant: bank, operation: charge, effect: pivot } # no way back
`

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cli-'))
  writeFileSync(path.join(folder, 'trip.yaml'), TRIP)
  writeFileSync(path.join(folder, 'bad.yaml'), TRIP.replace(/ +compensation:.*\n/, ''))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the command in a folder that is not the project's. */
function sagawright(...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    input: TRIP,
  })
  return { status, stdout, stderr }
}

it('verifies a clean file', () => {
  expect(sagawright('verify', 'trip.yaml')).toEqual({
    status: 0,
    stdout: '✓ trip.yaml: nothing to object to\n',
    stderr: '',
  })
})

it('shows an error at its place, with what to do, and exits with 1', () => {
  const { status, stdout } = sagawright('verify', 'bad.yaml')
  expect(status).toBe(1)
  expect(stdout).toContain('bad.yaml:6:3 error compensation/missing')
  expect(stdout).toContain('  6 │   book:\n    │   ~~~~\n')
  expect(stdout).toMatch(/✗ bad\.yaml: 1 error/)
})

it('verifies several files, and standard input, as JSON', () => {
  const { status, stdout } = sagawright('verify', '-', 'bad.yaml', '--json')
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject([
    { file: '<stdin>', ok: true, issues: [] },
    { file: 'bad.yaml', ok: false, issues: [{ code: 'compensation/missing', line: 6, column: 3 }] },
  ])
})

it('exports YAML as JSON, the machine, and a flowchart', () => {
  const json = JSON.parse(sagawright('export', 'trip.yaml', '--to', 'json').stdout)
  expect(json).toMatchObject({ name: 'trip', steps: { pay: { effect: 'pivot' } } })
  expect(json).not.toHaveProperty('compensationOrder') // defaults are not written in

  const machine = JSON.parse(sagawright('export', 'trip.yaml', '--to', 'xstate').stdout)
  expect(machine).toMatchObject({ id: 'trip', initial: 'forward' })

  const chart = sagawright('export', 'trip.yaml', '--to', 'mermaid').stdout
  expect(chart).toContain('flowchart TD')
  expect(chart).toMatch(/book.* --> .*pay/)
})

it('prints the JSON Schema of saga files', () => {
  expect(JSON.parse(sagawright('schema').stdout)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
  })
})

it('exports nothing that has errors', () => {
  const { status, stdout } = sagawright('export', 'bad.yaml', '--to', 'xstate')
  expect(status).toBe(1)
  expect(stdout).toContain('compensation/missing')
})

it('explains wrong arguments and missing files', () => {
  expect(sagawright('verfy')).toMatchObject({ status: 2, stdout: '' })
  expect(sagawright('verify', '--jsn').stderr).toContain("Unknown option '--jsn'")
  expect(sagawright('export', 'trip.yaml', '--to', 'pdf').stderr).toContain('mermaid')
  expect(sagawright('verify', 'none.yaml')).toMatchObject({
    status: 1,
    stderr: 'There is no file none.yaml\n',
  })
  expect(sagawright('run', 'trip.yaml', '--url', 'http://127.0.0.1:9').stderr).toContain('--key')
  expect(sagawright('--help').stdout).toContain('sagawright verify FILE')
})
