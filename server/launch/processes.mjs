/**
 * Child processes of the launcher, and who is still alive.
 *
 * 1. A child is in a process group of its own: Ctrl-C in the terminal reaches the launcher alone, which then stops the
 *    children in order.
 * 2. A child outlives its launcher by less than a second (follow-parent.mjs).
 * 3. A process is named by pid *and* start time where the system tells it, because pids are used again.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const FOLLOW = path.join(import.meta.dirname, 'follow-parent.mjs')
/** What a child wrote last, kept for the message when it fails. */
const TAIL_LINES = 40

/**
 * Runs a Node program and passes its output on, line by line, under its name.
 * @param {{ name: string, args: string[], env?: Record<string, string | undefined>,
 *   onLine?: (line: string) => void, cwd?: string }} options
 */
export function startChild({ name, args, env = {}, onLine = () => {}, cwd }) {
  const child = spawn(process.execPath, ['--import', FOLLOW, ...args], {
    cwd,
    env: { ...process.env, ...env, SAGAWRIGHT_LAUNCHER: String(process.pid) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  /** @type {string[]} */
  const tail = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        tail.push(line)
        if (tail.length > TAIL_LINES) tail.shift()
        onLine(line)
      }
    })
  }
  /** @type {Promise<string>} */
  const exited = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  return {
    name,
    id: identity(child.pid ?? 0),
    /** Resolves to how it ended: a signal's name or `exit code N`. */
    exited,
    tail: () => tail.join('\n'),
    /** Asks it to stop, waits, and kills it (with its own children) when it has not after `graceMs`. */
    async stop(graceMs = 25_000) {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const clean = await Promise.race([
        exited.then(() => true),
        delay(graceMs, false, { ref: false }),
      ])
      if (!clean) killGroup(child.pid)
      await exited
    },
  }
}

/**
 * A name for a living process that no later process has; null when there is none.
 * @param {number} pid
 * @returns {string | null}
 */
export function identity(pid) {
  if (!pid) return null
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code !== 'EPERM') return null
  }
  try {
    // the command name, in brackets, may hold spaces: count from behind it
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields[0] === 'Z' ? null : `${pid}-${fields[19]}`
  } catch {
    return process.platform === 'linux' ? null : `${pid}`
  }
}

/**
 * Does the process so named still run?
 * @param {string} id
 */
export function isAlive(id) {
  return identity(Number.parseInt(id, 10)) === id
}

/**
 * Waits until the process is gone; kills it with its children when it has not gone after `graceMs`.
 * @param {string} id
 */
export async function waitGone(id, graceMs = 25_000) {
  const until = performance.now() + graceMs
  while (isAlive(id)) {
    if (performance.now() > until) killGroup(Number.parseInt(id, 10))
    await delay(50)
  }
}

/**
 * Calls back once when the npm that runs us is gone: a SIGTERM to npm ends npm and its shell, not what they started.
 * @param {() => void} run
 */
export function whenNpmGone(run) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    run()
  }, 300)
  watch.unref()
}

/**
 * Can this process listen there? Otherwise the reason, e.g. `EADDRINUSE`.
 * @param {number} port
 * @param {string} host
 * @returns {Promise<true | string>}
 */
export function canListen(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(error.code))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {} // gone meanwhile
}
