/**
 * What a rule is and what it sees. A rule judges one aspect of a document and returns every finding at once; it never
 * throws, never looks at another rule's findings, and leaves order and severity counting to verify.ts.
 */
import type { GraphStep, SagaGraph } from '../definition/graph'
import type { Issue } from '../definition/issue'
import type { Effect, SagaDocument } from '../definition/schema'
import type { ExpressionSite } from './expression-sites'

export interface Rule {
  /** What its codes begin with: `pivot` for `pivot/second`. */
  prefix: string
  run(context: RuleContext): Issue[]
}

/** A participant as registered, as far as the verifier cares. */
export interface KnownParticipant {
  name: string
  /** Absent or empty: nothing is known about its operations. */
  operations?:
    | readonly {
        name: string
        effect?: Effect | undefined
        /** The operation that undoes it. */
        compensation?: string | undefined
        /** JSON Schemas of what it takes and answers. */
        input?: Readonly<Record<string, unknown>> | undefined
        output?: Readonly<Record<string, unknown>> | undefined
      }[]
    | undefined
  disabled?: boolean | undefined
}

/** A definition that a `saga` step may name, with its published versions. */
export interface KnownSaga {
  name: string
  versions: readonly number[]
}

export interface VerifyOptions {
  /** The definition whose text the document is; without it, nothing is said about the document's name. */
  name?: string | undefined
  /** Without it, nothing is said about participants. */
  participants?: readonly KnownParticipant[] | undefined
  /** Without it, nothing is said about which child definitions exist. */
  sagas?: readonly KnownSaga[] | undefined
  /** What parsing the same document found; it is not found again. */
  parsed?: readonly Issue[] | undefined
}

export interface RuleContext {
  document: SagaDocument
  graph: SagaGraph
  options: VerifyOptions
  /** Steps that control flow can reach from the saga's start. */
  reachable: ReadonlySet<string>
  /** Every expression of every step, with what it reads. */
  sites: readonly ExpressionSite[]
  /** The step as the canvas shows it, in quotes: its title, else its id. */
  name(id: string): string
}

/** An issue of a step; `at` are keys inside the step. */
export function stepIssue(
  found: GraphStep,
  { at = [], ...issue }: Omit<Issue, 'path' | 'step'> & { at?: (string | number)[] },
): Issue {
  return { ...issue, step: found.id, path: [...found.path, ...at] }
}
