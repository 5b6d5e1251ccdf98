/**
 * Parsing and verifying saga texts against what is registered here: participants, and definitions they may start.
 *
 * 1. Remembered by the text's digest: a list of definitions asks for the findings of fifty texts, and most of them have
 *    not changed since the last time.
 * 2. What is registered is read at most every two seconds, and again at once after a change through this process.
 * 3. With more than 5,000 participants or definitions, nothing is said about unknown ones: the list would not be whole.
 */
import { createHash } from 'node:crypto'
import type { PrismaClient } from '@/prisma/generated/client'
import { hasErrors, type Issue } from '@/runtime/definition/issue'
import { parseDefinition } from '@/runtime/definition/parse'
import type { Region, SagaDocument } from '@/runtime/definition/schema'
import type { VerifyOptions } from '@/runtime/verifier/rule'
import { otherName } from '@/runtime/verifier/rules/definition-name'
import { verify } from '@/runtime/verifier/verify'
import { ShortCache } from '../auth/short-cache'
import { operationsSchema } from './operations'

/** All findings of a text, and the document when it could be read as one. */
export interface CheckedSource {
  document: SagaDocument | null
  issues: Issue[]
}

interface Surroundings {
  options: VerifyOptions
  /** Equal when the options are. */
  revision: string
}

/** Remembered texts, and their characters in all. */
const KEPT_MAX = 500
const CHARACTERS_MAX = 20_000_000
const REGISTERED_MAX = 5_000

export class DefinitionChecks {
  readonly #db: PrismaClient
  readonly #surroundings = new ShortCache<Surroundings>({ ttlMs: 2_000, max: 1 })
  readonly #kept = new Map<string, CheckedSource & { length: number }>()
  #characters = 0

  constructor(db: PrismaClient) {
    this.#db = db
  }

  /** The findings of a text; with `name`, also whether it is the text of the definition called that. */
  async check(source: string, name?: string): Promise<CheckedSource> {
    const around = await this.#surroundings.get('all', () => readSurroundings(this.#db))
    const { document, issues } = this.#remembered(source, around)
    if (name === undefined || !document || document.name === name) return { document, issues }
    return { document, issues: [otherName(document.name, name), ...issues] }
  }

  /** Call it when a participant or a published version was changed. */
  forget(): void {
    this.#surroundings.clear()
  }

  #remembered(source: string, { options, revision }: Surroundings): CheckedSource {
    const key = `${digestOf(source)} ${revision}`
    const found = this.#kept.get(key)
    this.#kept.delete(key)
    const entry = found ?? { ...checkSource(source, options), length: source.length }
    this.#kept.set(key, entry)
    if (!found) this.#characters += entry.length
    for (const [oldest, { length }] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && this.#characters <= CHARACTERS_MAX) break
      this.#kept.delete(oldest)
      this.#characters -= length
    }
    return entry
  }
}

/** Steps of a document, nested regions included. */
export function countSteps(region: Pick<Region, 'steps'>): number {
  let count = 0
  for (const step of Object.values(region.steps)) {
    count++
    if (step.type === 'map') count += countSteps(step.region)
    if (step.type === 'parallel')
      for (const branch of Object.values(step.branches)) count += countSteps(branch)
  }
  return count
}

function checkSource(source: string, options: VerifyOptions): CheckedSource {
  const { document, issues } = parseDefinition(source)
  if (!document || hasErrors(issues)) return { document: document ?? null, issues }
  return { document, issues: [...issues, ...verify(document, options)] }
}

async function readSurroundings(db: PrismaClient): Promise<Surroundings> {
  const [participants, sagas] = await Promise.all([
    db.participant.findMany({
      select: { name: true, operations: true, status: true },
      orderBy: { name: 'asc' },
      take: REGISTERED_MAX + 1,
    }),
    db.definition.findMany({
      select: { name: true, versions: { select: { version: true }, orderBy: { version: 'asc' } } },
      orderBy: { name: 'asc' },
      take: REGISTERED_MAX + 1,
    }),
  ])
  const options: VerifyOptions = {
    ...(participants.length > REGISTERED_MAX
      ? {}
      : {
          participants: participants.map(({ name, operations, status }) => ({
            name,
            operations: operationsSchema.parse(operations),
            disabled: status === 'DISABLED',
          })),
        }),
    ...(sagas.length > REGISTERED_MAX
      ? {}
      : {
          sagas: sagas.map(({ name, versions }) => ({
            name,
            versions: versions.map(({ version }) => version),
          })),
        }),
  }
  return { options, revision: digestOf(JSON.stringify(options)) }
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64')
