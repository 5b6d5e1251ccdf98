import { randomUUID } from 'node:crypto'
import { afterAll, expect, inject, it } from 'vitest'
import { createPostgresDefinitionStore } from '@/runtime/postgres/definition-store'
import { createPrisma } from '@/runtime/postgres/prisma'
import { forgetOldMail, forgetOldSagas } from '@/runtime/postgres/retention'
import { documentOf, request } from '../definition/definition-store-conformance'

const prisma = createPrisma(inject('databaseUrl'))
afterAll(() => prisma.$disconnect())
const days = (n: number) => new Date(Date.now() - n * 86_400_000)

async function ended(digest: string, daysAgo: number | null, parentId: string | null = null) {
  const sagaId = randomUUID()
  const completedAt = daysAgo === null ? null : days(daysAgo)
  await prisma.sagaExecution.create({
    data: {
      sagaId,
      sagaType: 'kept',
      definitionVersion: 1,
      definitionDigest: digest,
      name: 'Kept',
      status: completedAt ? 'COMPLETED' : 'QUARANTINED',
      parentId,
      totalSteps: 1,
      input: {},
      startedAt: days(400),
      completedAt,
    },
  })
  await prisma.$executeRaw`
    INSERT INTO journal (entity_id, seq, at, type, message, facts, hash, epoch)
    VALUES (${sagaId}, 1, now(), 'start', '{}', '[]', '', 1)`
  return sagaId
}

it('forgets what ended longer ago than the definition keeps it, and nothing else', async () => {
  const store = createPostgresDefinitionStore(prisma)
  const document = { ...documentOf(`kept-${randomUUID()}`), retentionDays: 10 }
  const { digest } = await store.publish({ ...request(document, 'kept'), digest: randomUUID() })
  const old = await ended(digest, 11)
  const fresh = await ended(digest, 9)
  const quarantined = await ended(digest, null)
  const childOfOld = await ended(digest, 11, old)
  const childOfFresh = await ended(digest, 11, fresh)

  while ((await forgetOldSagas(prisma)) > 0);

  const left = await prisma.sagaExecution.findMany({
    where: { definitionDigest: digest },
    select: { sagaId: true },
  })
  expect(left.map((row) => row.sagaId).sort()).toEqual([fresh, quarantined, childOfFresh].sort())
  const entries = await prisma.journalEntry.findMany({
    where: { entityId: { in: [old, childOfOld, fresh] } },
    select: { entityId: true },
  })
  expect(entries).toEqual([{ entityId: fresh }])
})

it('forgets mail a week after it was dealt with', async () => {
  const dealtWith = async (daysAgo: number | null) => {
    const id = randomUUID()
    await prisma.mailboxMessage.create({
      data: {
        id,
        entityId: id,
        shard: 0,
        message: {},
        processedAt: daysAgo === null ? null : days(daysAgo),
      },
    })
    return id
  }
  const ids = [await dealtWith(8), await dealtWith(6), await dealtWith(null)]
  await forgetOldMail(prisma)
  const left = await prisma.mailboxMessage.findMany({
    where: { id: { in: ids } },
    select: { id: true },
    orderBy: { position: 'asc' },
  })
  expect(left.map((row) => row.id)).toEqual(ids.slice(1))
  await prisma.mailboxMessage.deleteMany({ where: { id: { in: ids } } })
})
