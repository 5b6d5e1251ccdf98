/**
 * What every store promises, as tests. Goal: the engine can be tested on memory and trusted on PostgreSQL.
 * A harness gives each test a fresh store; `expire` makes a lease run out without waiting for it.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { planMoves } from '@/runtime/cluster/ownership'
import type { Entry, Fact, Message } from '@/runtime/journal/entry'
import {
  type DecisionRow,
  type EntityCommit,
  type GateRow,
  type Lease,
  type MailCursor,
  type PendingMessage,
  type Renewal,
  type SagaRow,
  SHARDS,
  type Store,
  shardOf,
} from '@/runtime/journal/store'

export interface Harness {
  store: Store
  /** Makes the lease of that worker run out now. */
  expire(workerId: string): Promise<void>
  saga(id: string): Promise<SagaRow | undefined>
  gate(id: string): Promise<(GateRow & { status: string; closedAt: number | null }) | undefined>
  decision(id: string): Promise<DecisionRow | undefined>
}

const T = Date.UTC(2026, 0, 1)
export const TTL = 60_000

export function start(): Message {
  return { type: 'start', definition: { name: 'demo', version: 1, digest: 'd1' }, input: { a: 1 } }
}

export function entry(entityId: string, seq: number, message = start(), facts: Fact[] = []): Entry {
  return { entityId, seq, at: T + seq, message, facts }
}

/** A commit of `count` plain entries after `fromSeq`. */
export function commitOf(
  entityId: string,
  fromSeq: number,
  count: number,
  more: Partial<EntityCommit> = {},
): EntityCommit {
  const seqs = Array.from({ length: count }, (_, i) => fromSeq + 1 + i)
  return {
    entityId,
    kind: 'saga',
    digest: 'd1',
    fromSeq,
    entries: seqs.map((seq) => entry(entityId, seq)),
    hashes: seqs.map((seq) => `${entityId}#${seq}`),
    active: true,
    current: null,
    gatesOpened: [],
    gatesClosed: [],
    decisions: [],
    timersSet: [],
    timersCancelled: [],
    posts: [],
    acks: [],
    ...more,
  }
}

export function sagaRow(id: string): SagaRow {
  return {
    id,
    definition: { name: 'demo', version: 1, digest: 'd1' },
    title: 'Demo',
    ventureId: null,
    parentId: null,
    parentStep: null,
    status: 'RUNNING',
    totalSteps: 3,
    input: { a: 1 },
    startedBy: 'Ada',
    startedAt: T,
    endedAt: null,
    timeoutAt: T + 5000,
    requiresApproval: false,
    failureCode: null,
    failureReason: null,
  }
}

const post = (id: string, entityId: string, message: Message = start()) => ({
  id,
  entityId,
  message,
})
const accepted = { accepted: true } as const
const ids = (messages: PendingMessage[]) => messages.map((m) => m.id)
const seqsOf = (entries: Entry[]) => entries.map((e) => e.seq)

