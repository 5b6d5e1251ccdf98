/**
 * The reference implementation of the store port, in memory: what the PostgreSQL store promises, in the plainest way.
 * Tests run the engine on it, and so can anyone who wants sagas without durability.
 *
 * 1. Every method does all of its work before it first yields, so each is atomic.
 * 2. What comes in is kept as JSON text and parsed again on the way out: nobody can change what is stored.
 * 3. The lease's time is the given clock's, as it is the database's in PostgreSQL.
 */
import { type ClusterView, type Moves, planMoves } from '../cluster/ownership'
import { invariant, SagaError } from '../errors'
import type { Clock } from '../ports'
import type { StuckSaga } from '../runtime'
import { checkCommits } from './commit-rules'
import type { Entry, Message, Verdict } from './entry'
import {
  type DecisionRow,
  type DueTimer,
  type EntityCommit,
  type Envelope,
  type FeedItem,
  type GateRow,
  type Lease,
  type PendingMessage,
  type RefusedStatement,
  type SagaRow,
  SHARDS,
  type Store,
  type StoredEntity,
  shardOf,
} from './store'

/** A store whose list rows can be looked at. */
export interface MemoryStore extends Store {
  saga(id: string): SagaRow | undefined
  gate(id: string): StoredGate | undefined
  decision(id: string): DecisionRow | undefined
}

export interface StoredGate extends GateRow {
  status: 'OPEN' | 'DECIDED' | 'EXPIRED' | 'CANCELLED'
  closedAt: number | null
}

interface Worker {
  epoch: number
  session: number
  live: boolean
  expiresAt: number
  joinedAt: number
  address: string | null
  backlogMs: number
  stuck: string
}

interface StoredRow {
  kind: 'saga'
  digest: string
  hash: string
  active: boolean
  snapshot: string | null
  snapshotSeq: number
  /** Entry texts; entry n is at n - 1. */
  entries: string[]
}

interface Mail {
  text: string
  entityId: string
  position: bigint
  at: number
  verdict: Verdict | null
}

