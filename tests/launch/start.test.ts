import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { identity } from '../../server/launch/processes.mjs'
import { freePort } from '../support/free-port'

// the way that works is what every browser test goes; here is how starting fails

let data: string

beforeEach(() => {
  data = mkdtempSync(path.join(tmpdir(), 'start-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

function start(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['server/launch/start.mjs'], {
    env: { ...process.env, NO_COLOR: '1', SAGAWRIGHT_DATA: data, ...env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })))
}

it('says that a port is taken and how to take another, before it starts anything', async () => {
  const server = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { code, said } = await start({ PORT: String(port) })
  server.close()
  expect(code).toBe(1)
  expect(said).toContain(`Port ${port} on 127.0.0.1 cannot be used (EADDRINUSE)`)
  expect(said).toContain(`PORT=${port + 1} npm start`)
  expect(existsSync(path.join(data, 'pg'))).toBe(false)
})

it('names the database that does not answer', async () => {
  const port = await freePort()
  const { code, said } = await start({ DATABASE_URL: `postgresql://a:b@127.0.0.1:${port}/c` })
  expect(code).toBe(1)
  expect(said).toMatch(/✗ Database/)
  expect(said).toContain(`No database at 127.0.0.1:${port}`)
  expect(said).toContain('What to do: ')
})

it('refuses a folder in which another one runs, and says where that is', async () => {
  const instance = { id: identity(process.pid), origin: 'http://127.0.0.1:3999', children: [] }
  writeFileSync(path.join(data, 'instance.json'), JSON.stringify(instance))
  const { code, said } = await start({})
  expect(code).toBe(1)
  expect(said).toContain('http://127.0.0.1:3999')
  expect(existsSync(path.join(data, 'instance.json'))).toBe(true)
})

it('clears away what a killed one has left, and leaves nothing itself', async () => {
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const id = identity(orphan.pid ?? 0)
  const gone = new Promise((resolve) => orphan.once('exit', resolve))
  const instance = { id: '1-1', origin: null, children: [id] }
  writeFileSync(path.join(data, 'instance.json'), JSON.stringify(instance))
  const starting = start({ DATABASE_URL: 'postgresql://a:b@127.0.0.1:1/c' })
  orphan.kill('SIGTERM') // as follow-parent.mjs does in a real child
  await gone
  expect((await starting).code).toBe(1)
  expect(existsSync(path.join(data, 'instance.json'))).toBe(false)
})
