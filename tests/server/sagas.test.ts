/**
 * Sagas through the API, on a real runtime: the steps wait for signals, so that a test says when each goes on.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { FeedEvent } from '@/server/api/contract'
import { openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let admin: Awaited<ReturnType<TestHost['as']>>
let adminUser: Awaited<ReturnType<TestHost['person']>>
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  adminUser = await t.person('ADMIN')
  admin = await t.as(adminUser)
  await admin.definitions.create({
    name: 'patient',
    source: `kind: saga
name: patient
title: Patient
input:
  type: object
  required: [amount]
  properties: { amount: { type: integer, minimum: 1 } }
start: hear
steps:
  hear: { type: signal, signal: word, next: rest }
  rest: { type: wait, forMs: 86400000, next: done }
  done: { type: end }
`,
  })
  await admin.definitions.publish({ name: 'patient', revision: 1 })
})
afterAll(() => t.stop())

const start = async (amount = 1, more: object = {}) =>
  (await admin.sagas.start({ definition: 'patient', input: { amount }, ...more })).sagaId

describe('start', () => {
  it('answers get at once, with document, journal and who started it', async () => {
    const sagaId = await start(5)
    const saga = await admin.sagas.get({ sagaId })
    expect(saga).toMatchObject({
      sagaId,
      definition: 'patient',
      version: 1,
      status: 'RUNNING',
      input: { amount: 5 },
      startedBy: adminUser.name,
      parentId: null,
      hasMoreEntries: false,
      children: 0,
    })
    expect(saga.document.steps.hear).toMatchObject({ type: 'signal', signal: 'word' })
    expect(saga.entries[0]?.message).toMatchObject({ type: 'start', by: { id: adminUser.id } })
    expect(saga.seq).toBe(saga.entries.at(-1)?.seq)
  })

  it('refuses input that the definition does not take, naming the place', async () => {
    await expect(start(0)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      cause: { code: 'INVALID_INPUT', details: { issues: [{ path: ['input', 'amount'] }] } },
    })
  })

  it('is harmless when repeated with the same id', async () => {
    expect(await start(1, { id: 'order-77' })).toBe('order-77')
    expect(await start(1, { id: 'order-77' })).toBe('order-77')
    await admin.sagas.get({ sagaId: 'order-77' })
    expect(await t.host.db.sagaExecution.count({ where: { sagaId: 'order-77' } })).toBe(1)
  })

  it('starts many in one call, each with an answer of its own', async () => {
    const answers = await admin.sagas.startMany({
      sagas: [
        { definition: 'patient', input: { amount: 1 } },
        { definition: 'patient', input: {} },
        { definition: 'absent', input: {} },
      ],
    })
    expect(answers).toMatchObject([
      { sagaId: expect.any(String) },
      { error: { code: 'INVALID_INPUT' } },
      { error: { code: 'NOT_FOUND' } },
    ])
  })

  it('says that there is no such saga', async () => {
    await expect(admin.sagas.get({ sagaId: 'absent' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      cause: { code: 'NOT_FOUND' },
    })
  })
})

describe('verbs', () => {
  it('pause, resume, signal and cancel, each with who and why in the journal', async () => {
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    await admin.sagas.pause({ sagaId, reason: 'lunch' })
    expect((await admin.sagas.get({ sagaId })).status).toBe('PAUSED')
    await admin.sagas.resume({ sagaId, reason: 'back' })
    await admin.sagas.signal({ sagaId, name: 'word', payload: { said: 'go' } })
    await admin.sagas.cancel({ sagaId, reason: 'changed my mind' })
    const { entries } = await admin.sagas.journal({ sagaId })
    const by = { kind: 'user', id: adminUser.id, name: adminUser.name }
    expect(entries.map(({ message }) => message)).toMatchObject([
      { type: 'start' },
      { type: 'pause', by, reason: 'lunch' },
      { type: 'resume', by, reason: 'back' },
      { type: 'signal', name: 'word', payload: { said: 'go' }, by },
      { type: 'cancel', by, reason: 'changed my mind' },
    ])
  })

  it('tells WRONG_STATE apart from other refusals', async () => {
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    await expect(admin.sagas.resume({ sagaId, reason: 'x' })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      cause: { code: 'WRONG_STATE' },
    })
  })

  it('refuses a verb without a reason as input, with the place', async () => {
    await expect(admin.sagas.pause({ sagaId: 'x', reason: '  ' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
  })

  it('pages the journal without gap', async () => {
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    await admin.sagas.pause({ sagaId, reason: 'a' })
    await admin.sagas.resume({ sagaId, reason: 'b' })
    const first = await admin.sagas.journal({ sagaId, limit: 2 })
    const rest = await admin.sagas.journal({ sagaId, afterSeq: 2, limit: 2 })
    expect([...first.entries, ...rest.entries].map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect([first.hasMore, rest.hasMore]).toEqual([true, false])
  })
})

describe('lists', () => {
  it('page newest first, without gap or repetition while sagas arrive', async () => {
    const venture = await admin.ventures.save({ name: 'Paging', stage: 'IDEA' })
    const ids: string[] = []
    for (let i = 0; i < 7; i++) {
      const sagaId = await start(1, { ventureId: venture.id })
      await admin.sagas.get({ sagaId })
      ids.unshift(sagaId)
    }
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await admin.sagas.list({ ventureId: venture.id, limit: 3, cursor })
      seen.push(...page.items.map(({ sagaId }) => sagaId))
      cursor = page.nextCursor
      await admin.sagas.get({ sagaId: await start(1, { ventureId: venture.id }) })
    } while (cursor)
    expect(seen).toEqual(ids)
  })

  it('filter by status, definition, text and time, and count what they show', async () => {
    const venture = await admin.ventures.save({ name: 'Filters', stage: 'IDEA' })
    const made = { ventureId: venture.id }
    const paused = await start(1, { ...made, id: 'filter-paused-1' })
    const running = await start(1, { ...made, id: 'filter-running-1' })
    for (const sagaId of [paused, running]) await admin.sagas.get({ sagaId })
    await admin.sagas.pause({ sagaId: paused, reason: 'x' })

    const idsOf = async (filters: object) =>
      (await admin.sagas.list({ ...made, ...filters })).items.map(({ sagaId }) => sagaId)
    expect(await idsOf({ status: ['PAUSED'] })).toEqual([paused])
    expect(await idsOf({ status: ['PAUSED', 'RUNNING', 'RUNNING'] })).toEqual([running, paused])
    expect(await idsOf({ definition: 'patient' })).toEqual([running, paused])
    expect(await idsOf({ definition: 'other' })).toEqual([])
    expect(await idsOf({ text: 'filter-pau' })).toEqual([paused])
    expect(await idsOf({ text: 'atien' })).toEqual([running, paused])
    expect(await idsOf({ text: '%' })).toEqual([])
    expect(await idsOf({ startedBefore: new Date(0) })).toEqual([])
    expect(await admin.sagas.counts(made)).toMatchObject({ PAUSED: 1, RUNNING: 1, COMPLETED: 0 })
    const [first] = (await admin.sagas.list(made)).items
    expect(first).toMatchObject({ ventureName: 'Filters', current: expect.any(String) })
  })
})

/** Reads `count` events from a subscription, then ends it. In process an event is tRPC's envelope: id and data. */
async function take<T>(
  stream: AsyncIterable<{ id: string; data: T }>,
  count: number,
): Promise<[id: string, data: T][]> {
  const events: [string, T][] = []
  for await (const value of stream) {
    const [id, data] = value as unknown as [string, T]
    events.push([id, data])
    if (events.length === count) break
  }
  return events
}

