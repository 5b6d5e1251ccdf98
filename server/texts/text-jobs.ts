/**
 * What is done with people's texts, as one function from a job to its answer. It runs on the pool's threads
 * (text.worker.mjs) and knows nothing of them.
 *
 * Large things travel as JSON texts: a thread passes on a text at once, while copying an object of ten thousand steps
 * would hold the receiving thread for tens of milliseconds.
 */
import { hasErrors, type Issue } from '../../runtime/definition/issue'
import { parseDefinition } from '../../runtime/definition/parse'
import type { Region, SagaDocument } from '../../runtime/definition/schema'
import { validateInput } from '../../runtime/definition/validate-input'
import { examine } from '../../runtime/examine'
import type { VerifyOptions } from '../../runtime/verifier/rule'
import { verify } from '../../runtime/verifier/verify'

export type TextJob =
  /** Parse and verify a saga text. `options` is a VerifyOptions; `whole` asks for the document too. */
  | { kind: 'check'; source: string; options: string; whole: boolean }
  /** Verify and compile a document that is about to be published. */
  | { kind: 'examine'; document: string }
  /** Does an input fit the schema of the saga called `name`? */
  | { kind: 'input'; name: string; schema: string; input: string }

/** What a text says, without its steps. */
export interface TextSummary {
  name: string
  title: string | null
  /** Nested regions included. */
  steps: number
}

export interface TextAnswers {
  check: { summary: TextSummary | null; document: string | null; issues: Issue[] }
  examine: { issues: Issue[]; digest: string }
  input: { issues: Issue[] }
}

/** Findings that one answer holds. */
const ISSUES_MAX = 500

export function doTextJob(job: TextJob): TextAnswers[TextJob['kind']] {
  switch (job.kind) {
    case 'check':
      return check(job)
    case 'examine': {
      const { issues, digest } = examine(JSON.parse(job.document) as SagaDocument)
      return { issues: bounded(issues), digest }
    }
    case 'input': {
      const document = { name: job.name, input: JSON.parse(job.schema) } as SagaDocument
      return { issues: validateInput(document, JSON.parse(job.input)) }
    }
    default: {
      const never: never = job
      throw new Error(`Unknown job ${JSON.stringify(never)}`)
    }
  }
}

function check(job: Extract<TextJob, { kind: 'check' }>): TextAnswers['check'] {
  const parsed = parseDefinition(job.source)
  const document = parsed.document ?? null
  const issues =
    document && !hasErrors(parsed.issues)
      ? [...parsed.issues, ...verify(document, optionsOf(job.options))]
      : parsed.issues
  const { name, title = null } = document ?? {}
  return {
    summary: document && name !== undefined ? { name, title, steps: countSteps(document) } : null,
    document: job.whole && document ? JSON.stringify(document) : null,
    issues: bounded(issues),
  }
}

let lastOptions = { text: '{}', options: {} as VerifyOptions }

/** They change rarely, and may list thousands of participants. */
function optionsOf(text: string): VerifyOptions {
  if (lastOptions.text !== text) lastOptions = { text, options: JSON.parse(text) as VerifyOptions }
  return lastOptions.options
}

function countSteps(region: Pick<Region, 'steps'>): number {
  let count = 0
  for (const step of Object.values(region.steps)) {
    count++
    if (step.type === 'map') count += countSteps(step.region)
    if (step.type === 'parallel')
      for (const branch of Object.values(step.branches)) count += countSteps(branch)
  }
  return count
}

/** The first of them, and how many more there are. */
function bounded(issues: Issue[]): Issue[] {
  if (issues.length <= ISSUES_MAX) return issues
  const left = issues.slice(ISSUES_MAX)
  return [
    ...issues.slice(0, ISSUES_MAX),
    {
      code: 'check/more',
      severity: hasErrors(left) ? 'error' : 'info',
      path: [],
      message: `There are ${left.length} more findings.`,
      hint: 'Mend the first ones, then look again.',
    },
  ]
}
