/**
 * Where chaos suites play: a PostgreSQL of their own, the demo services, worker processes, a steady stream of new sagas, a
 * chairman at the gates; and at the end the judgement. Everything is real: SIGKILL, SIGSTOP, HTTP, a server that stops.
 *
 * This process only starts sagas, decides at their gates and causes the faults. It is no worker.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { demoParticipants } from '@/server/demo/participants'
import { readEnv } from '@/server/env'
import { openHost } from '@/server/open-host'
import { sealSecrets } from '@/server/product/participants'
import { chaosSaga, FAULTS, NAME } from './chaos-saga'
import { type Fault, type Judgement, judge, measure, percentile } from './measure'
import { startDemo, startWorker, type WorkerProcess } from './worker-process'

export interface ChaosOptions {
  /** An empty database on a server with track_commit_timestamp; it is migrated and seeded. */
  databaseUrl: string
  dataFolder: string
  sagas: number
  faults: number
  seed: number
  workers?: number
  /** Begins no new fault after so many minutes. */
  minutes?: number
  log?: (line: string) => void
}

export interface ChaosReport extends Judgement {
  suite: string
  faults: number
  entities: number
  workers: number
  /** From the fault until another worker ended the lease; null where no lease ends. */
  detectMsP99: number | null
  detectMsMax: number | null
  /** From the fault until a saga's next commit, over all sagas that had something to do. */
  recoverMsP50: number | null
  recoverMsP99: number | null
  recoverMsMax: number | null
  /** Sagas whose recovery was measured. */
  recovered: number
  seconds: number
}

export interface Stage {
  random: () => number
  /** Those that run now. */
  workers: WorkerProcess[]
  /** By the database's clock. */
  now(): Promise<Date>
  /** Starts a worker under a new name and adds it. */
  addWorker(): Promise<WorkerProcess>
  /** Starts the next `count` sagas. */
  start(count: number): Promise<void>
}

/** Runs `play`, which returns the faults that it caused, then waits for every saga's end and judges. */
export async function chaos(
  suite: string,
  options: ChaosOptions,
  play: (stage: Stage) => Promise<Fault[]>,
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
  const demo = await startDemo(env)
  const kit = openHost(readEnv(env), { log: quiet })
  const stage = createStage(options, kit.host, env, random)
  const deciding = new AbortController()
  let decider = Promise.resolve()
  try {
    await prepare(kit.host, demo.url, env.SAGAWRIGHT_DEMO_SECRET)
    for (let n = 0; n < (options.workers ?? 3); n++) await stage.addWorker()
    decider = decideAtGates(kit.host, random, deciding.signal)
    const faults = await play(stage)
    options.log?.(`${faults.length} faults done, waiting for the sagas to end`)
    const statuses = await waitForEnds(kit.host, stage.ids, 180_000)
    deciding.abort()
    await decider
    const ended = stage.all.flatMap((worker) => (worker.ended ? [worker.ended] : []))
    await Promise.all(stage.workers.map((worker) => worker.stop()))
    stage.workers.length = 0
    return await withClient(options.databaseUrl, async (client) => {
      const { detectMs, recoverMs } = await measure(client, faults)
      const judgement = await judge(client, stage.ids, statuses)
      return {
        suite,
        faults: faults.length,
        entities: stage.ids.length,
        workers: options.workers ?? 3,
        detectMsP99: percentile(detectMs, 0.99),
        detectMsMax: percentile(detectMs, 1),
        recoverMsP50: percentile(recoverMs, 0.5),
        recoverMsP99: percentile(recoverMs, 0.99),
        recoverMsMax: percentile(recoverMs, 1),
        recovered: recoverMs.length,
        seconds: Math.round((performance.now() - began) / 100) / 10,
        ...judgement,
        violations: [...ended, ...judgement.violations],
      }
    })
  } finally {
    deciding.abort()
    await decider
    for (const worker of stage.workers) {
      worker.signal('SIGCONT')
      worker.signal('SIGKILL')
    }
    await kit.stop()
    await demo.stop()
  }
}

type Host = ReturnType<typeof openHost>['host']

function createStage(
  options: ChaosOptions,
  { runtime }: Host,
  env: NodeJS.ProcessEnv,
  random: () => number,
) {
  const ids: string[] = []
  const all: WorkerProcess[] = []
  const workers: WorkerProcess[] = []
  return {
    random,
    ids,
    all,
    workers,
    now: () =>
      withClient(options.databaseUrl, async (client) => {
        const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now')
        return rows[0]?.now as Date
      }),
    async addWorker() {
      const worker = await startWorker(env, `chaos-${options.seed}-${all.length}`)
      all.push(worker)
      workers.push(worker)
      return worker
    },
    async start(count: number) {
      const from = ids.length
      const batch = Array.from(
        { length: Math.min(count, options.sagas - from) },
        (_, n) => `chaos-${options.seed}-${from + n}`,
      )
      ids.push(...batch)
      for (let n = 0; n < batch.length; n += 500) {
        const requests = batch.slice(n, n + 500).map((id) => ({
          definition: NAME,
          id,
          input: { name: `Venture ${id}`, venture: `venture-${id}`, gate: random() < 0.3 },
        }))
        // Starting an id again is harmless, so a start whose fate is unknown is simply repeated.
        await persist(() => runtime.startMany(requests))
      }
    },
  } satisfies Stage & { ids: string[]; all: WorkerProcess[] }
}

/** Until it succeeds: the database may be away just now. */
async function persist<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++)
    try {
      return await run()
    } catch (error) {
      if (tries > 100) throw error
      await sleep(200)
    }
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

/** Plays the Chairman: CONTINUE most of the time, ABORT now and then. */
async function decideAtGates(
  { db, runtime }: Host,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const gates = await db.gate.findMany({ where: { status: 'OPEN' }, take: 50 }).catch(() => [])
    await Promise.all(
      gates.map(async (gate) => {
        const decision = random() < 0.7 ? 'CONTINUE' : 'ABORT'
        try {
          const { seq } = await runtime.previewDecision(gate.sagaId, gate.step)
          await runtime.decide({
            sagaId: gate.sagaId,
            step: gate.step,
            decision,
            reasoning: 'chaos',
            seenSeq: seq,
            by: { kind: 'user', id: 'chairman', name: 'Chairman' },
          })
        } catch {
          // Its worker went away meanwhile, or the gate closed: the next round looks again.
        }
      }),
    )
    await sleep(100)
  }
}

async function waitForEnds(
  { db }: Host,
  ids: readonly string[],
  withinMs: number,
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
    if (ids.every(ended) || performance.now() > until) return statuses
    await sleep(200)
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
