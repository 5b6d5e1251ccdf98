/**
 * Parsing and verifying saga texts against what is registered here: participants, and definitions they may start.
 *
 * 1. Remembered by the text's digest: a list of definitions asks for the findings of fifty texts, and most of them have
 *    not changed since the last time. Who asks while a text is being checked gets the same answer.
 * 2. What is registered is read at most every two seconds, and again at once after a change through this process.
 * 3. Texts are read on the text pool, never on this thread. One that it gives up has that as its finding.
 * 4. With more than 5,000 participants or definitions, nothing is said about unknown ones: the list would not be whole.
 */
import { createHash } from 'node:crypto'
import type { PrismaClient } from '@/prisma/generated/client'
import type { Issue } from '@/runtime/definition/issue'
import type { SagaDocument } from '@/runtime/definition/schema'
import type { VerifyOptions } from '@/runtime/verifier/rule'
import { otherName } from '@/runtime/verifier/rules/definition-name'
import { ShortCache } from '../auth/short-cache'
import type { TextAnswers, TextSummary } from '../texts/text-jobs'
import { TextJobStopped, type TextPool } from '../texts/text-pool'
import { SMALLER } from '../texts/threaded-examiner'
import { operationsSchema } from './operations'

/** All findings of a text, and what it says in short when it could be read as a document. */
export interface CheckedSource {
  summary: TextSummary | null
  issues: Issue[]
}

interface Surroundings {
  /** A VerifyOptions as JSON. */
  options: string
  /** Equal when the options are. */
  revision: string
}

interface Kept {
  checked: Promise<TextAnswers['check']>
  length: number
}

/** Remembered texts, and their characters in all. */
const KEPT_MAX = 500
const CHARACTERS_MAX = 20_000_000
const REGISTERED_MAX = 5_000

export class DefinitionChecks {
  readonly #db: PrismaClient
  readonly #texts: TextPool
  readonly #surroundings = new ShortCache<Surroundings>({ ttlMs: 2_000, max: 1 })
  readonly #kept = new Map<string, Kept>()
  #characters = 0

  constructor(db: PrismaClient, texts: TextPool) {
    this.#db = db
    this.#texts = texts
  }

  /**
   * The findings of a text; with `name`, also whether it is the text of the definition called that. Throws OVERLOADED
   * when too many texts wait to be checked.
   */
  async check(source: string, name?: string): Promise<CheckedSource> {
    const around = await this.#around()
    const { summary, issues } = await this.#remembered(source, around)
    return { summary, issues: [...otherName(summary?.name, name), ...issues] }
  }

  /** The same, with the document itself. */
  async checkWhole(
    source: string,
    name: string,
  ): Promise<{ document: SagaDocument | null; issues: Issue[] }> {
    const { summary, document, issues } = await this.#ask(source, await this.#around(), true)
    return {
      document: document === null ? null : (JSON.parse(document) as SagaDocument),
      issues: [...otherName(summary?.name, name), ...issues],
    }
  }

  /** Call it when a participant or a published version was changed. */
  forget(): void {
    this.#surroundings.clear()
  }

  #around(): Promise<Surroundings> {
    return this.#surroundings.get('all', () => readSurroundings(this.#db))
  }

  #remembered(source: string, around: Surroundings): Kept['checked'] {
    const key = `${digestOf(source)} ${around.revision}`
    const found = this.#kept.get(key)
    this.#kept.delete(key)
    const entry = found ?? { checked: this.#ask(source, around, false), length: source.length }
    this.#kept.set(key, entry)
    if (!found) {
      this.#characters += entry.length
      // what was refused or given up is asked anew the next time, on a machine with less to do
      entry.checked.then(
        ({ issues }) => issues.some(({ code }) => code === STOPPED) && this.#drop(key, entry),
        () => this.#drop(key, entry),
      )
    }
    for (const [oldest, one] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && this.#characters <= CHARACTERS_MAX) break
      this.#drop(oldest, one)
    }
    return entry.checked
  }

  #drop(key: string, entry: Kept): void {
    if (this.#kept.get(key) !== entry) return
    this.#kept.delete(key)
    this.#characters -= entry.length
  }

  #ask(source: string, { options }: Surroundings, whole: boolean): Kept['checked'] {
    return this.#texts.run({ kind: 'check', source, options, whole }).catch((error: unknown) => {
      if (!(error instanceof TextJobStopped)) throw error
      return { summary: null, document: null, issues: [stopped(error)] }
    })
  }
}

/** The finding of a text that the pool gave up. */
const STOPPED = 'check/too-slow'

const stopped = ({ message }: TextJobStopped): Issue => ({
  code: STOPPED,
  severity: 'error',
  path: [],
  message: `${message}.`,
  hint: SMALLER,
})

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
  const text = JSON.stringify(options)
  return { options: text, revision: digestOf(text) }
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64')
