/**
 * Where contestants meet: one embedded PostgreSQL with fsync and synchronous_commit on, a database and a process for each
 * of them, one running at a time and all taking turns, so that whatever else the machine does meets all alike.
 */
import { fork } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
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
  | 'parked'

/** Those that use our schema, and are TypeScript. */
const OWN: readonly Contestant[] = ['sagawright', 'roofline', 'history', 'parked']
const TIMEOUT_MS = 15 * 60_000

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
  const peers = contestants.some((one) => !OWN.includes(one)) ? installPeers(folder) : folder
  const base = mkdtempSync(path.join(folder, 'arena-'))
  chmodSync(base, 0o711) // as root, the server runs as user postgres and must get through
  const dir = path.join(base, 'pg')
  const port = await freePort()
  await startPostgres({
    dir,
    port,
    settings: { fsync: 'on', synchronous_commit: 'on', max_connections: '100' },
  })
  const admin = new pg.Client({ connectionString: urlAt(port) })
  await admin.connect()
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

  return {
    async run(contestant, task) {
      const databaseUrl = await databaseOf(contestant)
      // nobody pays for the pages of the one before
      await admin.query('CHECKPOINT')
      return perform(contestant, {
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
    },
    async stop() {
      await admin.end()
      await destroyPostgres(dir)
      rmSync(base, { recursive: true, force: true })
    },
  }
}

async function perform(contestant: Contestant, task: Task): Promise<Record<string, number>> {
  const own = OWN.includes(contestant)
  const file = path.join(import.meta.dirname, 'contestants', `${contestant}.${own ? 'ts' : 'mjs'}`)
  const child = fork(file, [JSON.stringify(task)], {
    execArgv: own ? ['--import', 'tsx', '--expose-gc'] : [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
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
