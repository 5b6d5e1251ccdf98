/**
 * Text or data into a saga document, with all that is wrong at once. What a document *means* (reachability, missing
 * compensations …) is the verifier's; here it is only whether it can be read.
 *
 * 1. Never throws; every finding is an issue with the place in the text, when there is a text.
 * 2. `document` is there exactly when the whole shape is right. It may still have issues, e.g. an expression that does
 *    not parse: such a document can be drawn but not published.
 */
import { parseExpression } from '../expression/expression'
import { parseTemplate } from '../expression/mapping'
import { compileInputSchema } from './input-schema'
import { hasErrors, type Issue } from './issue'
import { locateIn, locateInside, locateKey } from './positions'
import {
  type ExpressionPlace,
  expressionPlaces,
  isRawMap,
  type RawPath,
  type RawStep,
  rawSteps,
  stepOfPath,
} from './raw-steps'
import { LIMITS, type SagaDocument, sagaDocumentSchema } from './schema'
import { describeZodIssue, nameOf } from './schema-issue'
import { schemaFindings } from './schema-keywords'
import { readSource, type SourceText } from './text/source'
import { upgradeDocument } from './upgrade'

export interface ParsedDefinition {
  /** With every default filled in. Absent when the shape has an error. */
  document?: SagaDocument
  /** In the order of the text. */
  issues: Issue[]
}

/** Takes YAML or JSON text, or a plain value. */
export function parseDefinition(input: unknown): ParsedDefinition {
  if (typeof input === 'string') return parseText(input)
  const plain = toPlainJson(input)
  if (plain === undefined) {
    const message = 'The definition is not plain JSON.'
    return { issues: [{ code: 'parse/syntax', severity: 'error', path: [], message }] }
  }
  return parseValue(plain, [])
}

function parseText(text: string): ParsedDefinition {
  const source = readSource(text)
  const unreadable = source.issues.some((issue) => !READABLE_CODES.has(issue.code))
  if (unreadable) return { issues: source.issues }
  if (!source.root || source.root.value === null) {
    const message = 'The text is empty.'
    const hint = 'Begin with `kind: saga`.'
    return { issues: [{ code: 'parse/empty', severity: 'error', path: [], message, hint }] }
  }
  const { document, issues } = parseValue(source.root.value, source.issues)
  const placed = issues.slice(0, ISSUES_MAX).map((issue) => place(issue, source))
  placed.sort((a, b) => (a.range?.start ?? 0) - (b.range?.start ?? 0))
  if (issues.length > ISSUES_MAX) placed.push(andMore(issues.slice(ISSUES_MAX)))
  return document ? { document, issues: placed } : { issues: placed }
}

/** Findings about a key rather than its value. */
const KEY_CODES = new Set(['parse/unknown-key', 'parse/name', 'parse/schema-keyword'])

/** Faults of a text that leave the rest of it readable. */
const READABLE_CODES = new Set(['parse/duplicate-key', 'parse/key'])

/** Findings told of one text, so that an answer stays readable however wrong the text is. */
const ISSUES_MAX = 500

function andMore(left: readonly Issue[]): Issue {
  const severity = hasErrors(left) ? 'error' : 'warning'
  const message = `There are ${left.length} more findings.`
  const hint = 'Mend the first ones, then look again.'
  return { code: 'parse/more', severity, path: [], message, hint }
}

function place(issue: PlacedIssue, source: SourceText): Issue {
  const { at, ...plain } = issue
  if (plain.range) return plain
  const range =
    at !== undefined
      ? locateInside(source, issue.path, at)
      : KEY_CODES.has(issue.code)
        ? locateKey(source, issue.path)
        : locateIn(source, issue.path)
  return range ? { ...plain, range } : plain
}

/** `at`: offset inside the text value at the path. */
type PlacedIssue = Issue & { at?: number }

function parseValue(
  value: unknown,
  known: Issue[],
): { document?: SagaDocument; issues: PlacedIssue[] } {
  const issues: PlacedIssue[] = [...known]
  if (!isRawMap(value)) {
    const message = 'A definition is an object with `kind`, `name`, `start` and `steps`.'
    return { issues: [...issues, { code: 'parse/type', severity: 'error', path: [], message }] }
  }
  const upgraded = upgradeDocument(value)
  if ('issue' in upgraded) return { issues: [...issues, upgraded.issue] }
  const current = upgraded.value
  const steps = rawSteps(current)
  if (steps.length > LIMITS.steps) {
    const message = `The saga has ${steps.length} steps; at most ${LIMITS.steps} can be read.`
    const hint = 'Move parts of it into sagas of their own and start them with `saga` steps.'
    const issue: Issue = {
      code: 'parse/too-many-steps',
      severity: 'error',
      path: ['steps'],
      message,
      hint,
    }
    return { issues: [...issues, issue] }
  }
  const tooDeep = steps.find((step) => step.depth > LIMITS.depth)
  if (tooDeep) return { issues: [...issues, describeDepth(tooDeep)] }
  const parsed = sagaDocumentSchema.safeParse(current)
  if (!parsed.success) {
    issues.push(...parsed.error.issues.flatMap((issue) => describeZodIssue(issue, current)))
  }
  issues.push(...checkSteps(steps))
  if (isRawMap(current) && isRawMap(current.input)) issues.push(...checkInputSchema(current.input))
  return parsed.success ? { document: parsed.data, issues } : { issues }
}

