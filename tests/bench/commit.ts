/**
 * What a group commit costs: one commit at a time on an embedded PostgreSQL with fsync on, as the engine does it.
 * Run: npx tsx tests/bench/commit.ts [--json]
 *
 * `entries`: each entity advances by one entry. `turns`: each also acknowledges its message, posts one, and sets and
 * cancels a timer, with the saga's row changed every fifth time: about what a step of a real saga writes.
 */
import { parseArgs } from 'node:util'
import type { Entry, Message } from '@/runtime/journal/entry'
import type { EntityCommit, Lease, Store } from '@/runtime/journal/store'
import { createPostgresStore } from '@/runtime/postgres/postgres-store'
import { createPrisma } from '@/runtime/postgres/prisma'
import { startCluster } from '../support/cluster'

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const WARM_UP = 10

interface Line {
  suite: 'commit'
  case: string
  batch: number
  commits: number
  entriesPerSecond: number
  p50Ms: number
  p99Ms: number
}

const cluster = await startCluster({ fsync: 'on' })
const prisma = createPrisma(cluster.url, { poolMax: 4 })
const store = createPostgresStore(prisma)
const lease = await store.acquire('bench', 600_000)
const lines: Line[] = []
for (const name of ['entries', 'turns'] as const)
  for (const [batch, commits] of [
    [1, 1000],
    [50, 200],
    [500, 60],
  ] as const)
    lines.push(await measure(store, lease, name, batch, commits))
await store.release(lease)
await prisma.$disconnect()
await cluster.stop()
if (flags.json) for (const line of lines) console.log(JSON.stringify(line))
else console.table(lines)

async function measure(
  store: Store,
  lease: Lease,
  name: 'entries' | 'turns',
  batch: number,
  commits: number,
): Promise<Line> {
  const ids = Array.from({ length: batch }, (_, i) => `${name}-${batch}-${i}`)
  const times: number[] = []
  for (let turn = 0; turn < commits + WARM_UP; turn++) {
    const work = ids.map((id) => turnOf(id, turn, name === 'turns'))
    if (name === 'turns') {
      await store.post(
        ids.map((id) => ({
          id: `${id}-${turn}`,
          entityId: id,
          message: { type: 'timer', timer: 't' },
        })),
      )
      const mail = (await store.pending(lease, null, [], batch * 3)).messages
      const mine = new Map(mail.map((m) => [m.entityId, m]))
      for (const commit of work) {
        const message = mine.get(commit.entityId)
        if (!message) continue
        commit.acks.push({ position: message.position, verdict: { accepted: true } })
      }
    }
    const start = performance.now()
    await store.commit(lease, work)
    if (turn >= WARM_UP) times.push(performance.now() - start)
  }
  const spent = times.reduce((sum, ms) => sum + ms, 0)
  times.sort((a, b) => a - b)
  const quantile = (q: number) => Math.round((times[Math.floor(times.length * q)] ?? 0) * 100) / 100
  return {
    suite: 'commit',
    case: name,
    batch,
    commits,
    entriesPerSecond: Math.round((batch * commits * 1000) / spent),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }
}

function turnOf(entityId: string, turn: number, whole: boolean): EntityCommit {
  const message: Message = {
    type: 'result',
    call: `reserve:1:${turn}`,
    outcome: { ok: true, output: { reservationId: `r-${turn}`, amount: 12_345, currency: 'EUR' } },
  }
  const entry: Entry = {
    entityId,
    seq: turn + 1,
    at: Date.now(),
    message,
    facts: [
      { t: 'step.succeeded', step: 'reserveBudget', attempt: 1 },
      {
        t: 'step.started',
        step: 'registerCompany',
        attempt: 1,
        key: `${entityId}:registerCompany`,
        participant: 'registry',
        operation: 'register',
        input: { name: 'Analytical Engines', country: 'GB', capital: 12_345 },
      },
    ],
  }
  const row = {
    definition: { name: 'bench', version: 1, digest: 'd' },
    title: 'Bench',
    ventureId: null,
    parentId: null,
    parentStep: null,
    status: 'RUNNING',
    totalSteps: 5,
    input: { amount: 12_345 },
    startedBy: null,
    startedAt: Date.now(),
    endedAt: null,
    timeoutAt: null,
    requiresApproval: false,
    failureCode: null,
    failureReason: null,
  } as const
  return {
    entityId,
    kind: 'saga',
    digest: 'd',
    fromSeq: turn,
    entries: [entry],
    hashes: ['a'.repeat(64)],
    active: true,
    current: 'Register the company',
    ...(whole && turn % 5 === 0 ? { saga: { id: entityId, ...row } } : {}),
    gatesOpened: [],
    gatesClosed: [],
    decisions: [],
    timersSet: whole ? [{ timer: `deadline-${turn}`, dueAt: Date.now() + 1e7 }] : [],
    timersCancelled: whole ? [`deadline-${turn - 1}`] : [],
    posts: whole ? [{ id: `${entityId}>${turn}`, entityId: `sink-${entityId}`, message }] : [],
    acks: [],
  }
}