export function createMemoryStore(clock: Clock): MemoryStore {
  const workers = new Map<string, Worker>()
  const owners = new Array<string | null>(SHARDS).fill(null)
  let epochs = 0

  const entities = new Map<string, StoredRow>()
  const timers = new Map<string, DueTimer>()
  const mail = new Map<string, Mail>()
  /** Unacknowledged only, in arrival order. */
  const waiting = new Map<bigint, Mail>()
  let position = 0n
  const log: string[] = []

  const sagas = new Map<string, string>()
  const gates = new Map<string, string>()
  const decisions = new Map<string, string>()

  function endOverdue(except: string): void {
    for (const [id, worker] of workers)
      if (id !== except && worker.expiresAt < clock.now()) worker.live = false
  }

  const ownerOf = (owner: string | null) => (owner && workers.get(owner)?.live ? owner : null)

  function view(): ClusterView {
    const now = clock.now()
    const members = [...workers].flatMap(([workerId, one]) => {
      const { live, joinedAt, expiresAt, address, backlogMs } = one
      const times = { ageMs: now - joinedAt, leftMs: expiresAt - now }
      return live ? [{ workerId, ...times, address, backlogMs }] : []
    })
    return { members, owners: owners.map(ownerOf) }
  }

  function leaseOf(workerId: string, { epoch, session }: Worker): Lease {
    const shards = owners.flatMap((owner, shard) => (owner === workerId ? [shard] : []))
    return { workerId, epoch, shards, session }
  }

  function move(workerId: string, worker: Worker, { take, give }: Moves): Lease {
    worker.epoch = ++epochs
    for (const shard of give) if (owners[shard] === workerId) owners[shard] = null
    for (const shard of take) if (!ownerOf(owners[shard] ?? null)) owners[shard] = workerId
    return leaseOf(workerId, worker)
  }

  /** The worker, when this lease has not ended; its epoch may be another one by now. */
  function holder(lease: Lease): Worker {
    const worker = workers.get(lease.workerId)
    if (worker?.live && worker.session === sessionOf(lease)) return worker
    throw fenced(lease)
  }

  function fence(lease: Lease): void {
    if (holder(lease).epoch !== lease.epoch) throw fenced(lease)
  }

  function checkCurrent(commits: EntityCommit[]): void {
    const stale = commits.filter(
      (c) => c.fromSeq !== (entities.get(c.entityId)?.entries.length ?? 0),
    )
    if (stale.length)
      throw new SagaError(
        'CONFLICT',
        `Other entries came first in ${stale.map((c) => c.entityId).join(', ')}; load and decide again`,
        { entityIds: stale.map((c) => c.entityId) },
      )
    const acked = new Set<bigint>()
    const consumed: bigint[] = []
    for (const { position } of commits.flatMap((c) => c.acks)) {
      if (!waiting.has(position) || acked.has(position)) consumed.push(position)
      acked.add(position)
    }
    for (const { saga, fromSeq } of commits)
      invariant(!saga || !fromSeq || sagas.has(saga.id), `saga ${saga?.id} has no row to change`)
    if (consumed.length)
      throw new SagaError(
        'CONFLICT',
        `Messages ${consumed.join(', ')} were acknowledged before; drop them`,
        { positions: consumed.map(String) },
      )
  }

  function write(commit: EntityCommit): void {
    const { entityId, entries, hashes, snapshot } = commit
    if (commit.fromSeq + entries.length > 0) {
      const row = entities.get(entityId) ?? {
        kind: commit.kind,
        digest: commit.digest,
        hash: '',
        active: false,
        snapshot: null,
        snapshotSeq: 0,
        entries: [],
      }
      entities.set(entityId, row)
      row.hash = hashes.at(-1) ?? row.hash
      row.active = commit.active ?? row.active
      if (snapshot) {
        row.snapshot = JSON.stringify(snapshot.data)
        row.snapshotSeq = snapshot.seq
      }
      for (const entry of entries) {
        const text = JSON.stringify(entry)
        row.entries.push(text)
        log.push(text)
      }
    }
    writeLists(commit)
    for (const timer of commit.timersCancelled) timers.delete(timerKey(entityId, timer))
    for (const { timer, dueAt } of commit.timersSet)
      timers.set(timerKey(entityId, timer), { entityId, timer, dueAt })
    commit.posts.forEach(put)
    for (const ack of commit.acks) {
      const message = waiting.get(ack.position)
      if (message) message.verdict = ack.verdict
      waiting.delete(ack.position)
    }
  }

  function writeLists({ saga, gatesOpened, gatesClosed, decisions: decided }: EntityCommit): void {
    if (saga) {
      const before = sagas.get(saga.id)
      sagas.set(
        saga.id,
        JSON.stringify({ ...parse(before ?? '{}'), ...parse(JSON.stringify(saga)) }),
      )
    }
    for (const gate of gatesOpened)
      gates.set(gate.id, JSON.stringify({ ...gate, status: 'OPEN', closedAt: null }))
    for (const { id, how, at } of gatesClosed) {
      const gate = gates.get(id)
      if (gate) gates.set(id, JSON.stringify({ ...parse(gate), status: how, closedAt: at }))
    }
    for (const decision of decided) decisions.set(decision.id, JSON.stringify(decision))
  }

  function put(envelope: Envelope): boolean {
    if (mail.has(envelope.id)) return false
    const message: Mail = {
      text: JSON.stringify(envelope),
      entityId: envelope.entityId,
      position: ++position,
      at: clock.now(),
      verdict: null,
    }
    mail.set(envelope.id, message)
    waiting.set(message.position, message)
    return true
  }

  function stored(entityId: string): StoredEntity[] {
    const row = entities.get(entityId)
    if (!row) return []
    const { kind, hash, digest, snapshot, snapshotSeq, entries } = row
    return [
      {
        entityId,
        kind,
        seq: entries.length,
        hash,
        digest,
        snapshot: snapshot === null ? null : { seq: snapshotSeq, data: JSON.parse(snapshot) },
        entries: entries.slice(snapshotSeq).map(parse<Entry>),
      },
    ]
  }

  return {
    async acquire(workerId, ttlMs, address) {
      const epoch = ++epochs
      const worker: Worker = {
        epoch,
        session: epoch,
        live: true,
        expiresAt: clock.now() + ttlMs,
        joinedAt: clock.now(),
        address: address ?? null,
        backlogMs: 0,
        stuck: '[]',
      }
      workers.set(workerId, worker)
      endOverdue(workerId)
      const { take } = planMoves(view(), workerId, ttlMs)
      return take.length > 0
        ? move(workerId, worker, { take, give: [] })
        : leaseOf(workerId, worker)
    },
    async renew(lease, ttlMs, backlogMs = 0) {
      const worker = holder(lease)
      worker.expiresAt = clock.now() + ttlMs
      worker.backlogMs = backlogMs
      endOverdue(lease.workerId)
      return { ...leaseOf(lease.workerId, worker), view: view() }
    },
    async showStuck(lease, sagas) {
      holder(lease).stuck = JSON.stringify(sagas)
    },
    async stuck(limit) {
      return [...workers]
        .flatMap(([workerId, { live, stuck }]) =>
          live ? (JSON.parse(stuck) as StuckSaga[]).map((one) => ({ ...one, workerId })) : [],
        )
        .sort((a, b) => a.since - b.since)
        .slice(0, limit)
    },
    async reassign(lease, moves) {
      return move(lease.workerId, holder(lease), moves)
    },
    async release(lease) {
      const worker = workers.get(lease.workerId)
      if (worker?.session === sessionOf(lease)) worker.live = false
    },

    async commit(lease, commits) {
      checkCommits(lease, commits)
      fence(lease)
      checkCurrent(commits)
      refuseStatements(commits)
      commits.forEach(write)
    },
    async load(entityIds) {
      return [...new Set(entityIds)].flatMap(stored)
    },
    async active(lease, afterId, limit) {
      return [...entities]
        .filter(([id, row]) => row.active && owns(lease, id) && (afterId === null || id > afterId))
        .map(([id]) => id)
        .sort(byCodeUnit)
        .slice(0, limit)
    },
    async timers(lease, until, limit) {
      return [...timers.values()]
        .filter((t) => t.dueAt <= until && owns(lease, t.entityId))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map((t) => ({ ...t }))
    },
    async pending(lease, cursor, have, limit) {
      const known = new Set(have)
      const settled = cursor?.settled ?? 0n
      const messages = [...waiting.values()]
        .filter((m) => m.position > settled && !known.has(m.position) && owns(lease, m.entityId))
        .slice(0, limit)
        .map(
          ({ text, position, at }): PendingMessage => ({
            ...parse<Envelope>(text),
            position,
            at,
            ageMs: clock.now() - at,
          }),
        )
      return { messages, cursor: { settled: messages.length < limit ? position : settled } }
    },

    async post(envelopes) {
      return envelopes.filter(put).map((e) => e.id)
    },
    async verdicts(messageIds) {
      const verdicts = new Map<string, Verdict>()
      for (const id of messageIds) {
        const verdict = mail.get(id)?.verdict
        if (verdict) verdicts.set(id, { ...verdict })
      }
      return verdicts
    },
    async posted(messageIds) {
      const posted = new Map<string, Message>()
      for (const id of messageIds) {
        const known = mail.get(id)
        if (known) posted.set(id, parse<Envelope>(known.text).message)
      }
      return posted
    },
    async starts(entityIds) {
      const starts = new Map<string, Message>()
      for (const id of entityIds) {
        const [first] = entities.get(id)?.entries ?? []
        if (first) starts.set(id, parse<Entry>(first).message)
      }
      return starts
    },

    async read(entityId, afterSeq, limit) {
      const entries = entities.get(entityId)?.entries ?? []
      return entries.slice(afterSeq, afterSeq + limit).map(parse<Entry>)
    },
    async feed(after, limit) {
      const from = after === null ? 0 : Number(after)
      return log
        .slice(from, from + limit)
        .map((text, i): FeedItem => ({ cursor: String(from + i + 1), entry: parse<Entry>(text) }))
    },

    saga: (id) => found<SagaRow>(sagas, id),
    gate: (id) => found<StoredGate>(gates, id),
    decision: (id) => found<DecisionRow>(decisions, id),
  }
}

