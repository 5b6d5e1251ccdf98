import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let analyst: Awaited<ReturnType<TestHost['as']>>
let other: Awaited<ReturnType<TestHost['as']>>
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'), { run: false })
  analyst = await t.as(await t.person('ANALYST'))
  other = await t.as(await t.person('ANALYST'))
})
afterAll(() => t.stop())

const layout = { positions: {}, notes: [] }
const saga = (name: string, more = '') => `# kept word for word
kind: saga
format: 1
name: ${name}
title: The ${name}
start: done
steps:
  done: { type: end }
${more}`

it('creates a definition with a draft that is valid as it is', async () => {
  const made = await analyst.definitions.create({ name: 'fresh' })
  expect(made).toMatchObject({ name: 'fresh', hasDraft: true, published: null })
  expect(made.draft.revision).toBe(1)
  const { issues } = await analyst.definitions.verify({ source: made.draft.source, name: 'fresh' })
  expect(issues.filter((issue) => issue.severity === 'error')).toEqual([])
})

it('refuses a second definition of the same name', async () => {
  await analyst.definitions.create({ name: 'twice' })
  await expect(other.definitions.create({ name: 'twice' })).rejects.toMatchObject({
    code: 'CONFLICT',
    cause: { code: 'ALREADY_EXISTS' },
  })
})

it('refuses a save that is based on an older revision, and hands over the current draft', async () => {
  await analyst.definitions.create({ name: 'shared', source: saga('shared') })
  const first = await analyst.definitions.saveDraft({
    name: 'shared',
    source: saga('shared', '# mine\n'),
    layout,
    revision: 1,
  })
  expect(first.revision).toBe(2)
  await expect(
    other.definitions.saveDraft({
      name: 'shared',
      source: saga('shared', '# theirs\n'),
      layout,
      revision: 1,
    }),
  ).rejects.toMatchObject({
    code: 'CONFLICT',
    cause: { details: { draft: { revision: 2, source: saga('shared', '# mine\n') } } },
  })
  expect((await other.definitions.get({ name: 'shared' })).draft.source).toContain('# mine')
})

it('lets exactly one of many saves at the same revision through', async () => {
  await analyst.definitions.create({ name: 'raced' })
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) =>
      analyst.definitions.saveDraft({
        name: 'raced',
        source: saga('raced', `# ${i}\n`),
        layout,
        revision: 1,
      }),
    ),
  )
  expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
  expect((await analyst.definitions.get({ name: 'raced' })).draft.revision).toBe(2)
})

it('saves a text with errors and returns them', async () => {
  await analyst.definitions.create({ name: 'broken' })
  const saved = await analyst.definitions.saveDraft({
    name: 'broken',
    source: 'kind: saga\nname: broken\nstart: nowhere\nsteps: {}\n',
    layout,
    revision: 1,
  })
  expect(saved.issues.some((issue) => issue.severity === 'error')).toBe(true)
})

it('refuses to publish a document with errors and names them', async () => {
  await analyst.definitions.create({
    name: 'unfit',
    source: saga('unfit').replace('start: done', 'start: elsewhere'),
  })
  await expect(analyst.definitions.publish({ name: 'unfit', revision: 1 })).rejects.toMatchObject({
    code: 'UNPROCESSABLE_CONTENT',
    message: expect.stringContaining('elsewhere'),
    cause: { code: 'INVALID_DEFINITION' },
  })
})

it('refuses to publish a document of another name', async () => {
  await analyst.definitions.create({ name: 'mine', source: saga('yours') })
  await expect(analyst.definitions.publish({ name: 'mine', revision: 1 })).rejects.toMatchObject({
    message: expect.stringContaining('named yours'),
  })
})