export function storeConformance(name: string, open: () => Promise<Harness>): void {
  describe(name, () => {
    let harness: Harness
    let store: Store
    const mail = async (lease: Lease, limit = 10, have: bigint[] = []) =>
      (await store.pending(lease, null, have, limit)).messages
    let lease: Lease

    beforeEach(async () => {
      harness = await open()
      store = harness.store
      lease = await store.acquire('w1', TTL)
    })

    describe('entries', () => {
      it('come back gapless and in order, as the JSON that went in', async () => {
        const output = { zebra: 1, apple: [null, 1.5, 'é\u0000\ud800"\\'], 10: true, 9: false }
        const message: Message = { type: 'result', call: 'c1', outcome: { ok: true, output } }
        const facts: Fact[] = [
          { t: 'step.succeeded', step: 'a', attempt: 1 },
          { t: 'saga.ended', status: 'COMPLETED', output },
        ]
        await store.commit(lease, [commitOf('s1', 0, 2)])
        await store.commit(lease, [
          commitOf('s1', 2, 1, { entries: [entry('s1', 3, message, facts)] }),
        ])
        const entries = await store.read('s1', 0, 10)
        expect(seqsOf(entries)).toEqual([1, 2, 3])
        expect(entries[2]).toEqual({ entityId: 's1', seq: 3, at: T + 3, message, facts })
        expect(JSON.stringify(entries[2]?.message)).toBe(JSON.stringify(message))
      })

      it('are read in pages', async () => {
        await store.commit(lease, [commitOf('s1', 0, 5)])
        expect(seqsOf(await store.read('s1', 1, 2))).toEqual([2, 3])
        expect(await store.read('s1', 5, 2)).toEqual([])
        expect(await store.read('nobody', 0, 2)).toEqual([])
      })

      it('of a commit on an older seq are refused, and nothing of its batch is written', async () => {
        await store.commit(lease, [commitOf('s1', 0, 2)])
        const stale = store.commit(lease, [
          commitOf('s2', 0, 1, {
            posts: [post('m1', 's3')],
            timersSet: [{ timer: 't', dueAt: T }],
            saga: sagaRow('s2'),
          }),
          commitOf('s1', 1, 1),
        ])
        await expect(stale).rejects.toMatchObject({
          code: 'CONFLICT',
          details: { entityIds: ['s1'] },
        })
        expect(await store.load(['s2'])).toEqual([])
        expect(await store.read('s2', 0, 10)).toEqual([])
        expect(await mail(lease)).toEqual([])
        expect(await store.timers(lease, T, 10)).toEqual([])
        expect(await harness.saga('s2')).toBeUndefined()
        expect(seqsOf(await store.read('s1', 0, 10))).toEqual([1, 2])
      })

      it.each([
        ['ahead of', 5],
        ['before', 0],
      ])('of a commit %s the stored seq are refused', async (_, fromSeq) => {
        await store.commit(lease, [commitOf('s1', 0, 1)])
        await expect(store.commit(lease, [commitOf('s1', fromSeq, 1)])).rejects.toMatchObject({
          code: 'CONFLICT',
        })
      })

      it('of an entity that does not exist cannot start in the middle', async () => {
        await expect(store.commit(lease, [commitOf('s1', 1, 1)])).rejects.toMatchObject({
          code: 'CONFLICT',
        })
      })

      it('of two commits at once on one seq are taken from exactly one', async () => {
        const settled = await Promise.allSettled([
          store.commit(lease, [commitOf('s1', 0, 1)]),
          store.commit(lease, [commitOf('s1', 0, 2)]),
        ])
        expect(settled.map((s) => s.status).sort()).toEqual(['fulfilled', 'rejected'])
        const won = settled[0]?.status === 'fulfilled' ? 1 : 2
        expect(await store.read('s1', 0, 10)).toHaveLength(won)
      })

      it('with a gap, a foreign id or a missing hash are a bug and refused', async () => {
        const gap = commitOf('s1', 0, 2)
        gap.entries.shift()
        gap.hashes.shift()
        await expect(store.commit(lease, [gap])).rejects.toThrow('Broken invariant')
        const foreign = commitOf('s1', 0, 1, { entries: [entry('s2', 1)] })
        await expect(store.commit(lease, [foreign])).rejects.toThrow('Broken invariant')
        const hashless = commitOf('s1', 0, 1, { hashes: [] })
        await expect(store.commit(lease, [hashless])).rejects.toThrow('Broken invariant')
        const twice = [commitOf('s1', 0, 1), commitOf('s1', 1, 1)]
        await expect(store.commit(lease, twice)).rejects.toThrow('Broken invariant')
        expect(await store.read('s1', 0, 10)).toEqual([])
      })
    })

    describe('load', () => {
      it('gives the snapshot and only the entries after it', async () => {
        const data = { zebra: 1, apple: 2 }
        await store.commit(lease, [commitOf('s1', 0, 3, { snapshot: { seq: 2, data } })])
        await store.commit(lease, [commitOf('s1', 3, 1)])
        const [entity] = await store.load(['s1'])
        expect(entity).toMatchObject({
          entityId: 's1',
          kind: 'saga',
          seq: 4,
          hash: 's1#4',
          digest: 'd1',
          snapshot: { seq: 2, data },
        })
        expect(JSON.stringify(entity?.snapshot?.data)).toBe(JSON.stringify(data))
        expect(seqsOf(entity?.entries ?? [])).toEqual([3, 4])
      })

      it('gives all entries without a snapshot, each id once, and leaves strangers out', async () => {
        await store.commit(lease, [commitOf('s1', 0, 2), commitOf('s2', 0, 1)])
        const found = await store.load(['s2', 's1', 'nobody', 's1'])
        expect(found.map((e) => [e.entityId, e.snapshot, seqsOf(e.entries)]).sort()).toEqual([
          ['s1', null, [1, 2]],
          ['s2', null, [1]],
        ])
      })

      it('takes a snapshot without entries, and keeps the hash', async () => {
        await store.commit(lease, [commitOf('s1', 0, 2)])
        await store.commit(lease, [commitOf('s1', 2, 0, { snapshot: { seq: 2, data: 'x' } })])
        expect(await store.load(['s1'])).toMatchObject([
          { seq: 2, hash: 's1#2', snapshot: { seq: 2, data: 'x' }, entries: [] },
        ])
      })
    })

    describe('the lease', () => {
      const free = (renewal: Renewal) =>
        renewal.view.owners.flatMap((owner, shard) => (owner === null ? [shard] : []))
      /** What a worker does with every renewal: take whatever is its own. */
      const settle = async (held: Lease) => {
        const renewal = await store.renew(held, TTL)
        return store.reassign(held, planMoves(renewal.view, held.workerId, TTL))
      }

      it('of the first worker covers every shard, of the second none', async () => {
        expect(lease.shards).toHaveLength(SHARDS)
        const standby = await store.acquire('w2', TTL)
        expect(standby.shards).toEqual([])
        expect(standby.epoch).not.toBe(lease.epoch)
        expect((await store.renew(standby, TTL)).shards).toEqual([])
        expect((await store.renew(lease, TTL)).shards).toHaveLength(SHARDS)
      })

      it('shows who is there, for how long and how long yet, where, how far behind, and who owns what', async () => {
        const second = await store.acquire('w2', TTL, 'udp://127.0.0.1:1/x')
        await store.renew(second, TTL, 1234)
        const { view } = await store.renew(lease, TTL)
        expect([...view.members].sort((a, b) => (a.workerId < b.workerId ? -1 : 1))).toMatchObject([
          { workerId: 'w1', address: null, backlogMs: 0 },
          { workerId: 'w2', address: 'udp://127.0.0.1:1/x', backlogMs: 1234 },
        ])
        for (const { ageMs, leftMs } of view.members) {
          expect(ageMs).toBeGreaterThanOrEqual(0)
          expect(leftMs).toBeGreaterThan(0)
          expect(leftMs).toBeLessThanOrEqual(TTL)
        }
        expect(view.owners).toEqual(Array.from({ length: SHARDS }, () => 'w1'))
      })

      it('shows sagas that are left alone to everybody, in place of those shown before, while it lives', async () => {
        const one = (sagaId: string, since: number) => ({
          sagaId,
          reason: `“${sagaId}” broke`,
          since,
          retryAt: since + 5_000,
        })
        const second = await store.acquire('w2', TTL)
        await store.showStuck(lease, [one('late', 30), one('early', 10)])
        await store.showStuck(second, [one('middle', 20)])
        expect(await store.stuck(10)).toEqual([
          { ...one('early', 10), workerId: 'w1' },
          { ...one('middle', 20), workerId: 'w2' },
          { ...one('late', 30), workerId: 'w1' },
        ])
        expect(await store.stuck(1)).toHaveLength(1)
        await store.renew(second, TTL)
        await store.showStuck(lease, [])
        expect((await store.stuck(10)).map(({ sagaId }) => sagaId)).toEqual(['middle'])
        // Another process of that name has nothing to do with it.
        const again = await store.acquire('w2', TTL)
        expect(await store.stuck(10)).toEqual([])
        await expect(store.showStuck(second, [])).rejects.toMatchObject({ code: 'FENCED' })
        await store.showStuck(again, [one('middle', 20)])
        await store.release(again)
        expect(await store.stuck(10)).toEqual([])
      })

      it('given back frees its shards at once, and cannot write any more', async () => {
        const standby = await store.acquire('w2', TTL)
        await store.release(lease)
        expect(free(await store.renew(standby, TTL))).toHaveLength(SHARDS)
        expect((await settle(standby)).shards).toHaveLength(SHARDS)
        await expect(store.commit(lease, [commitOf('s1', 0, 1)])).rejects.toMatchObject({
          code: 'FENCED',
        })
        await store.release(lease)
      })

      it('that ran out passes to the next worker, and its holder is fenced', async () => {
        await harness.expire('w1')
        const next = await store.acquire('w2', TTL)
        expect(next.shards).toHaveLength(SHARDS)
        await expect(store.commit(lease, [commitOf('s1', 0, 1)])).rejects.toMatchObject({
          code: 'FENCED',
        })
        await expect(store.commit(lease, [])).rejects.toMatchObject({ code: 'FENCED' })
        await expect(store.renew(lease, TTL)).rejects.toMatchObject({ code: 'FENCED' })
        await expect(store.reassign(lease, { take: [1], give: [] })).rejects.toMatchObject({
          code: 'FENCED',
        })
        expect(await store.read('s1', 0, 10)).toEqual([])
        await store.commit(next, [commitOf('s1', 0, 1)])
        expect(await store.read('s1', 0, 10)).toHaveLength(1)
      })

      it('that ran out is still good while nobody took it', async () => {
        await harness.expire('w1')
        await store.commit(lease, [commitOf('s1', 0, 1)])
        expect((await store.renew(lease, TTL)).shards).toHaveLength(SHARDS)
        expect((await store.acquire('w2', TTL)).shards).toEqual([])
      })

      it('passes to a standby when that renews and takes', async () => {
        const standby = await store.acquire('w2', TTL)
        await harness.expire('w1')
        expect((await settle(standby)).shards).toHaveLength(SHARDS)
        await expect(store.renew(lease, TTL)).rejects.toMatchObject({ code: 'FENCED' })
      })

      it('moves shards under a new epoch, and the old epoch cannot write any more', async () => {
        const second = await store.acquire('w2', TTL)
        const shard = shardOf('s1')
        const left = await store.reassign(lease, { take: [], give: [shard] })
        expect(left.shards).toEqual(lease.shards.filter((one) => one !== shard))
        expect(left.epoch).toBeGreaterThan(second.epoch)
        expect(left.session).toBe(lease.session)
        // also for an entity that it still owns: the epoch is the set of shards
        for (const entityId of ['s1', 's2'])
          await expect(store.commit(lease, [commitOf(entityId, 0, 1)])).rejects.toMatchObject({
            code: 'FENCED',
          })
        await store.commit(left, [commitOf('s2', 0, 1)])
        const gained = await store.reassign(second, { take: [shard], give: [] })
        expect(gained.shards).toEqual([shard])
        expect(gained.epoch).toBeGreaterThan(left.epoch)
        await store.commit(gained, [commitOf('s1', 0, 1)])
      })

      it('is given only shards that nobody alive owns', async () => {
        const second = await store.acquire('w2', TTL)
        expect((await store.reassign(second, { take: [0, 1, 2], give: [] })).shards).toEqual([])
        await store.reassign(lease, { take: [], give: [1] })
        expect((await store.reassign(second, { take: [0, 1, 2], give: [3] })).shards).toEqual([1])
      })

      it('tells its epoch and shards to a worker that did not hear the answer to a move', async () => {
        const moved = await store.reassign(lease, { take: [], give: [5] })
        expect(await store.renew(lease, TTL)).toMatchObject({
          epoch: moved.epoch,
          shards: moved.shards,
          session: lease.session,
        })
      })

      it('of a shard that went and came back brings its mail again', async () => {
        await store.post([post('m1', 's1')])
        expect(ids(await mail(lease))).toEqual(['m1'])
        const shard = shardOf('s1')
        const without = await store.reassign(lease, { take: [], give: [shard] })
        expect(ids(await mail(without))).toEqual([])
        const again = await store.reassign(without, { take: [shard], give: [] })
        expect(ids(await mail(again))).toEqual(['m1'])
      })

      it('of a worker that starts again fences the one before', async () => {
        const again = await store.acquire('w1', TTL)
        expect(again.epoch).toBeGreaterThan(lease.epoch)
        expect(again.shards).toHaveLength(SHARDS)
        await expect(store.commit(lease, [commitOf('s1', 0, 1)])).rejects.toMatchObject({
          code: 'FENCED',
        })
        await store.release(lease)
        await store.commit(again, [commitOf('s1', 0, 1)])
      })

      it('lets a worker write its own shards only', async () => {
        const other = { ...lease, shards: [shardOf('s1') + (shardOf('s1') ? -1 : 1)] }
        await expect(store.commit(other, [commitOf('s1', 0, 1)])).rejects.toMatchObject({
          code: 'FENCED',
        })
        expect(await store.read('s1', 0, 10)).toEqual([])
      })
    })

    describe('messages', () => {
      it('are posted once, however often they are sent', async () => {
        expect(await store.post([post('m1', 's1'), post('m2', 's1')])).toEqual(['m1', 'm2'])
        expect(await store.post([post('m2', 's1'), post('m3', 's1')])).toEqual(['m3'])
        expect(await store.post([])).toEqual([])
        expect(ids(await mail(lease))).toEqual(['m1', 'm2', 'm3'])
      })

      it('come in arrival order, in pages, as they were sent', async () => {
        const message: Message = { type: 'signal', name: 'paid', payload: { z: 1, a: '\u0000' } }
        await store.post([
          { ...post('m1', 's1', message), traceparent: '00-11-22-01' },
          post('m2', 's2'),
          post('m3', 's1'),
        ])
        const first = await mail(lease, 2)
        expect(ids(first)).toEqual(['m1', 'm2'])
        expect(first[0]).toMatchObject({ entityId: 's1', message, traceparent: '00-11-22-01' })
        expect(JSON.stringify(first[0]?.message)).toBe(JSON.stringify(message))
        expect(first[1]).not.toHaveProperty('traceparent')
        expect(typeof first[0]?.at).toBe('number')
        const have = first.map((m) => m.position)
        const next = await mail(lease, 2, have)
        expect(ids(next)).toEqual(['m3'])
        expect(await mail(lease, 2, [...have, ...next.map((m) => m.position)])).toEqual([])
      })

      it('stay until a commit acknowledges them, and are given again from the start', async () => {
        await store.post([post('m1', 's1'), post('m2', 's1')])
        const [m1] = await mail(lease)
        await store.commit(lease, [
          commitOf('s1', 0, 1, { acks: [{ position: m1?.position ?? 0n, verdict: accepted }] }),
        ])
        expect(ids(await mail(lease))).toEqual(['m2'])
        expect(ids(await mail(lease))).toEqual(['m2'])
      })

      it('are still known after they were acknowledged, so a late duplicate is harmless', async () => {
        await store.post([post('m1', 's1')])
        const [m1] = await mail(lease)
        await store.commit(lease, [
          commitOf('s1', 0, 1, { acks: [{ position: m1?.position ?? 0n, verdict: accepted }] }),
        ])
        expect(await store.post([post('m1', 's1')])).toEqual([])
        expect(await mail(lease)).toEqual([])
      })

      it('cannot be acknowledged twice', async () => {
        await store.post([post('m1', 's1')])
        const [m1] = await mail(lease)
        const acks = [{ position: m1?.position ?? 0n, verdict: accepted }]
        await store.commit(lease, [commitOf('s1', 0, 1, { acks })])
        await expect(store.commit(lease, [commitOf('s1', 1, 1, { acks })])).rejects.toMatchObject({
          code: 'CONFLICT',
          details: { positions: [String(m1?.position)] },
        })
        expect(await store.read('s1', 0, 10)).toHaveLength(1)
      })

      it('tell their verdict once acknowledged', async () => {
        await store.post([post('yes', 's1'), post('no', 's1'), post('open', 's1')])
        const [yes, no] = await mail(lease)
        const refused = { accepted: false, code: 'WRONG_STATE', reason: 'It ended.' } as const
        await store.commit(lease, [
          commitOf('s1', 0, 1, {
            acks: [
              { position: yes?.position ?? 0n, verdict: accepted },
              { position: no?.position ?? 0n, verdict: refused },
            ],
          }),
        ])
        expect(await store.verdicts(['yes', 'no', 'open', 'nobody'])).toEqual(
          new Map<string, unknown>([
            ['yes', accepted],
            ['no', refused],
          ]),
        )
        expect(await store.verdicts([])).toEqual(new Map())
      })

      it('are found under their ids as they were first posted, and entities by their first message', async () => {
        const other = { ...post('m1', 's1'), message: { type: 'timer' as const, timer: 'other' } }
        await store.post([post('m1', 's1'), other])
        await store.post([other])
        expect(await store.posted(['m1', 'nobody'])).toEqual(
          new Map([['m1', post('m1', 's1').message]]),
        )
        await store.commit(lease, [commitOf('s1', 0, 2)])
        const [first] = await store.read('s1', 0, 1)
        expect(await store.starts(['s1', 'nobody'])).toEqual(new Map([['s1', first?.message]]))
        expect([await store.posted([]), await store.starts([])]).toEqual([new Map(), new Map()])
      })

      it('refused by an entity that does not exist leave no entity, and are reported', async () => {
        await store.post([post('m1', 'ghost')])
        const [m1] = await mail(lease)
        const verdict = { accepted: false, code: 'NOT_FOUND', reason: 'No such saga.' } as const
        await store.commit(lease, [
          commitOf('ghost', 0, 0, {
            active: false,
            posts: [post('report', 's2')],
            acks: [{ position: m1?.position ?? 0n, verdict }],
          }),
        ])
        expect(await store.load(['ghost'])).toEqual([])
        expect(ids(await mail(lease))).toEqual(['report'])
        expect(await store.active(lease, null, 10)).toEqual([])
        expect(await store.verdicts(['m1'])).toEqual(new Map([['m1', verdict]]))
      })

      it('posted by a commit appear with it, once', async () => {
        const posts = [post('child', 's2'), post('child', 's2')]
        await store.commit(lease, [
          commitOf('s1', 0, 1, { posts }),
          commitOf('s3', 0, 1, { posts: [post('child', 's2')] }),
        ])
        expect(ids(await mail(lease))).toEqual(['child'])
      })

      it('are given with a cursor from which less is looked at and nothing is lost', async () => {
        let cursor: MailCursor | null = null
        const held: bigint[] = []
        const look = async () => {
          const found = await store.pending(lease, cursor, held, 10)
          cursor = found.cursor
          held.push(...found.messages.map((m) => m.position))
          return ids(found.messages)
        }
        await store.post([post('m1', 's1'), post('m2', 's2')])
        expect(await look()).toEqual(['m1', 'm2'])
        for (let n = 0; n < 3; n++) expect(await look()).toEqual([])
        await store.post([post('m3', 's1')])
        expect(await look()).toEqual(['m3'])
        expect(await look()).toEqual([])
        cursor = null
        held.length = 0
        expect(await look()).toEqual(['m1', 'm2', 'm3'])
      })

      it('go to the owner of their shard', async () => {
        await store.post([post('m1', 's1'), post('m2', 's2')])
        expect(shardOf('s1')).not.toBe(shardOf('s2'))
        const half = { ...lease, shards: [shardOf('s2')] }
        expect(ids(await mail(half))).toEqual(['m2'])
        expect(await mail({ ...lease, shards: [] })).toEqual([])
      })
    })

    describe('timers', () => {
      const names = (timers: { entityId: string; timer: string }[]) =>
        timers.map((t) => `${t.entityId}/${t.timer}`)

      it('come due soonest first, up to a time and a count', async () => {
        await store.commit(lease, [
          commitOf('s1', 0, 1, {
            timersSet: [
              { timer: 'late', dueAt: T + 30 },
              { timer: 'soon', dueAt: T + 10 },
            ],
          }),
          commitOf('s2', 0, 1, { timersSet: [{ timer: 'mid', dueAt: T + 20 }] }),
        ])
        expect(await store.timers(lease, T + 9, 10)).toEqual([])
        expect(await store.timers(lease, T + 10, 10)).toEqual([
          { entityId: 's1', timer: 'soon', dueAt: T + 10 },
        ])
        expect(names(await store.timers(lease, T + 99, 10))).toEqual([
          's1/soon',
          's2/mid',
          's1/late',
        ])
        expect(names(await store.timers(lease, T + 99, 2))).toEqual(['s1/soon', 's2/mid'])
      })

      it('are moved by setting again and gone when cancelled; set wins within one commit', async () => {
        const timersSet = [
          { timer: 'a', dueAt: T },
          { timer: 'b', dueAt: T },
          { timer: 'c', dueAt: T },
        ]
        await store.commit(lease, [commitOf('s1', 0, 1, { timersSet })])
        await store.commit(lease, [
          commitOf('s1', 1, 1, {
            timersCancelled: ['b', 'c', 'never-set'],
            timersSet: [
              { timer: 'a', dueAt: T + 50 },
              { timer: 'c', dueAt: T + 60 },
            ],
          }),
        ])
        expect(await store.timers(lease, T + 99, 10)).toEqual([
          { entityId: 's1', timer: 'a', dueAt: T + 50 },
          { entityId: 's1', timer: 'c', dueAt: T + 60 },
        ])
      })

      it('go to the owner of their shard', async () => {
        const timersSet = [{ timer: 't', dueAt: T }]
        await store.commit(lease, [
          commitOf('s1', 0, 1, { timersSet }),
          commitOf('s2', 0, 1, { timersSet }),
        ])
        const half = { ...lease, shards: [shardOf('s2')] }
        expect(names(await store.timers(half, T, 10))).toEqual(['s2/t'])
        expect(await store.timers({ ...lease, shards: [] }, T, 10)).toEqual([])
      })
    })

    it('names the active entities of its shards in pages', async () => {
      await store.commit(lease, [
        commitOf('s1', 0, 1),
        commitOf('s2', 0, 1),
        commitOf('s3', 0, 1, { active: false }),
        commitOf('s4', 0, 1),
      ])
      await store.commit(lease, [commitOf('s2', 1, 1, { active: false })])
      await store.commit(lease, [commitOf('s3', 1, 1)])
      expect(await store.active(lease, null, 2)).toEqual(['s1', 's3'])
      expect(await store.active(lease, 's3', 2)).toEqual(['s4'])
      expect(await store.active({ ...lease, shards: [shardOf('s4')] }, null, 9)).toEqual(['s4'])
      expect(await store.active({ ...lease, shards: [] }, null, 9)).toEqual([])
    })

    describe('the feed', () => {
      it('gives every entry once, in commit order, over any page size', async () => {
        await store.commit(lease, [commitOf('s2', 0, 2), commitOf('s1', 0, 1)])
        await store.commit(lease, [commitOf('s1', 1, 2)])
        await store.commit(lease, [commitOf('s2', 2, 1)])
        const seen: string[] = []
        let cursor: string | null = null
        for (;;) {
          const page = await store.feed(cursor, 2)
          seen.push(...page.map(({ entry }) => `${entry.entityId}/${entry.seq}`))
          cursor = page.at(-1)?.cursor ?? cursor
          if (page.length < 2) break
        }
        expect(seen).toEqual(['s2/1', 's2/2', 's1/1', 's1/2', 's1/3', 's2/3'])
        expect(await store.feed(cursor, 2)).toEqual([])
        await store.commit(lease, [commitOf('s4', 0, 1)])
        expect((await store.feed(cursor, 2)).map((item) => item.entry.entityId)).toEqual(['s4'])
      })
    })

    describe('what people list', () => {
      it('is a whole row first; later a field left out stays and null clears', async () => {
        await store.commit(lease, [commitOf('s1', 0, 1, { saga: sagaRow('s1') })])
        expect(await harness.saga('s1')).toEqual(sagaRow('s1'))
        await store.commit(lease, [
          commitOf('s1', 1, 1, {
            saga: { id: 's1', status: 'COMPLETED', output: { z: 1, a: [2] }, endedAt: T + 9 },
          }),
        ])
        await store.commit(lease, [
          commitOf('s1', 2, 1, { saga: { id: 's1', timeoutAt: null, failureReason: 'late' } }),
        ])
        expect(await harness.saga('s1')).toEqual({
          ...sagaRow('s1'),
          status: 'COMPLETED',
          output: { z: 1, a: [2] },
          endedAt: T + 9,
          timeoutAt: null,
          failureReason: 'late',
        })
      })

      it('takes many new and changed sagas in one commit', async () => {
        await store.commit(lease, [
          commitOf('s1', 0, 1, { saga: sagaRow('s1') }),
          commitOf('s2', 0, 1, { saga: { ...sagaRow('s2'), parentId: 's1', parentStep: 'pay' } }),
        ])
        await store.commit(lease, [
          commitOf('s1', 1, 1, { saga: { id: 's1', status: 'PAUSED' } }),
          commitOf('s3', 0, 1, { saga: sagaRow('s3') }),
          commitOf('s2', 1, 1, { saga: { id: 's2', status: 'FAILED', failureCode: 'NO_MONEY' } }),
        ])
        expect(await harness.saga('s1')).toEqual({ ...sagaRow('s1'), status: 'PAUSED' })
        expect(await harness.saga('s2')).toEqual({
          ...sagaRow('s2'),
          parentId: 's1',
          parentStep: 'pay',
          status: 'FAILED',
          failureCode: 'NO_MONEY',
        })
        expect(await harness.saga('s3')).toEqual(sagaRow('s3'))
      })

      it('cannot change a saga that has no row', async () => {
        await store.commit(lease, [commitOf('s1', 0, 1)])
        const patch = commitOf('s1', 1, 1, { saga: { id: 's1', status: 'PAUSED' } })
        await expect(store.commit(lease, [patch])).rejects.toThrow('Broken invariant')
        expect(await store.read('s1', 0, 10)).toHaveLength(1)
      })

      it('shows gates open, then closed, with the decision', async () => {
        const gate: GateRow = {
          id: 'g1',
          sagaId: 's1',
          step: 'approve',
          question: 'Fund it?',
          context: { z: 1, a: 2 },
          roles: ['CHAIRMAN'],
          openedAt: T,
          openedSeq: 1,
          dueAt: null,
        }
        const decision: DecisionRow = {
          id: 'd1',
          sagaId: 's1',
          gateId: 'g1',
          decision: 'CONTINUE',
          reasoning: 'Sound.',
          conditions: ['Report in May', 'Keep "it" small'],
          decidedBy: 'u1',
          decidedByName: 'Ada',
          at: T + 7,
          seenSeq: 1,
          previewDigest: null,
        }
        await store.commit(lease, [
          commitOf('s1', 0, 1, { saga: sagaRow('s1'), gatesOpened: [gate] }),
        ])
        expect(await harness.gate('g1')).toEqual({ ...gate, status: 'OPEN', closedAt: null })
        await store.commit(lease, [
          commitOf('s1', 1, 1, {
            decisions: [decision],
            gatesClosed: [{ id: 'g1', how: 'DECIDED', at: T + 7 }],
          }),
        ])
        expect(await harness.gate('g1')).toEqual({ ...gate, status: 'DECIDED', closedAt: T + 7 })
        expect(await harness.decision('d1')).toEqual(decision)
      })

      it('shows a gate that opened and closed within one commit as closed', async () => {
        const gate: GateRow = {
          id: 'g1',
          sagaId: 's1',
          step: 'approve',
          question: 'Fund it?',
          context: null,
          roles: [],
          openedAt: T,
          openedSeq: 1,
          dueAt: T + 1,
        }
        await store.commit(lease, [
          commitOf('s1', 0, 2, {
            saga: sagaRow('s1'),
            gatesOpened: [gate],
            gatesClosed: [{ id: 'g1', how: 'EXPIRED', at: T + 1 }],
          }),
        ])
        expect(await harness.gate('g1')).toMatchObject({ status: 'EXPIRED', dueAt: T + 1 })
      })
    })
  })
}
