/**
 * One finding about a saga document: a value, never thrown. Parsing and verifying return all findings at once.
 */

export type IssueSeverity = 'error' | 'warning' | 'info'

export interface Issue {
  /** Stable and greppable: `structure/unreachable`, `compensation/missing`, `parse/unknown-key`. */
  code: string
  severity: IssueSeverity
  /** Keys and indexes from the document's root, e.g. `['steps', 'charge', 'compensation']`. */
  path: (string | number)[]
  /** What is wrong, naming the thing. One sentence. */
  message: string
  /** What to do about it. One sentence. */
  hint?: string
  /** The step the finding belongs to, for the badge on the canvas. */
  step?: string
  /** Where in the source text, as offsets, when the document came from text. */
  range?: { start: number; end: number }
  /** Edits that would mend it, offered as quick fixes. */
  fixes?: Fix[]
}

export interface Fix {
  /** Imperative, e.g. `Add a compensation`. */
  title: string
  commands: import('./edit').EditCommand[]
}

export function hasErrors(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.severity === 'error')
}
