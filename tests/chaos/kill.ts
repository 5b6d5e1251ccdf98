/**
 * The `kill` suite: a worker is ended by SIGKILL at random moments while sagas run against the demo services, which
 * themselves fail, lose requests and lose replies. At the end every saga has reached a legal end, and the services' own
 * tables say whether an effect happened twice, stands after a rollback, or was undone without having happened.
 *
 * Everything is real: PostgreSQL, a worker process (server/launch/worker.ts), the demo services in a process of their
 * own, HTTP between them. This process only starts sagas, decides at their gates, and kills.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { SagaDocument } from '@/runtime'
import { auditEffects, standingEffects } from '@/server/demo/audit'
import { demoParticipants } from '@/server/demo/participants'
import { readEnv } from '@/server/env'
import { openHost } from '@/server/open-host'
import { sealSecrets } from '@/server/product/participants'
import { action, saga } from '../support/dry-run'
import { freePort } from '../support/free-port'

export interface KillOptions {
  /** An empty database; it is migrated and seeded. */
  databaseUrl: string
  dataFolder: string
  sagas: number
  faults: number
  seed: number
  log?: (line: string) => void
}

export interface KillReport {
  suite: 'kill'
  faults: number
  entities: number
  /** Sagas that did not reach an end. */
  lost: number
  /** Effects or compensations that happened more than once. */
  duplicates: number
  /** Everything else that must not be, in words. */
  violations: string[]
  statuses: Record<string, number>
  effects: number
  /** From spawning the worker until it commits again, milliseconds. */
  recoverMsP99: number
  seconds: number
}

const NAME = 'chaos-launch'
const branch = (...steps: [string, Record<string, unknown>][]) => ({
  start: steps[0]?.[0] as string,
  steps: Object.fromEntries(steps),
})
const quick = { retry: { attemptsMax: 3, delayMs: 50, delayMaxMs: 400 }, timeoutMs: 3000 }

/** Every kind of step that has an effect, and every way to lose it. */
export const chaosSaga: SagaDocument = saga({
  name: NAME,
  title: 'Chaos launch',
  retry: { delayMs: 50, delayMaxMs: 500 },
  start: 'reserve',
  steps: {
    reserve: action('reserve', 'audit', {
      participant: 'budget-ledger',
      operation: 'reserve',
      input: { ventureId: 'input.venture', amount: '1', currency: '"EUR"' },
      compensation: { operation: 'release', retry: { attemptsMax: 1000 } },
      ...quick,
    }),
    audit: {
      type: 'parallel',
      branches: {
        legal: branch(
          [
            'name',
            action('name', 'register', {
              participant: 'company-registry',
              operation: 'reserveName',
              input: { name: 'input.name' },
              compensation: { operation: 'releaseName', retry: { attemptsMax: 1000 } },
              ...quick,
            }),
          ],
          [
            'register',
            action('register', undefined, {
              participant: 'company-registry',
              operation: 'register',
              input: { registrationId: 'steps.name.registrationId' },
              compensation: { operation: 'deregister', retry: { attemptsMax: 1000 } },
              ...quick,
            }),
          ],
        ),
        compliance: branch([
          'case',
          action('case', undefined, {
            participant: 'compliance',
            operation: 'openCase',
            input: { name: 'input.name' },
            compensation: { operation: 'closeCase', retry: { attemptsMax: 1000 } },
            ...quick,
          }),
        ]),
      },
      next: 'pause',
    },
    pause: { type: 'wait', forMs: 150, next: 'which' },
    which: {
      type: 'choice',
      branches: [{ when: 'input.gate', next: 'gate' }],
      otherwise: 'charge',
    },
    gate: {
      type: 'approval',
      question: 'Launch {input.name}?',
      timeoutMs: 600_000,
      onTimeout: 'ABORT',
      next: 'charge',
    },
    charge: {
      type: 'action',
      participant: 'budget-ledger',
      operation: 'charge',
      input: { reservationId: 'steps.reserve.reservationId' },
      effect: 'pivot',
      next: 'tell',
      timeoutMs: 3000,
      retry: { attemptsMax: 500, delayMs: 50, delayMaxMs: 500 },
    },
    tell: {
      type: 'action',
      participant: 'notification',
      operation: 'send',
      input: { to: '"chairman@example.com"', template: '"launched"', data: {} },
      effect: 'retriable',
      timeoutMs: 3000,
      retry: { delayMs: 50, delayMaxMs: 500 },
    },
  },
})