function describeDepth(step: RawStep): Issue {
  return {
    code: 'parse/too-deep',
    severity: 'error',
    path: step.path,
    message: `Step \`${step.id}\` lies ${step.depth} regions deep; at most ${LIMITS.depth} are allowed.`,
    hint: 'Move the inner part into a saga of its own and start it with a `saga` step.',
    step: step.id,
  }
}

function checkSteps(steps: readonly RawStep[]): PlacedIssue[] {
  const issues: PlacedIssue[] = []
  const seen = new Map<string, RawStep>()
  for (const found of steps) {
    const first = seen.get(found.id)
    if (first) issues.push(describeDuplicate(found, first))
    else seen.set(found.id, found)
    issues.push(...checkWait(found), ...checkQuorum(found))
    for (const place of expressionPlaces(found.step)) issues.push(...checkExpression(found, place))
  }
  return issues
}

function describeDuplicate(found: RawStep, first: RawStep): Issue {
  const where = first.region.length === 0 ? 'the saga itself' : nameOf(first.region)
  return {
    code: 'parse/duplicate-step',
    severity: 'error',
    path: found.path,
    message: `There are two steps \`${found.id}\`; the other is in ${where}.`,
    hint: 'Ids are unique in the whole saga, inner regions included: rename one.',
    step: found.id,
  }
}

function checkWait({ id, step, path }: RawStep): Issue[] {
  if (step.type !== 'wait') return []
  const both = step.forMs !== undefined && step.until !== undefined
  if (!both && (step.forMs !== undefined || step.until !== undefined)) return []
  return [
    {
      code: 'parse/wait',
      severity: 'error',
      path: both ? [...path, 'until'] : path,
      message: both
        ? `Step \`${id}\` has both \`forMs\` and \`until\`.`
        : `Step \`${id}\` does not say how long it waits.`,
      hint: 'Give it `forMs` (milliseconds) or `until` (an expression), one of the two.',
      step: id,
    },
  ]
}

function checkQuorum({ id, step, path }: RawStep): Issue[] {
  if (step.type !== 'parallel' || !isRawMap(step.join) || !isRawMap(step.branches)) return []
  const { quorum } = step.join
  const branches = Object.keys(step.branches).length
  const issues: Issue[] = []
  if (branches > LIMITS.branches) {
    const message = `Step \`${id}\` has ${branches} branches; at most ${LIMITS.branches} are allowed.`
    issues.push({ code: 'parse/too-many-branches', severity: 'error', path, message, step: id })
  }
  if (typeof quorum === 'number' && quorum > branches) {
    issues.push({
      code: 'parse/quorum',
      severity: 'error',
      path: [...path, 'join', 'quorum'],
      message: `Step \`${id}\` waits for ${quorum} branches but has ${branches}.`,
      hint: 'Lower the quorum or add branches.',
      step: id,
    })
  }
  return issues
}

function checkExpression(found: RawStep, place: ExpressionPlace): PlacedIssue[] {
  const path = [...found.path, ...place.path]
  if (place.kind === 'expression') return checkSource(place.source, 0, path)
  const template = parseTemplate(place.source)
  if (!template.ok) return [describeExpression(template, 0, path)]
  return template.parts.flatMap((part) =>
    typeof part === 'string' ? [] : checkSource(part.source, part.start, path),
  )
}

function checkSource(source: string, start: number, path: RawPath): PlacedIssue[] {
  const parsed = parseExpression(source)
  return parsed.ok ? [] : [describeExpression(parsed, start, path)]
}

function describeExpression(
  problem: { message: string; position: number },
  start: number,
  path: RawPath,
): PlacedIssue {
  const step = stepOfPath(path)
  return {
    code: 'parse/expression',
    severity: 'error',
    path,
    at: start + problem.position,
    message: `The expression in ${nameOf(path)} cannot be read: ${problem.message.replace(/\.$/, '')}.`,
    hint: 'Texts in an expression need quotes; fields are read as `input.name` and `steps.id.field`.',
    ...(step === undefined ? {} : { step }),
  }
}

function checkInputSchema(schema: Record<string, unknown>): Issue[] {
  const findings = schemaFindings(schema).map(
    ({ kind, path, message, hint }): Issue => ({
      code: `parse/schema-${kind}`,
      severity: 'warning',
      path: ['input', ...path],
      message,
      hint,
    }),
  )
  const compiled = compileInputSchema(schema)
  if (compiled.ok || compiled.unavailable) return findings
  return [
    ...findings,
    {
      code: 'parse/input-schema',
      severity: 'error',
      path: ['input'],
      message: `The input schema is not a valid JSON Schema: ${compiled.message.replace(/\.$/, '')}.`,
      hint: 'Write JSON Schema 2020-12, e.g. `type: object` with `properties`.',
    },
  ]
}

/** A copy without anything JSON cannot hold; undefined when there is such a thing. */
function toPlainJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value), (key, part) => {
      if (key === '__proto__') throw new Error('forbidden key')
      return part
    })
  } catch {
    return undefined
  }
}
