/**
 * Where chaos suites play: a PostgreSQL of their own, the demo services, worker processes, a load (load.ts) that never
 * pauses; and at the end the judgement. Everything is real: SIGKILL, SIGSTOP, HTTP, a server that stops.
 *
 * However it ends, by a failed suite or by `signal`, no process is left.
 */
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { demoParticipants } from '@/server/demo/participants'
import { readEnv } from '@/server/env'
import { openHost } from '@/server/open-host'
import { sealSecrets } from '@/server/product/participants'
import { chaosSaga, FAULTS, NAME } from './chaos-saga'
import { type Judgement, judge } from './judge'
import { type Load, persist, startLoad } from './load'
import { type Fault, measure, percentile } from './measure'
import { openProcesses, type Processes, type WorkerProcess } from './processes'

export interface ChaosOptions {
  /** An empty database on a server with track_commit_timestamp; it is migrated and seeded. */
  databaseUrl: string
  dataFolder: string
  /** So many in all, at least. */
  sagas: number
  faults: number
  seed: number
  workers?: number
  /** Sagas alive at any time; default 40. */
  population?: number
  /** Starts per second at most; default 100. */
  perSecond?: number
  /** How long those sagas wait on their way that wait for something; default up to 3,000 ms. */
  waitMaxMs?: number
  /** The parts of them that wait for a signal, and for a time; default 0.3 each. */
  signalled?: number
  timed?: number
  /** Begins no new fault after so many minutes. */
  minutes?: number
  /** Ends the run. */
  signal?: AbortSignal
  log?: (line: string) => void
}

export interface ChaosReport extends Judgement {
  suite: string
  faults: number
  entities: number
  workers: number
  /** Sagas alive when a fault struck, on the average. */
  aliveAtFaults: number
  /** From the fault until another worker ended the lease; null where no lease ends. */
  detectMsP99: number | null
  detectMsMax: number | null
  /** From the fault until another worker had the shards; null where none move. */
  takenMsP99: number | null
  takenMsMax: number | null
  /** From the fault, or when they had something to do, until their next commit: over all sagas that it hit. */
  recoverMsP50: number | null
  recoverMsP99: number | null
  recoverMsMax: number | null
  /** Sagas whose recovery was measured, over all faults. */
  recovered: number
  /** How often a worker that had been away found itself fenced, or its lease run out. */
  fenced: number
  /** Of the machine, over the last minute at the end of the faults. */
  load: number
  seconds: number
  /** Those that took longest, for whoever wants to know why. */
  slowest: string[]
}

export interface Stage {
  random: () => number
  /** Those that run now. */
  workers: WorkerProcess[]
  sleep(ms: number): Promise<void>
  /** Notes a fault that is about to happen: on this worker, or, with null, on the database and so on all of them. */
  fault(worker: string | null): Promise<void>
  faults: readonly Fault[]
  /** Starts a worker under a new name and adds it. */
  addWorker(): Promise<WorkerProcess>
}

/** Once the load is there, runs `play`, which causes the faults; then waits for every saga's end and judges. */
export async function chaos(
  suite: string,
  options: ChaosOptions,
  play: (stage: Stage) => Promise<void>,
): Promise<ChaosReport> {
  const began = performance.now()
  const random = mulberry32(options.seed)
  const env = {
    ...process.env,
    DATABASE_URL: options.databaseUrl,
    SAGAWRIGHT_DATA: options.dataFolder,
    NEXTAUTH_SECRET: 'a secret that is long enough for chaos',
    SAGAWRIGHT_DEMO_SECRET: `whsec_${Buffer.from('chaos chaos chaos chaos chaos!!!').toString('base64')}`,
    PROBE_SECONDS: '0',
    NODE_ENV: 'production' as const,
  }
  const ended = new AbortController()
  const end = () => ended.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', end, { once: true })
  const processes = await openProcesses(env)
  const kit = openHost(readEnv(env), { log: quiet })
  let load: Load | undefined
  const run = async () => {
    const demo = await processes.demo()
    await prepare(kit.host, demo.url, env.SAGAWRIGHT_DEMO_SECRET)
    const stage = createStage(options, processes, random, () => load?.alive ?? 0, ended.signal)
    for (let n = 0; n < (options.workers ?? 3); n++) await stage.addWorker()
    load = startLoad(kit.host, {
      sagas: options.sagas,
      population: options.population ?? 40,
      perSecond: options.perSecond ?? 100,
      waitMaxMs: options.waitMaxMs ?? 3_000,
      signalled: options.signalled ?? 0.3,
      timed: options.timed ?? 0.3,
      seed: options.seed,
      random,
    })
    const faults = await Promise.race([playAndFinish(stage, load), load.broken])
    const statuses = await waitForEnds(kit.host, load.ids, 180_000, ended.signal)
    const left = stage.all.flatMap((worker) => (worker.ended ? [worker.ended] : []))
    await Promise.all(stage.workers.map((worker) => worker.stop()))
    return { faults, statuses, ids: load.ids, left, machine: stage.machine }
  }
  const playAndFinish = async (stage: ReturnType<typeof createStage>, { full, finish }: Load) => {
    await full
    options.log?.(`${load?.alive} sagas are alive; the faults begin`)
    await play(stage)
    stage.machine = Math.round((loadavg()[0] ?? 0) * 10) / 10
    options.log?.(`${stage.faults.length} faults done, waiting for the sagas to end`)
    await finish()
    return stage.faults
  }
  options.signal?.throwIfAborted()
  const running = run()
  try {
    const { faults, statuses, ids, left, machine } = await Promise.race([
      running,
      rejection(ended.signal),
    ])
    return await withClient(options.databaseUrl, async (client) => {
      const measured = await measure(client, faults)
      const judgement = await judge(client, ids, statuses)
      const { detectMs, takenMs, recoverMs, slowest } = measured
      return {
        suite,
        faults: faults.length,
        entities: ids.length,
        workers: options.workers ?? 3,
        aliveAtFaults: Math.round(
          faults.reduce((sum, { alive }) => sum + alive, 0) / Math.max(1, faults.length),
        ),
        detectMsP99: percentile(detectMs, 0.99),
        detectMsMax: percentile(detectMs, 1),
        takenMsP99: percentile(takenMs, 0.99),
        takenMsMax: percentile(takenMs, 1),
        recoverMsP50: percentile(recoverMs, 0.5),
        recoverMsP99: percentile(recoverMs, 0.99),
        recoverMsMax: percentile(recoverMs, 1),
        recovered: recoverMs.length,
        fenced: FENCED_WORDS.reduce((sum, words) => sum + processes.said(words), 0),
        load: machine,
        seconds: Math.round((performance.now() - began) / 100) / 10,
        ...judgement,
        violations: [...left, ...judgement.violations],
        slowest,
      }
    })
  } finally {
    ended.abort()
    options.signal?.removeEventListener('abort', end)
    load?.stop()
    await processes.endAll()
    // A restart of the database that is under way must not outlive its cluster.
    await running.catch(() => {})
    await kit.stop()
  }
}