/** Terminal failures only where the saga may still go back; lost requests and replies everywhere. */
const FAULTS = {
  'budget-ledger': { '*': { loseReplyRate: 0.08, loseRequestRate: 0.05, delayMs: 15 } },
  'company-registry': {
    '*': { loseReplyRate: 0.08, loseRequestRate: 0.05, delayMs: 25 },
    register: { failRate: 0.2, failKind: 'terminal', loseReplyRate: 0.05, delayMs: 20 },
  },
  compliance: {
    '*': { loseReplyRate: 0.08, loseRequestRate: 0.05, delayMs: 20 },
    openCase: { failRate: 0.1, failKind: 'retryable', loseReplyRate: 0.1, delayMs: 30 },
  },
  notification: { '*': { loseReplyRate: 0.1, failRate: 0.1, failKind: 'retryable' } },
}

export async function killSuite(options: KillOptions): Promise<KillReport> {
  const { databaseUrl, sagas, faults } = options
  const log = options.log ?? (() => {})
  const random = mulberry32(options.seed)
  const began = performance.now()
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    SAGAWRIGHT_DATA: options.dataFolder,
    NEXTAUTH_SECRET: 'a secret that is long enough for chaos',
    SAGAWRIGHT_DEMO_SECRET: `whsec_${Buffer.from('chaos chaos chaos chaos chaos!!!').toString('base64')}`,
    WORKER_ID: 'chaos-worker',
    PROBE_SECONDS: '0',
    NODE_ENV: 'production' as const,
  }
  const demo = await startDemo(env)
  const kit = openHost(readEnv(env), { log: quiet })
  const { runtime, db } = kit.host
  const recoveries: number[] = []
  let worker: Worker | null = null
  try {
    for (const one of demoParticipants(demo.url))
      await db.participant.create({
        data: {
          name: one.name,
          title: one.title,
          kind: 'HTTP',
          endpointUrl: one.endpointUrl ?? '',
          operations: [],
          allowPrivateNetwork: true,
          sealedSecret: sealSecrets(kit.host.keys, one.name, [env.SAGAWRIGHT_DEMO_SECRET]),
        },
      })
    await runtime.publish({
      document: chaosSaga,
      source: JSON.stringify(chaosSaga),
      by: { kind: 'system', id: 'chaos', name: 'chaos' },
    })
    const switched = await fetch(`${demo.url}/switches`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(FAULTS),
    })
    if (!switched.ok)
      throw new Error(`The demo services refused the faults: ${await switched.text()}`)

    worker = await startWorker(env)
    const ids = Array.from({ length: sagas }, (_, n) => `chaos-${options.seed}-${n}`)
    const perRound = Math.ceil(sagas / Math.max(1, faults))
    let started = 0
    const deciding = new AbortController()
    const decider = decideAtGates(runtime, db, random, deciding.signal)
    for (let fault = 0; fault < faults; fault++) {
      // New sagas all the time, so that each kill meets sagas at every place.
      const batch = ids.slice(started, started + perRound)
      started += batch.length
      await runtime.startMany(
        batch.map((id) => ({
          definition: NAME,
          id,
          input: { name: `Venture ${id}`, venture: `venture-${id}`, gate: random() < 0.3 },
        })),
      )
      await sleep(random() * 500)
      const from = performance.now()
      worker.kill()
      worker = await startWorker(env)
      recoveries.push(performance.now() - from)
      if (fault % 10 === 9) log(`${fault + 1} kills, ${started} sagas started`)
    }
    const statuses = await waitForEnds(db, ids, 120_000)
    deciding.abort()
    await decider
    await worker.stop()
    worker = null
    return {
      suite: 'kill',
      faults,
      entities: sagas,
      recoverMsP99: percentile(recoveries, 0.99),
      seconds: Math.round((performance.now() - began) / 100) / 10,
      ...(await judge(databaseUrl, ids, statuses)),
    }
  } finally {
    worker?.kill()
    await kit.stop()
    await demo.stop()
  }
}

