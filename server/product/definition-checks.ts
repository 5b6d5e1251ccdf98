/**
 * Parsing and verifying saga texts for the API, remembered by their digest: a list of definitions asks for the findings
 * of fifty texts, and most of them have not changed since the last time.
 */
import { createHash } from 'node:crypto'
import type { Issue } from '@/runtime/definition/issue'
import type { Region, SagaDocument } from '@/runtime/definition/schema'

/** All findings of a text, and the document when it could be read as one. */
export interface CheckedSource {
  document: SagaDocument | null
  issues: Issue[]
}

export type CheckSource = (source: string) => CheckedSource

/** Remembered texts, and their characters in all. */
const KEPT_MAX = 500
const CHARACTERS_MAX = 20_000_000

export class DefinitionChecks {
  readonly #checkSource: CheckSource
  readonly #kept = new Map<string, CheckedSource & { length: number }>()
  #characters = 0

  constructor(checkSource: CheckSource) {
    this.#checkSource = checkSource
  }

  /** The findings of a text that belongs to the definition called `name`. */
  check(source: string, name?: string): CheckedSource {
    const checked = this.#remembered(source)
    const { document, issues } = checked
    if (name === undefined || !document || document.name === name) return checked
    return { document, issues: [...issues, otherName(document.name, name)] }
  }

  #remembered(source: string): CheckedSource {
    const digest = createHash('sha256').update(source).digest('base64')
    const found = this.#kept.get(digest)
    this.#kept.delete(digest)
    const entry = found ?? { ...this.#checkSource(source), length: source.length }
    this.#kept.set(digest, entry)
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

const otherName = (found: string, expected: string): Issue => ({
  code: 'definition/name',
  severity: 'error',
  path: ['name'],
  message: `The document is named ${found}, but this definition is ${expected}.`,
  hint: `Write name: ${expected}, or create a definition called ${found}.`,
  fixes: [
    {
      title: `Name it ${expected}`,
      commands: [{ type: 'setSaga', fields: { name: expected } }],
    },
  ],
})
