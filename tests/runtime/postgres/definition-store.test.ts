import { randomUUID } from 'node:crypto'
import { afterAll, expect, inject, it } from 'vitest'
import { createPostgresDefinitionStore } from '@/runtime/postgres/definition-store'
import { createPrisma } from '@/runtime/postgres/prisma'
import {
  definitionStoreConformance,
  documentOf,
  request,
} from '../definition/definition-store-conformance'

const prisma = createPrisma(inject('databaseUrl'))
afterAll(() => prisma.$disconnect())
const fresh = () => `d-${randomUUID()}`

definitionStoreConformance(
  'the PostgreSQL definition store',
  () => createPostgresDefinitionStore(prisma),
  fresh,
)

it('keeps the text, the note and who published, and names the definition by the newest title', async () => {
  const store = createPostgresDefinitionStore(prisma)
  const id = fresh()
  await store.publish(request(documentOf(id), 'one'))
  await store.publish({ ...request(documentOf(id, 'Better'), 'two'), note: 'Clearer' })
  const found = await prisma.definition.findUnique({
    where: { name: id },
    include: { versions: { orderBy: { version: 'asc' } } },
  })
  expect(found).toMatchObject({
    title: 'Better',
    versions: [
      { source: '# one', note: null, publishedBy: 'Ada' },
      { source: '# two', note: 'Clearer', publishedBy: 'Ada', layout: { positions: {} } },
    ],
  })
})
