/**
 * Where contestants meet: one embedded PostgreSQL with fsync and synchronous_commit on, a database and a process for each
 * of them, one running at a time and all taking turns, so that whatever else the machine does meets all alike.
 *
 * 1. What is not the contestants' own is the same for all: the server's settings (its defaults, but for what is said
 *    here), Node's flags, the disk.
 * 2. Nothing stays behind: not after an interrupt, and what a killed run left is removed by the next one.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { deploy } from '@/server/launch/migrate.mjs'
import { destroyPostgres, startPostgres, urlAt } from '@/server/launch/postgres.mjs'
import { freePort } from '../support/free-port'
import type { Result, Task } from './contestants/contestant.mjs'
import { installPeers } from './peers'

export type Contestant =
  | 'sagawright'
  | 'roofline'
  | 'dbos'
  | 'restate'
  | 'pg-boss'
  | 'graphile-worker'
  | 'history'
  | 'rollback'
  | 'parked'

/** Those that use our schema, and are TypeScript. */
const OWN: readonly Contestant[] = ['sagawright', 'roofline', 'history', 'rollback', 'parked']
const TIMEOUT_MS = 15 * 60_000
/** How long a contestant may take to end when asked to. */
const STOP_MS = 5_000
/**
 * For every contestant alike: room for what lives as long as a workflow, so that Node's collector does not copy it again and
 * again. It is what we recommend to those who embed the runtime; DBOS, pg-boss and graphile-worker gain by it as well.
 */
const NODE_FLAGS = ['--max-semi-space-size=32', '--no-deprecation']
/** Where memory is what is measured, that room would be most of the figure: Node's own defaults, as `npm start` has them. */
const MEMORY_FLAGS = ['--no-deprecation']
/** Left to the server's defaults, except what makes commits durable, which is said and then asked for. */
const SETTINGS = { fsync: 'on', synchronous_commit: 'on', max_connections: '100' }

export interface Arena {
  /** Runs one task in a new process of that contestant. Throws when anything in it went wrong. */
  run(contestant: Contestant, task: Partial<Task>): Promise<Record<string, number>>
  stop(): Promise<void>
}

/** `folder` is on the disk that is measured. */
export async function openArena(
  folder: string,
  contestants: readonly Contestant[],
): Promise<Arena> {
  mkdirSync(folder, { recursive: true })
  await removeAbandoned(folder)
  const peers = contestants.some((one) => !OWN.includes(one)) ? installPeers(folder) : folder
  const base = mkdtempSync(path.join(folder, `arena-${process.pid}-`))
  chmodSync(base, 0o711) // as root, the server runs as user postgres and must get through
  const dir = path.join(base, 'pg')
  const port = await freePort()
  await startPostgres({ dir, port, settings: SETTINGS })
  const admin = new pg.Client({ connectionString: urlAt(port) })
  await admin.connect()
  console.error(await conditions(admin))
  let running: ChildProcess | null = null
  let stopping: Promise<void> | null = null
  const databases = new Map<Contestant, string>()
  let runs = 0

  async function databaseOf(contestant: Contestant): Promise<string> {
    let url = databases.get(contestant)
    if (!url) {
      const name = `bench_${contestant.replace('-', '_')}`
      await admin.query(`CREATE DATABASE ${name}`)
      url = urlAt(port, name)
      if (OWN.includes(contestant)) await deploy(url)
      databases.set(contestant, url)
    }
    return url
  }

  async function stop(): Promise<void> {
    if (running) await end(running)
    await admin.end()
    await destroyPostgres(dir)
    rmSync(base, { recursive: true, force: true })
  }

  return {
    async run(contestant, task) {
      const databaseUrl = await databaseOf(contestant)
      // nobody pays for the pages of the one before
      await admin.query('CHECKPOINT')
      if (stopping) throw new Error('The benchmark was stopped')
      const child = begin(contestant, {
        work: 'sagas',
        databaseUrl,
        folder: base,
        peers,
        run: `run${++runs}`,
        port: await freePort(),
        count: 1,
        warmUp: 0,
        concurrency: 1,
        steps: 5,
        ...task,
      })
      running = child
      return resultOf(contestant, child)
    },
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/** What was measured on, and that commits are durable. */
async function conditions(sql: pg.Client): Promise<string> {
  const shown: string[] = []
  for (const name of ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await sql.query<Record<string, string>>(`SHOW ${name}`)
    shown.push(`${name} ${rows[0]?.[name]}`)
    if (name in SETTINGS && rows[0]?.[name] !== 'on') throw new Error(`${name} is not on`)
  }
  const [cpu] = os.cpus()
  const machine = `${os.availableParallelism()} × ${cpu?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB`
  return `PostgreSQL: ${shown.join(', ')}. Node ${process.version}. ${machine}.`
}

function begin(contestant: Contestant, task: Task): ChildProcess {
  const own = OWN.includes(contestant)
  const file = path.join(import.meta.dirname, 'contestants', `${contestant}.${own ? 'ts' : 'mjs'}`)
  const flags = contestant === 'parked' ? MEMORY_FLAGS : NODE_FLAGS
  console.error(`${contestant}: node ${flags.join(' ')}`)
  return fork(file, [JSON.stringify(task)], {
    execArgv: [...flags, ...(own ? ['--import', 'tsx', '--expose-gc'] : [])],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

async function resultOf(
  contestant: Contestant,
  child: ChildProcess,
): Promise<Record<string, number>> {
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  try {
    const { result, error } = await new Promise<{ result?: Result; error?: string }>(
      (resolve, reject) => {
        child.once('message', (message) => resolve(message as { result?: Result; error?: string }))
        child.once('exit', (code, signal) =>
          reject(new Error(`${contestant} ended with ${code ?? signal} and without a result`)),
        )
      },
    )
    if (error || !result) throw new Error(`${contestant}: ${error ?? 'no result'}`)
    if (result.wrong.length > 0) throw new Error(`${contestant}: ${result.wrong.join('; ')}`)
    return result.metrics
  } finally {
    clearTimeout(timer)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}

/** A run that was killed could not clean up: its server may still be there. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^arena-(\d+)-/.exec(name) ?? []
    if (pid === undefined || isAlive(Number(pid))) continue
    await destroyPostgres(path.join(folder, name, 'pg'))
    rmSync(path.join(folder, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
