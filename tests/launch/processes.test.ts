import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import {
  canListen,
  identity,
  isAlive,
  startChild,
  waitGone,
} from '../../server/launch/processes.mjs'
import { freePort } from '../support/free-port'

const forever = 'setInterval(() => {}, 1000); console.log("up")'

it('names a process by more than its pid', async () => {
  const me = identity(process.pid)
  expect(me && isAlive(me)).toBe(true)
  expect(isAlive(`${process.pid}-1`)).toBe(false)
  expect(identity(0)).toBeNull()
})

it('stops a child with SIGTERM, and kills one that does not listen', async () => {
  const polite = startChild({ name: 'polite', args: ['-e', forever] })
  await polite.stop()
  expect(await polite.exited).toBe('SIGTERM')

  let up = () => {}
  const heard = new Promise<void>((resolve) => {
    up = resolve
  })
  const deaf = startChild({
    name: 'deaf',
    args: ['-e', `process.on('SIGTERM', () => {}); ${forever}`],
    onLine: () => up(),
  })
  await heard
  await deaf.stop(50)
  expect(await deaf.exited).toBe('SIGKILL')
})

it('keeps what a child said last and how it ended', async () => {
  const child = startChild({
    name: 'failing',
    args: ['-e', 'for (let i = 0; i < 100; i++) console.log(i); process.exitCode = 3'],
  })
  expect(await child.exited).toBe('exit code 3')
  expect(child.tail().split('\n').slice(-2)).toEqual(['98', '99'])
})

it('leaves no child behind when the launcher is killed', async () => {
  const url = new URL('../../server/launch/processes.mjs', import.meta.url).href
  const code = `const { startChild } = await import('${url}')
    const child = startChild({ name: 'x', args: ['-e', ${JSON.stringify(forever)}], onLine: () => console.log(child.id) })`
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', code])
  const id = await new Promise<string>((resolve) =>
    launcher.stdout.once('data', (text) => resolve(String(text).trim())),
  )
  expect(isAlive(id)).toBe(true)
  launcher.kill('SIGKILL')
  await expect.poll(() => isAlive(id), { timeout: 5_000 }).toBe(false)
})

it('waits for a process to go, and kills it when it stays too long', async () => {
  const child = spawn(process.execPath, ['-e', forever], { detached: true, stdio: 'ignore' })
  const id = identity(child.pid ?? 0) ?? ''
  expect(isAlive(id)).toBe(true)
  await waitGone(id, 100)
  expect(isAlive(id)).toBe(false)
})

it('knows whether a port can be used', async () => {
  const port = await freePort()
  expect(await canListen(port)).toBe(true)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  expect(await canListen(port)).toBe('EADDRINUSE')
  server.close()
})
