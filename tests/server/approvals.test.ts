import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openTestHost, type TestHost } from '../support/test-host'

type Caller = Awaited<ReturnType<TestHost['as']>>

let t: TestHost
let starter: Caller
let chairman: Caller
let chairmanUser: Awaited<ReturnType<TestHost['person']>>
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  starter = await t.as(await t.person('ANALYST', 'ADMIN'))
  chairmanUser = await t.person('CHAIRMAN')
  chairman = await t.as(chairmanUser)
  const gate = (name: string, more: string) => `kind: saga
name: ${name}
start: ask
steps:
  ask: { type: approval, question: "Spend {input.amount}?", context: { amount: input.amount }, ${more}, next: done }
  done: { type: end }
`
  for (const [name, more] of [
    ['gated', 'roles: [chairman], timeoutMs: 3600000, onTimeout: ABORT'],
    ['undated', 'roles: [chairman, operator]'],
  ] as const) {
    await starter.definitions.create({ name, source: gate(name, more) })
    await starter.definitions.publish({ name, revision: 1 })
  }
})
afterAll(() => t.stop())

async function openGate(definition = 'gated', by = starter) {
  const { sagaId } = await by.sagas.start({ definition, input: { amount: 7 } })
  await starter.sagas.get({ sagaId })
  const { items } = await chairman.approvals.list({ sagaId })
  const [gate] = items
  if (!gate) throw new Error(`no gate of ${sagaId}`)
  return gate
}

const refusal = (gateId: string, caller: Caller) =>
  caller.approvals.get({ gateId }).then((gate) => gate.mayNotDecide)

describe('a gate', () => {
  it('comes with question, context, time limit, safe way, and a preview of each decision', async () => {
    const { gateId } = await openGate()
    const gate = await chairman.approvals.get({ gateId })
    expect(gate).toMatchObject({
      step: 'ask',
      question: 'Spend 7?',
      context: { amount: 7 },
      roles: ['chairman'],
      status: 'OPEN',
      onTimeout: 'ABORT',
      mayDecide: true,
      mayNotDecide: null,
      decisions: [],
    })
    expect((gate.dueAt?.getTime() ?? 0) - gate.openedAt.getTime()).toBe(3_600_000)
    expect(gate.preview?.previews.map(({ decision }) => decision).sort()).toEqual([
      'ABORT',
      'CONTINUE',
      'FORCE_COMPENSATION',
      'PAUSE',
    ])
  })

  it('opens by a decision, and tells who decided and why', async () => {
    const gate = await openGate()
    const { preview } = await chairman.approvals.get({ gateId: gate.gateId })
    await chairman.approvals.decide({
      sagaId: gate.sagaId,
      step: 'ask',
      decision: 'CONTINUE',
      reasoning: 'worth it',
      conditions: ['report monthly'],
      seenSeq: preview?.seq ?? 0,
    })
    await expect
      .poll(async () => (await starter.sagas.get({ sagaId: gate.sagaId })).status)
      .toBe('COMPLETED')
    const closed = await chairman.approvals.get({ gateId: gate.gateId })
    expect(closed).toMatchObject({ status: 'DECIDED', preview: null, mayDecide: false })
    expect(closed.decisions).toMatchObject([
      {
        decision: 'CONTINUE',
        reasoning: 'worth it',
        conditions: ['report monthly'],
        decidedByName: chairmanUser.name,
      },
    ])
    const { items } = await chairman.approvals.history({ sagaId: gate.sagaId })
    expect(items).toMatchObject([{ step: 'ask', decision: 'CONTINUE' }])
  })

  it('is closed for a second decision', async () => {
    const gate = await openGate()
    const decision = {
      sagaId: gate.sagaId,
      step: 'ask',
      decision: 'ABORT' as const,
      reasoning: 'no',
      seenSeq: (await starter.sagas.get({ sagaId: gate.sagaId })).seq,
    }
    await chairman.approvals.decide(decision)
    await expect.poll(() => refusal(gate.gateId, chairman)).toContain('closed')
    await expect(chairman.approvals.decide(decision)).rejects.toMatchObject({
      code: 'CONFLICT',
      cause: { code: 'MOVED_ON' },
    })
  })

  it('asks for reasoning when work is stopped or undone', async () => {
    const gate = await openGate()
    await expect(
      chairman.approvals.decide({
        sagaId: gate.sagaId,
        step: 'ask',
        decision: 'ABORT',
        reasoning: ' ',
        seenSeq: 1,
      }),
    ).rejects.toMatchObject({ cause: { code: 'INVALID_INPUT' } })
  })
})