const LEGAL = ['COMPLETED', 'ROLLED_BACK']

async function judge(databaseUrl: string, ids: string[], statuses: Map<string, string>) {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const audit = await auditEffects(client)
    const violations: string[] = []
    let duplicates = 0
    for (const violation of audit.violations) {
      if (violation.code === 'TWICE' || violation.code === 'UNDONE_TWICE') duplicates++
      violations.push(`${violation.code} ${violation.key}: ${violation.message}`)
    }
    for (const id of ids) {
      const status = statuses.get(id)
      const standing = standingEffects(audit, id)
      if (status === 'ROLLED_BACK' && standing.length > 0)
        violations.push(`${id} is rolled back, but ${standing.join(', ')} stand`)
      const undone = [...(audit.sagas.get(id)?.values() ?? [])].filter(
        (one) => one.compensation > 0,
      )
      if (status === 'COMPLETED' && undone.length > 0)
        violations.push(
          `${id} completed, but ${undone.map((one) => one.step).join(', ')} are undone`,
        )
      const charged = [...(audit.sagas.get(id)?.values() ?? [])].some(
        (one) => one.step === 'charge',
      )
      if (status === 'COMPLETED' && !charged) violations.push(`${id} completed without its charge`)
    }
    const counts: Record<string, number> = {}
    for (const id of ids) {
      const status = statuses.get(id) ?? 'NEVER STARTED'
      counts[status] = (counts[status] ?? 0) + 1
    }
    return {
      lost: ids.filter((id) => !LEGAL.includes(statuses.get(id) ?? '')).length,
      duplicates,
      violations,
      statuses: counts,
      effects: audit.effects,
    }
  } finally {
    await client.end()
  }
}

type Host = ReturnType<typeof openHost>['host']

/** Plays the Chairman: CONTINUE most of the time, ABORT now and then. */
async function decideAtGates(
  runtime: Host['runtime'],
  db: Host['db'],
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const gates = await db.gate.findMany({ where: { status: 'OPEN' }, take: 20 })
    for (const gate of gates) {
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
        // The worker was killed meanwhile, or the gate closed: the next round looks again.
      }
    }
    await sleep(100)
  }
}

async function waitForEnds(
  db: Host['db'],
  ids: string[],
  withinMs: number,
): Promise<Map<string, string>> {
  const until = performance.now() + withinMs
  for (;;) {
    const rows = await db.sagaExecution.findMany({
      where: { sagaId: { in: ids } },
      select: { sagaId: true, status: true },
    })
    const statuses = new Map(rows.map((row) => [row.sagaId, row.status as string]))
    if (ids.every((id) => LEGAL.includes(statuses.get(id) ?? ''))) return statuses
    if (performance.now() > until) return statuses
    await sleep(200)
  }
}

interface Worker {
  kill(): void
  stop(): Promise<void>
}

/** A worker process that has its lease and has recovered. */
async function startWorker(env: NodeJS.ProcessEnv): Promise<Worker> {
  const port = await freePort()
  const child = run('server/launch/worker.ts', { ...env, WORKER_PORT: String(port) })
  await answers(`http://127.0.0.1:${port}/`, child)
  return {
    kill: () => void child.kill('SIGKILL'),
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

async function startDemo(env: NodeJS.ProcessEnv): Promise<{ url: string; stop(): Promise<void> }> {
  const child = run('server/demo/main.ts', { ...env, PORT: '0' })
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
  child.stderr?.resume()
  return child
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let n = 0; n < 600; n++) {
    if (child.exitCode !== null) throw new Error(`The worker ended with ${child.exitCode}`)
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) return
    await sleep(20)
  }
  throw new Error('The worker did not become healthy')
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}

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
