import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let data: string
beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), 'lock-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

const module = (name: string) => new URL(`../../server/launch/${name}`, import.meta.url).href

/** Runs a program of ours to its end and gives what it wrote. */
function run(code: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code])
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more
  })
  return new Promise((resolve) => child.on('close', () => resolve(text.trim())))
}

it('of a killed holder goes to one of those who wait, never to two at once', async () => {
  writeFileSync(path.join(data, 'the-lock'), '1-1')
  const code = `
    import { appendFileSync } from 'node:fs'
    import { locked } from '${module('lock.mjs')}'
    for (let n = 0; n < 5; n++) await locked('${data}', 'the-lock', async () => {
      appendFileSync('${data}/trace', 'in\\n')
      await new Promise((go) => setImmediate(go))
      appendFileSync('${data}/trace', 'out\\n')
    })`
  await Promise.all([1, 2, 3, 4].map(() => run(code)))
  const trace = readFileSync(path.join(data, 'trace'), 'utf8').trim().split('\n')
  expect(trace).toEqual(Array.from({ length: 20 }, () => ['in', 'out']).flat())
}, 60_000)

it('lets one of two launchers that start at the same moment have the folder', async () => {
  const code = `
    import { claimInstance } from '${module('instance.mjs')}'
    await claimInstance('${data}').then(() => console.log('mine'), (error) => console.log(error.message))
    setTimeout(() => {}, 3000)`
  const said = await Promise.all([1, 2, 3].map(() => run(code)))
  expect(said.filter((line) => line === 'mine')).toHaveLength(1)
  expect(said.filter((line) => line.includes('It already runs from this folder'))).toHaveLength(2)
}, 60_000)