it('publishes versions, keeps their text, and writes nothing when nothing changed', async () => {
  await analyst.definitions.create({ name: 'versioned', source: saga('versioned') })
  const first = await analyst.definitions.publish({
    name: 'versioned',
    revision: 1,
    note: 'the first',
  })
  expect(first).toMatchObject({ version: 1, unchanged: false })
  expect(await analyst.definitions.get({ name: 'versioned' })).toMatchObject({
    hasDraft: false,
    published: { version: 1, source: saga('versioned') },
  })

  expect(await analyst.definitions.publish({ name: 'versioned', revision: 1 })).toMatchObject({
    version: 1,
    unchanged: true,
  })

  const source = saga('versioned').replace('The versioned', 'Renamed')
  await analyst.definitions.saveDraft({ name: 'versioned', source, layout, revision: 1 })
  expect((await analyst.definitions.get({ name: 'versioned' })).hasDraft).toBe(true)
  await analyst.definitions.publish({ name: 'versioned', revision: 2 })

  const { items } = await analyst.definitions.versions({ name: 'versioned' })
  expect(items.map(({ version, note }) => [version, note])).toEqual([
    [2, null],
    [1, 'the first'],
  ])
  const old = await analyst.definitions.version({ name: 'versioned', version: 1 })
  expect(old.source).toBe(saga('versioned'))
  expect(old.document.title).toBe('The versioned')
  const audits = await t.host.db.auditEvent.findMany({ where: { subject: 'definition/versioned' } })
  expect(audits.map(({ action }) => action)).toEqual([
    'definition.published',
    'definition.published',
  ])
})

it('refuses to publish a draft that somebody changed in the meantime', async () => {
  await analyst.definitions.create({ name: 'moved', source: saga('moved') })
  await other.definitions.saveDraft({
    name: 'moved',
    source: saga('moved', '# more\n'),
    layout,
    revision: 1,
  })
  await expect(analyst.definitions.publish({ name: 'moved', revision: 1 })).rejects.toMatchObject({
    cause: { code: 'CONFLICT' },
  })
})

it('goes back to the published text without taking a revision back', async () => {
  await analyst.definitions.create({ name: 'undone', source: saga('undone') })
  await expect(analyst.definitions.discardDraft({ name: 'undone' })).rejects.toMatchObject({
    cause: { code: 'WRONG_STATE' },
  })
  await analyst.definitions.publish({ name: 'undone', revision: 1 })
  await analyst.definitions.saveDraft({
    name: 'undone',
    source: saga('undone', '# away\n'),
    layout,
    revision: 1,
  })
  const back = await analyst.definitions.discardDraft({ name: 'undone' })
  expect(back).toMatchObject({ hasDraft: false, draft: { revision: 3, source: saga('undone') } })
})

it('lists definitions page by page with their findings, and hides archived ones', async () => {
  for (const name of ['list-a', 'list-b', 'list-c'])
    await analyst.definitions.create({ name, source: saga(name) })
  await analyst.definitions.create({ name: 'list-d', source: 'kind: nothing\n' })
  await analyst.definitions.archive({ name: 'list-b' })

  const first = await analyst.definitions.list({ text: 'list-', limit: 2 })
  expect(first.items.map(({ name }) => name)).toEqual(['list-a', 'list-c'])
  expect(first.items[0]).toMatchObject({ title: 'The list-a', steps: 1, errors: 0, running: 0 })
  const second = await analyst.definitions.list({
    text: 'list-',
    limit: 2,
    cursor: first.nextCursor,
  })
  expect(second.items.map(({ name, errors }) => [name, errors > 0])).toEqual([['list-d', true]])
  expect(second.nextCursor).toBeNull()
  const hidden = await analyst.definitions.list({ text: 'list-', archived: true })
  expect(hidden.items.map(({ name }) => name)).toEqual(['list-b'])
})

it('refuses a cursor that is not one of this list', async () => {
  await expect(analyst.definitions.list({ cursor: 'bm90IGpzb24' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    cause: { code: 'INVALID_INPUT' },
  })
})

it('says when a step calls a participant nobody registered', async () => {
  const source = saga('caller').replace(
    'done: { type: end }',
    'done: { type: action, participant: nobody, operation: go, effect: readonly }',
  )
  const { issues } = await analyst.definitions.verify({ source })
  expect(issues.map(({ code }) => code)).toContain('participants/unknown')
})