function refuseStatements(commits: EntityCommit[]): void {
  for (const { entityId, statements } of commits) {
    const [first] = statements ?? []
    if (!first) continue
    const statement: RefusedStatement = {
      entityId,
      call: first.call,
      kind: 'terminal',
      code: 'STATEMENTS_UNSUPPORTED',
      message: 'The store in memory has no SQL; run transactional steps on PostgreSQL',
    }
    throw new SagaError('CONFLICT', `${entityId}: ${statement.message}`, { statement })
  }
}

const parse = <T>(text: string): T => JSON.parse(text)

function found<T>(rows: Map<string, string>, id: string): T | undefined {
  const text = rows.get(id)
  return text === undefined ? undefined : parse<T>(text)
}

const sessionOf = ({ session, epoch }: Lease) => session ?? epoch

const fenced = ({ workerId, epoch }: Lease) =>
  new SagaError(
    'FENCED',
    `Worker ${workerId} (epoch ${epoch}) lost its lease; stop it and acquire a new one`,
    { workerId, epoch },
  )

const timerKey = (entityId: string, timer: string) => `${entityId}\u0000${timer}`

const owns = (lease: Lease, entityId: string) => lease.shards.includes(shardOf(entityId))

/** As PostgreSQL's "C" collation does for the ids in use. */
const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