type Host = ReturnType<typeof openHost>['host']

/** What the lease keeper logs when a worker was away for too long. */
const FENCED_WORDS = [
  'A commit was refused as fenced; asking what holds',
  'This worker stops working until its lease is renewed',
  'This worker lost its lease',
]

function createStage(
  options: ChaosOptions,
  processes: Processes,
  random: () => number,
  alive: () => number,
  signal: AbortSignal,
) {
  const all: WorkerProcess[] = []
  const workers: WorkerProcess[] = []
  const faults: Fault[] = []
  return {
    random,
    all,
    workers,
    faults,
    machine: 0,
    sleep: (ms: number) => sleep(ms, undefined, { signal }),
    async fault(worker: string | null) {
      await withClient(options.databaseUrl, async (client) => {
        const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now')
        faults.push({ at: rows[0]?.now as Date, worker, alive: alive() })
      })
    },
    async addWorker() {
      const worker = await processes.worker(`chaos-${options.seed}-${all.length}`)
      all.push(worker)
      workers.push(worker)
      return worker
    },
  } satisfies Stage & Record<string, unknown>
}

async function prepare({ db, runtime, keys }: Host, url: string, secret: string): Promise<void> {
  for (const one of demoParticipants(url))
    await db.participant.create({
      data: {
        name: one.name,
        title: one.title,
        kind: 'HTTP',
        endpointUrl: one.endpointUrl ?? '',
        operations: [],
        allowPrivateNetwork: true,
        sealedSecret: sealSecrets(keys, one.name, [secret]),
      },
    })
  await runtime.publish({
    document: chaosSaga,
    source: JSON.stringify(chaosSaga),
    by: { kind: 'system', id: 'chaos', name: 'chaos' },
  })
  const switched = await fetch(`${url}/switches`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(FAULTS),
  })
  if (!switched.ok)
    throw new Error(`The demo services refused the faults: ${await switched.text()}`)
}

/** Every saga at an end and every message taken, or whatever is so after the time. */
async function waitForEnds(
  { db }: Host,
  ids: readonly string[],
  withinMs: number,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const until = performance.now() + withinMs
  for (;;) {
    const rows = await persist(() =>
      db.sagaExecution.findMany({
        where: { parentId: null, sagaType: NAME },
        select: { sagaId: true, status: true },
      }),
    )
    const statuses = new Map(rows.map((row) => [row.sagaId, row.status as string]))
    const ended = (id: string) => ['COMPLETED', 'ROLLED_BACK'].includes(statuses.get(id) ?? '')
    const mail = await persist(
      () => db.$queryRaw<unknown[]>`SELECT FROM mailbox WHERE processed_at IS NULL LIMIT 1`,
    )
    const isOver = mail.length === 0 && ids.every(ended)
    if (isOver || performance.now() > until) return statuses
    await sleep(500, undefined, { signal })
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason ?? new Error('The run was ended')))
  })
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

/** A seeded generator of numbers in [0, 1) (Tommy Ettinger's mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
