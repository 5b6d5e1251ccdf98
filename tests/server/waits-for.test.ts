/** Nothing waits unseen: whoever waits for a person is listed and counted, and every saga above it says so. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let admin: Awaited<ReturnType<TestHost['as']>>
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  admin = await t.as(await t.person('ADMIN'))
  const steps = {
    leaf: 'hear: { type: signal, signal: word }',
    asks: 'hear: { type: approval, question: May it go on?, roles: [chairman] }',
    middle: 'hear: { type: saga, saga: leaf }',
    top: 'hear: { type: saga, saga: middle }',
    asking: 'hear: { type: saga, saga: asks }',
  }
  for (const [name, step] of Object.entries(steps)) {
    const source = `kind: saga\nname: ${name}\ntitle: The ${name}\nstart: hear\nsteps:\n  ${step}\n`
    await admin.definitions.create({ name, source })
    await admin.definitions.publish({ name, revision: 1 })
  }
})
afterAll(() => t.stop())

/** The one child of a saga, once it is there: it starts after its parent's commit. */
async function childOf(parentId: string): Promise<string> {
  const find = () => admin.sagas.list({ parentId }).then(({ items }) => items[0]?.sagaId ?? null)
  await expect.poll(find).not.toBeNull()
  return (await find()) as string
}

describe('a paused grandchild', () => {
  it('is listed and counted, and both sagas above it lead to it', async () => {
    const before = await admin.system.shell()
    const countsBefore = await admin.sagas.counts({})
    const { sagaId } = await admin.sagas.start({ definition: 'top', input: null })
    const middle = await childOf(sagaId)
    const leaf = await childOf(middle)
    expect((await admin.sagas.get({ sagaId })).waitsFor).toBeNull()
    await admin.sagas.pause({ sagaId: leaf, reason: 'wait for the auditor' })
    await expect.poll(async () => (await admin.sagas.get({ sagaId: leaf })).status).toBe('PAUSED')

    const waits = {
      sagaId: leaf,
      name: 'The leaf',
      for: 'resume',
      gateId: null,
      reason: 'wait for the auditor',
    }
    const listed = await admin.sagas.list({})
    expect(listed.items.find((item) => item.sagaId === sagaId)).toMatchObject({
      status: 'RUNNING',
      waitsFor: waits,
    })
    expect((await admin.sagas.get({ sagaId: middle })).waitsFor).toEqual(waits)
    expect(await admin.sagas.waitsFor({ sagaId })).toEqual(waits)
    expect((await admin.sagas.get({ sagaId: leaf })).waitsFor).toBeNull()

    const attention = await admin.sagas.list({ status: ['PAUSED', 'QUARANTINED'] })
    expect(attention.items.map((item) => item.sagaId)).toContain(leaf)
    expect((await admin.sagas.counts({})).PAUSED).toBe(countsBefore.PAUSED + 1)
    expect((await admin.system.shell()).needsAttention).toBe(before.needsAttention + 1)
    // Its middle needs nobody itself, and stays out of the list.
    expect(listed.items.map((item) => item.sagaId)).not.toContain(middle)

    await admin.sagas.resume({ sagaId: leaf, reason: 'he came' })
    await expect.poll(() => admin.sagas.waitsFor({ sagaId })).toBeNull()
  })
})

describe('a child at a gate', () => {
  it('is named by its parent, with the gate to decide at', async () => {
    const { sagaId } = await admin.sagas.start({ definition: 'asking', input: null })
    const child = await childOf(sagaId)
    await expect
      .poll(() => admin.sagas.waitsFor({ sagaId }))
      .toMatchObject({
        sagaId: child,
        for: 'decision',
        gateId: expect.stringContaining(`${child}:hear`),
        reason: 'May it go on?',
      })
  })
})
