/** The processes of a chaos run, as they are in production: workers (server/launch/worker.ts) and the demo services. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/free-port'

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

/** A worker that has joined and recovered. */
export async function startWorker(env: NodeJS.ProcessEnv, name: string): Promise<WorkerProcess> {
  const port = await freePort()
  const child = run('server/launch/worker.ts', {
    ...env,
    WORKER_ID: name,
    WORKER_PORT: String(port),
  })
  const said: string[] = []
  child.stderr?.on('data', (text) => {
    said.push(String(text))
    if (said.length > 50) said.shift()
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
    async stop() {
      asked = true
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
  child.once('exit', (code, signal) => {
    if (!asked)
      worker.ended = `worker ${name} ended by itself (${code ?? signal}): ${said.join('').slice(-2_000)}`
  })
  for (let n = 0; n < 1_500; n++) {
    if (worker.ended) throw new Error(worker.ended)
    const health = await worker.health()
    if (health && health.status !== 'starting') return worker
    await sleep(20)
  }
  child.kill('SIGKILL')
  throw new Error(`Worker ${name} did not become healthy: ${said.join('').slice(-2_000)}`)
}

export async function startDemo(
  env: NodeJS.ProcessEnv,
): Promise<{ url: string; stop(): Promise<void> }> {
  const child = run('server/demo/main.ts', { ...env, PORT: '0' })
  child.stderr?.resume()
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The demo services ended with ${code}`)))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (line.includes('"ready":true')) resolve((JSON.parse(line) as { url: string }).url)
    })
  })
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

function run(file: string, env: NodeJS.ProcessEnv): ChildProcess {
  const root = path.resolve(import.meta.dirname, '../..')
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout?.resume()
  return child
}