describe('the policy', () => {
  it('lets one of the roles decide, and an admin, and nobody else', async () => {
    const { gateId } = await openGate()
    expect(await refusal(gateId, await t.as(await t.person('OPERATOR')))).toBe(
      'This gate is for chairman; you are operator.',
    )
    expect(await refusal(gateId, await t.as(await t.person('ADMIN')))).toBeNull()
    expect(await refusal(gateId, await t.as(await t.person('ANALYST')))).toContain('not decide')
    const both = await openGate('undated')
    expect(await refusal(both.gateId, await t.as(await t.person('OPERATOR')))).toBeNull()
  })

  it('never lets whoever started the saga decide, not even an admin, nor by a key', async () => {
    const user = await t.person('ADMIN')
    const admin = await t.as(user)
    const gate = await openGate('gated', admin)
    expect(await refusal(gate.gateId, admin)).toContain('four eyes')
    await expect(
      admin.approvals.decide({
        sagaId: gate.sagaId,
        step: 'ask',
        decision: 'CONTINUE',
        reasoning: '',
        seenSeq: 1,
      }),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' })

    const { key } = await admin.apiKeys.create({
      name: 'starter',
      scopes: ['saga:start', 'approval:decide', 'approval:read', 'saga:read'],
    })
    const service = await t.callWith(new Headers({ authorization: `Bearer ${key}` }))
    expect(await refusal(gate.gateId, service)).toContain('four eyes')
    const byKey = await openGate('gated', service)
    expect(await refusal(byKey.gateId, admin)).toContain('four eyes')
    expect(await refusal(byKey.gateId, chairman)).toBeNull()
  })

  it('holds for the gates of child sagas too', async () => {
    await starter.definitions.create({
      name: 'parent',
      source: `kind: saga
name: parent
start: sub
steps:
  sub: { type: saga, saga: gated, input: { amount: input.amount } }
`,
    })
    await starter.definitions.publish({ name: 'parent', revision: 1 })
    const user = await t.person('ADMIN')
    const admin = await t.as(user)
    const { sagaId } = await admin.sagas.start({ definition: 'parent', input: { amount: 1 } })
    let gateId = ''
    await expect
      .poll(async () => {
        const { items } = await admin.approvals.list({ sagaId: `${sagaId}..sub` })
        gateId = items[0]?.gateId ?? ''
        return gateId
      })
      .not.toBe('')
    expect(await refusal(gateId, admin)).toContain('four eyes')
    expect(await refusal(gateId, chairman)).toBeNull()
  })
})

it('lists open gates soonest due first and those without a time last, page by page', async () => {
  const open = await chairman.approvals.list({ limit: 200 })
  const undated = [await openGate('undated'), await openGate('undated')]
  const dated = [await openGate(), await openGate()]
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page = await chairman.approvals.list({ limit: 3, cursor })
    seen.push(...page.items.map(({ gateId }) => gateId))
    cursor = page.nextCursor
  } while (cursor)
  expect(new Set(seen).size).toBe(open.items.length + 4)
  const place = (gate: { gateId: string }) => seen.indexOf(gate.gateId)
  for (const one of dated)
    for (const other of undated) expect(place(one)).toBeLessThan(place(other))
  expect(await chairman.approvals.count()).toMatchObject({ open: seen.length })
  const all = await chairman.approvals.list({ status: 'ALL', limit: 200 })
  expect(all.items.length).toBeGreaterThan(seen.length)
  const decided = await chairman.approvals.list({ status: 'DECIDED', limit: 1 })
  expect(decided.items[0]?.status).toBe('DECIDED')
})
