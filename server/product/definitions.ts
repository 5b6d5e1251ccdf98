/**
 * Definitions with their one shared draft and their published versions.
 *
 * 1. A draft's revision only grows. A save names the revision it is based on and is refused with CONFLICT when another
 *    was saved meanwhile; the refusal carries the current draft, so that nobody's work is lost.
 * 2. A definition without a stored draft has its newest version's text as draft, at revision 0.
 * 3. Versions are written by the runtime (`publish`), never here.
 */
import { z } from 'zod'
import { Prisma, type PrismaClient } from '@/prisma/generated/client'
import { type Layout, layoutSchema } from '@/runtime/definition/schema'
import { SagaError } from '@/runtime/errors'
import type {
  DefinitionDetail,
  DefinitionListItem,
  Page,
  VersionDetail,
  VersionListItem,
} from '../api/contract'
import { contains, cursorNumber, pageOf, readCursor } from './cursor'
import type { DefinitionChecks } from './definition-checks'

export interface Draft {
  source: string
  layout: Layout
  revision: number
  updatedBy: string
  updatedAt: Date
}

interface ListRow {
  name: string
  title: string
  updated_at: Date
  version: number | null
  published_source: string | null
  published_at: Date | null
  published_by: string | null
  draft_source: string | null
  draft_by: string | null
  draft_at: Date | null
  running: number
}

/** One page of definitions by name, each with the findings of its draft or newest version. */
export async function listDefinitions(
  db: PrismaClient,
  checks: DefinitionChecks,
  request: {
    cursor?: string | null | undefined
    limit: number
    text?: string | undefined
    archived: boolean
  },
): Promise<Page<DefinitionListItem>> {
  const after = readCursor(request.cursor, z.tuple([z.string()]))
  const words = request.text?.trim()
  const pattern = words ? contains(words) : '%'
  const rows = await db.$queryRaw<ListRow[]>`
    WITH page AS (
      SELECT * FROM definition d
      WHERE d.archived = ${request.archived} AND (d.name ILIKE ${pattern} OR d.title ILIKE ${pattern})
        AND ${after ? Prisma.sql`d.name > ${after[0]}` : Prisma.sql`TRUE`}
      ORDER BY d.name LIMIT ${request.limit + 1}
    )
    SELECT page.name, page.title, page.updated_at, newest.version, newest.source AS published_source,
           newest.published_at, newest.published_by, draft.source AS draft_source,
           draft.updated_by AS draft_by, draft.updated_at AS draft_at, coalesce(live.n, 0)::int AS running
    FROM page
    LEFT JOIN definition_draft draft ON draft.definition_id = page.id
    LEFT JOIN LATERAL (
      SELECT * FROM definition_version v WHERE v.definition_id = page.id ORDER BY v.version DESC LIMIT 1
    ) newest ON TRUE
    LEFT JOIN (
      SELECT saga_type, count(*) AS n FROM saga_execution
      WHERE status IN ('PENDING', 'RUNNING', 'COMPENSATING', 'PAUSED') AND parent_id IS NULL
      GROUP BY saga_type
    ) live ON live.saga_type = page.name
    ORDER BY page.name`
  const { items, nextCursor } = pageOf(rows, request.limit, {
    item: (row) => row,
    position: (row) => [row.name],
  })
  return { items: await Promise.all(items.map((row) => toListItem(row, checks))), nextCursor }
}

/** A definition with its draft and newest version. Throws NOT_FOUND. */
export async function getDefinition(db: PrismaClient, name: string): Promise<DefinitionDetail> {
  const found = await db.definition.findUnique({
    where: { name },
    include: { draft: true, versions: { orderBy: { version: 'desc' }, take: 1 } },
  })
  const [newest] = found?.versions ?? []
  if (!found || (!found.draft && !newest)) throw noDefinition(name)
  const published = newest
    ? {
        version: newest.version,
        digest: newest.digest,
        source: newest.source,
        publishedAt: newest.publishedAt,
        publishedBy: newest.publishedBy,
      }
    : null
  const draft = found.draft ?? {
    source: newest?.source ?? '',
    layout: newest?.layout ?? {},
    revision: 0,
    updatedBy: newest?.publishedBy ?? '',
    updatedAt: newest?.publishedAt ?? found.createdAt,
  }
  return {
    name,
    title: found.title,
    draft: {
      source: draft.source,
      layout: layoutSchema.parse(draft.layout),
      revision: draft.revision,
      updatedBy: draft.updatedBy,
      updatedAt: draft.updatedAt,
    },
    hasDraft: draft.source !== newest?.source,
    published,
  }
}

/** A new definition whose draft is `source`. Throws ALREADY_EXISTS. */
export async function createDefinition(
  db: PrismaClient,
  request: { name: string; title: string; source: string; by: string },
): Promise<void> {
  const { name, title, source, by } = request
  await db.definition
    .create({ data: { name, title, draft: { create: { source, layout: {}, updatedBy: by } } } })
    .catch((cause) => {
      if (!isUniqueViolation(cause)) throw cause
      throw new SagaError(
        'ALREADY_EXISTS',
        `A definition called ${name} exists already. Choose another name, or open that one.`,
        { name },
        cause,
      )
    })
}