describe('live', () => {
  it('gives the backlog, then what is committed while listening, each with its seq as id', async () => {
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    const stop = new AbortController()
    const caller = await t.as(adminUser, stop.signal)
    const stream = await caller.sagas.live({ sagaId })
    const reading = take(stream, 3)
    await admin.sagas.pause({ sagaId, reason: 'a' })
    await admin.sagas.resume({ sagaId, reason: 'b' })
    const events = await reading
    expect(events.map(([id, entry]) => [id, entry.seq])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 3],
    ])
  })

  it('resumes after the last event seen', async () => {
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    await admin.sagas.pause({ sagaId, reason: 'a' })
    await admin.sagas.resume({ sagaId, reason: 'b' })
    const stream = await admin.sagas.live({ sagaId, afterSeq: 0, lastEventId: '2' })
    expect((await take(stream, 1)).map(([id]) => id)).toEqual(['3'])
  })

  it('sees what another process commits', async () => {
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    // a second host on the same database reads; the first one, which owns the shards, commits
    const reader = await openTestHost(t.databaseUrl, { shared: true })
    try {
      const stop = new AbortController()
      const watching = await reader.as(adminUser, stop.signal)
      const reading = take(await watching.sagas.live({ sagaId, afterSeq: 1 }), 1)
      await admin.sagas.pause({ sagaId, reason: 'elsewhere' })
      expect((await reading)[0]?.[1].message).toMatchObject({ type: 'pause', reason: 'elsewhere' })
    } finally {
      await reader.stop()
    }
  })

  it('leaves no follower behind when its client goes', async () => {
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    const stop = new AbortController()
    const caller = await t.as(adminUser, stop.signal)
    const stream = await caller.sagas.live({ sagaId, afterSeq: 1 })
    const waiting = stream[Symbol.asyncIterator]().next()
    await expect.poll(() => t.host.watch.size).toBe(1)
    stop.abort()
    expect(await waiting).toMatchObject({ done: true })
    expect(t.host.watch.size).toBe(0)
  })

  it('breaks off without an end when its server stops, so that the client comes back', async () => {
    const sagaId = await start()
    const stopping = await openTestHost(t.databaseUrl, { shared: true })
    const caller = await stopping.as(adminUser)
    const last = (await admin.sagas.get({ sagaId })).seq
    const stream = await caller.sagas.live({ sagaId, afterSeq: last })
    const waiting = stream[Symbol.asyncIterator]().next()
    await expect.poll(() => stopping.host.watch.size).toBe(1)
    const ended = expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await stopping.stop()
    await ended
  })

  it('refuses a saga that is not there, and an event id that is none', async () => {
    const absent = await admin.sagas.live({ sagaId: 'absent' })
    await expect(take(absent, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const sagaId = await start()
    const odd = await admin.sagas.live({ sagaId, lastEventId: 'x; drop' })
    await expect(take(odd, 1)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})

describe('feed', () => {
  it('tells of every saga from now on, with the status when it changed', async () => {
    const stop = new AbortController()
    const caller = await t.as(adminUser, stop.signal)
    const stream = (await caller.sagas.feed({}))[Symbol.asyncIterator]()
    const next = async () => ((await stream.next()).value as unknown as [string, FeedEvent])[1]
    expect(await next()).toMatchObject({ type: 'ready', sagaId: '' })
    const sagaId = await start()
    expect(await next()).toMatchObject({ sagaId, seq: 1, type: 'start', status: 'RUNNING' })
    await admin.sagas.pause({ sagaId, reason: 'x' })
    expect(await next()).toMatchObject({ sagaId, seq: 2, type: 'pause', status: 'PAUSED' })
    stop.abort()
    expect(await stream.next()).toMatchObject({ done: true })
    expect(t.host.feed.size).toBe(0)
  })

  it('resumes after a cursor, from the journal when nobody followed in the meantime', async () => {
    const [ready] = await take(await admin.sagas.feed({}), 1)
    expect(t.host.feed.size).toBe(0)
    const sagaId = await start()
    await admin.sagas.get({ sagaId })
    await admin.sagas.pause({ sagaId, reason: 'x' })
    const first = await take(await admin.sagas.feed({ lastEventId: ready?.[0] }), 2)
    const mine = (events: [string, FeedEvent][]) =>
      events.map(([, event]) => [event.sagaId, event.type])
    expect(mine(first)).toEqual([
      [sagaId, 'start'],
      [sagaId, 'pause'],
    ])
    await admin.sagas.resume({ sagaId, reason: 'x' })
    const then = await take(await admin.sagas.feed({ lastEventId: first[1]?.[0] }), 1)
    expect(mine(then)).toEqual([[sagaId, 'resume']])
  })

  it('refuses a cursor that is none', async () => {
    await expect(take(await admin.sagas.feed({ after: 'x' }), 1)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
  })
})
