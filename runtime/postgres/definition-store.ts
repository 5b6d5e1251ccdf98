/**
 * Published definitions on PostgreSQL. Drafts are the editor's business and not touched.
 *
 * 1. Publishing takes its turn by a lock on the definition's row, so versions count on without gaps or doubles.
 * 2. A document comes back as it was written, key order included (column type json).
 */
import type { DefinitionVersion, Prisma, PrismaClient } from '../../prisma/generated/client'
import type { DefinitionStore, PublishedDefinition } from '../definition/definition-store'
import { layoutSchema, type SagaDocument } from '../definition/schema'
import { invariant } from '../errors'
import { translating } from './database-error'

export function createPostgresDefinitionStore(prisma: PrismaClient): DefinitionStore {
  return {
    publish({ document, source, layout, by, note, digest }) {
      const { name } = document
      const title = document.title ?? name
      const work = prisma.$transaction(
        async (tx) => {
          // not upsert, which reads before it writes and so fails when two create the definition at once
          await tx.definition.createMany({ data: [{ name, title }], skipDuplicates: true })
          const [definition] = await tx.$queryRaw<{ id: string }[]>`
            SELECT id FROM definition WHERE name = ${name} FOR UPDATE`
          invariant(definition, `definition ${name} is there once it was created`)
          const definitionId = definition.id
          const newest = await tx.definitionVersion.findFirst({
            where: { definitionId },
            orderBy: { version: 'desc' },
            select: { version: true, digest: true },
          })
          if (newest?.digest === digest) return { version: newest.version, digest, unchanged: true }
          const version = (newest?.version ?? 0) + 1
          await tx.definitionVersion.create({
            data: {
              definitionId,
              version,
              digest,
              document: document as unknown as Prisma.InputJsonObject,
              source,
              layout: layout ?? layoutSchema.parse({}),
              note: note ?? null,
              publishedBy: by.name,
            },
          })
          await tx.definition.update({ where: { id: definitionId }, data: { title } })
          return { version, digest, unchanged: false }
        },
        { timeout: 15_000, maxWait: 15_000 },
      )
      return translating(`publish ${name}`, work)
    },

    async find(name, version) {
      const found = await translating(
        `read definition ${name}`,
        prisma.definitionVersion.findFirst({
          where: { definition: { name }, ...(version === undefined ? {} : { version }) },
          orderBy: { version: 'desc' },
        }),
      )
      return found ? toPublished(name, found) : undefined
    },

    async byDigest(digest) {
      const found = await translating(
        `read definition ${digest}`,
        prisma.definitionVersion.findFirst({
          where: { digest },
          orderBy: { version: 'desc' },
          include: { definition: { select: { name: true } } },
        }),
      )
      return found ? toPublished(found.definition.name, found) : undefined
    },
  }
}

/** The document was parsed before it was published; parsing it again would give it this version's key order. */
function toPublished(name: string, row: DefinitionVersion): PublishedDefinition {
  return {
    ref: { name, version: row.version, digest: row.digest },
    document: row.document as unknown as SagaDocument,
  }
}