/** Saves the draft when it still is at `revision`. Throws CONFLICT with the current draft in `details.draft`. */
export async function saveDraft(
  db: PrismaClient,
  request: {
    name: string
    title: string | null
    source: string
    layout: Layout
    revision: number
    by: string
  },
): Promise<{ revision: number; updatedAt: Date }> {
  const { name, source, layout, revision, by, title } = request
  const updatedAt = new Date()
  const saved = await db.$transaction(async (tx) => {
    const definition = await tx.definition.findUnique({ where: { name }, select: { id: true } })
    if (!definition) throw noDefinition(name)
    const data = { source, layout, updatedBy: by, updatedAt, revision: revision + 1 }
    const { count } =
      revision === 0
        ? await tx.definitionDraft.createMany({
            data: { definitionId: definition.id, ...data },
            skipDuplicates: true,
          })
        : await tx.definitionDraft.updateMany({
            where: { definitionId: definition.id, revision },
            data,
          })
    if (count === 1) await tx.definition.update({ where: { name }, data: title ? { title } : {} })
    return count === 1
  })
  if (!saved) throw await conflict(db, name, revision)
  return { revision: revision + 1, updatedAt }
}

/** Makes the draft the newest version's text again. Throws WRONG_STATE when nothing was published. */
export async function discardDraft(db: PrismaClient, name: string, by: string): Promise<void> {
  const { draft, published } = await getDefinition(db, name)
  if (!published)
    throw new SagaError(
      'WRONG_STATE',
      `${name} was never published, so there is nothing to go back to. Archive it instead.`,
      { name },
    )
  const version = await getVersion(db, name, published.version)
  if (draft.revision === 0) return
  await saveDraft(db, {
    name,
    title: null,
    source: version.source,
    layout: version.layout,
    revision: draft.revision,
    by,
  })
}

/** The draft, if it is the one the caller saw. Throws CONFLICT with the current draft. */
export async function draftAt(db: PrismaClient, name: string, revision: number): Promise<Draft> {
  const { draft } = await getDefinition(db, name)
  if (draft.revision !== revision) throw await conflict(db, name, revision)
  return draft
}

/** Versions, newest first. */
export async function listVersions(
  db: PrismaClient,
  request: { name: string; cursor?: string | null | undefined; limit: number },
): Promise<Page<VersionListItem>> {
  const after = readCursor(request.cursor, z.tuple([cursorNumber]))
  const definition = await db.definition.findUnique({ where: { name: request.name } })
  if (!definition) throw noDefinition(request.name)
  const rows = await db.definitionVersion.findMany({
    where: { definitionId: definition.id, ...(after ? { version: { lt: after[0] } } : {}) },
    orderBy: { version: 'desc' },
    take: request.limit + 1,
    omit: { source: true, document: true, layout: true },
  })
  const counts = await sagasByVersion(db, request.name)
  return pageOf(rows, request.limit, {
    item: (row) => ({
      version: row.version,
      digest: row.digest,
      note: row.note,
      publishedBy: row.publishedBy,
      publishedAt: row.publishedAt,
      sagas: counts.get(row.version) ?? 0,
    }),
    position: (row) => [row.version],
  })
}

/** One published version. Throws NOT_FOUND. */
export async function getVersion(
  db: PrismaClient,
  name: string,
  version: number,
): Promise<Omit<VersionDetail, 'sagas'>> {
  const found = await db.definitionVersion.findFirst({
    where: { definition: { name }, version },
  })
  if (!found)
    throw new SagaError(
      'NOT_FOUND',
      `${name} has no version ${version}. See its list of versions.`,
      {
        name,
        version,
      },
    )
  return {
    name,
    version,
    digest: found.digest,
    note: found.note,
    publishedBy: found.publishedBy,
    publishedAt: found.publishedAt,
    source: found.source,
    layout: layoutSchema.parse(found.layout),
    // immutable, and parsed by the runtime before it was written
    document: found.document as unknown as VersionDetail['document'],
  }
}

/** How many sagas, outermost ones, run or ran each version. */
export async function sagasByVersion(db: PrismaClient, name: string): Promise<Map<number, number>> {
  const groups = await db.sagaExecution.groupBy({
    by: ['definitionVersion'],
    where: { sagaType: name, parentId: null },
    _count: { _all: true },
  })
  return new Map(groups.map((group) => [group.definitionVersion, group._count._all]))
}

/** Hides a definition from the list, or shows it again; what runs is not touched. */
export async function archiveDefinition(
  db: Prisma.TransactionClient,
  name: string,
  archived: boolean,
): Promise<void> {
  const { count } = await db.definition.updateMany({ where: { name }, data: { archived } })
  if (count === 0) throw noDefinition(name)
}

async function toListItem(row: ListRow, checks: DefinitionChecks): Promise<DefinitionListItem> {
  const source = row.draft_source ?? row.published_source ?? ''
  const { summary, issues } = await checks.check(source, row.name)
  const drafted = row.draft_at !== null && row.draft_source !== row.published_source
  return {
    name: row.name,
    title: row.title,
    version: row.version,
    steps: summary?.steps ?? 0,
    hasDraft: drafted,
    errors: issues.filter((issue) => issue.severity === 'error').length,
    warnings: issues.filter((issue) => issue.severity === 'warning').length,
    running: row.running,
    updatedAt: (drafted ? row.draft_at : row.published_at) ?? row.updated_at,
    updatedBy: (drafted ? row.draft_by : row.published_by) ?? '',
  }
}

async function conflict(db: PrismaClient, name: string, revision: number): Promise<SagaError> {
  const { draft } = await getDefinition(db, name)
  return new SagaError(
    'CONFLICT',
    `${draft.updatedBy} saved revision ${draft.revision} of ${name} while you worked on revision ${revision}. Compare the two, then save again.`,
    { name, revision, draft },
  )
}

const noDefinition = (name: string) =>
  new SagaError(
    'NOT_FOUND',
    `There is no definition called ${name}. See the list of definitions.`,
    {
      name,
    },
  )

/** Prisma's code for a unique constraint that would be broken. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'P2002'
