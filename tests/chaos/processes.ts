/**
 * The processes of a chaos run, as they are in production: workers (server/launch/worker.ts) and the demo services.
 *
 * Each is in a group of its own, so that Ctrl-C reaches the run alone, and ends when the run is gone, however that ended
 * (follow-parent.mjs). `endAll` ends by pid whatever still runs, stopped or not.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/free-port'
import { bundlePrograms } from './programs'

export interface WorkerProcess {
  /** WORKER_ID; when it joins again, it is called `<name>~…`. */
  name: string
  signal(signal: NodeJS.Signals): void
  /** What its health address says; null while it says nothing. */
  health(): Promise<{ status: string; reason: string | null; shards: number } | null>
  stop(): Promise<void>
  /** Set when it ended although nobody asked it to. */
  ended: string | null
}

export interface Processes {
  /** A worker that has joined and recovered. */
  worker(name: string): Promise<WorkerProcess>
  demo(): Promise<{ url: string; stop(): Promise<void> }>
  /** How often workers said this in their logs. */
  said(message: string): number
  /** Kills what is left and waits until it has gone; nothing starts after it. */
  endAll(): Promise<void>
}

const FOLLOW = path.resolve(import.meta.dirname, '../../server/launch/follow-parent.mjs')
/** A worker that is not healthy after this long never will be. */
const START_MS = 60_000

export async function openProcesses(env: NodeJS.ProcessEnv): Promise<Processes> {
  const programs = await bundlePrograms()
  const running = new Set<ChildProcess>()
  const messages = new Map<string, number>()
  let closed = false

  function run(program: string, more: Record<string, string>): ChildProcess {
    if (closed) throw new Error('The run is over')
    const child = spawn(process.execPath, ['--import', FOLLOW, program], {
      env: { ...env, ...more, SAGAWRIGHT_LAUNCHER: String(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  return {
    async worker(name) {
      const port = await freePort()
      const child = run(programs.worker, { WORKER_ID: name, WORKER_PORT: String(port) })
      const worker = createWorker(name, port, child, (message) =>
        messages.set(message, (messages.get(message) ?? 0) + 1),
      )
      for (const until = performance.now() + START_MS; performance.now() < until; ) {
        if (closed) throw new Error('The run is over')
        if (worker.ended) throw new Error(worker.ended)
        const health = await worker.health()
        if (health && health.status !== 'starting') return worker
        await sleep(20)
      }
      throw new Error(`Worker ${name} did not become healthy`)
    },
    async demo() {
      const child = run(programs.demo, { PORT: '0' })
      child.stderr?.resume()
      const url = await new Promise<string>((resolve, reject) => {
        child.once('exit', (code) => reject(new Error(`The demo services ended with ${code}`)))
        createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
          if (line.includes('"ready":true')) resolve((JSON.parse(line) as { url: string }).url)
        })
      })
      return { url, stop: () => end(child) }
    },
    said: (message) => messages.get(message) ?? 0,
    async endAll() {
      closed = true
      const gone = [...running].map((child) => once(child, 'exit'))
      for (const child of running) child.kill('SIGKILL')
      await Promise.all(gone)
      programs.remove()
    },
  }
}

function createWorker(
  name: string,
  port: number,
  child: ChildProcess,
  heard: (message: string) => void,
): WorkerProcess {
  const said: string[] = []
  for (const input of [child.stdout, child.stderr])
    createInterface({ input: input as NodeJS.ReadableStream }).on('line', (line) => {
      said.push(line)
      if (said.length > 50) said.shift()
      const [, message] = /"message":"([^"]*)"/.exec(line) ?? []
      if (message) heard(message)
    })
  let asked = false
  const worker: WorkerProcess = {
    name,
    ended: null,
    signal(signal) {
      if (signal === 'SIGKILL' || signal === 'SIGTERM') asked = true
      child.kill(signal)
    },
    async health() {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/`, {
          signal: AbortSignal.timeout(1_000),
        })
        return (await response.json()) as Awaited<ReturnType<WorkerProcess['health']>>
      } catch {
        return null
      }
    },
    stop() {
      asked = true
      return end(child)
    },
  }
  child.once('exit', (code, signal) => {
    if (!asked)
      worker.ended = `worker ${name} ended by itself (${code ?? signal}): ${said.join('\n').slice(-2_000)}`
  })
  return worker
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
