/**
 * Every expression of a document, where it stands, when it is evaluated and what it reads. Rules ask here, so that none
 * of them knows which fields of a step hold expressions.
 *
 * A site whose expression does not compile has `problem` and reads nothing.
 */
import type { GraphStep, SagaGraph } from '../definition/graph'
import type { Step } from '../definition/schema'
import {
  type FieldPath,
  parseExpression,
  type Reads,
  type StepReference,
  type Trap,
} from '../expression/expression'
import { parseTemplate } from '../expression/mapping'
import { emptyReads } from '../expression/reads'
import { quote } from './wording'

type Path = (string | number)[]

/**
 * - `start`: when the step starts; sees what is assigned before it.
 * - `compensation`: when the step is undone; may see what was assigned before it, and `output`.
 * - `item`: when a map's item ended; sees what is assigned at the end of the map's region.
 */
export type Moment = 'start' | 'compensation' | 'item'

export interface ExpressionSite {
  step: string
  /** Keys inside the step, to the text that holds the expression. */
  at: Path
  /** In words: `its input`, `the condition of branch “big”`. */
  where: string
  moment: Moment
  source: string
  reads: Reads
  references: readonly StepReference[]
  paths: readonly FieldPath[]
  traps: readonly Trap[]
  problem?: string
  /** The whole text at `at` with one name, or another part of the expression, replaced. */
  renamed(reference: Pick<StepReference, 'start' | 'end'>, to: string): string
}

/** All sites in document order. */
export function expressionSites(graph: SagaGraph): ExpressionSite[] {
  return [...graph.steps.values()].flatMap((found) =>
    fieldsOf(found.step).flatMap((field) => sitesOf(found, field)),
  )
}

interface Field {
  at: Path
  where: string
  /** A mapping: one expression, or data in which every text is one. */
  value: unknown
  moment?: Moment
  template?: boolean
}

function fieldsOf(step: Step): Field[] {
  switch (step.type) {
    case 'action':
      return [
        { at: ['input'], where: 'its input', value: step.input },
        { at: ['idempotencyKey'], where: 'its idempotency key', value: step.idempotencyKey },
        ...(step.resources ?? []).map(({ key }, index) => ({
          at: ['resources', index, 'key'],
          where: `the key of resource ${index + 1}`,
          value: key,
          template: true,
        })),
        {
          at: ['compensation', 'input'],
          where: 'the input of its compensation',
          value: step.compensation?.input,
          moment: 'compensation',
        },
      ]
    case 'choice':
      return step.branches.map(({ label, when }, index) => ({
        at: ['branches', index, 'when'],
        where: `the condition of branch ${label === undefined ? index + 1 : quote(label)}`,
        value: when,
      }))
    case 'map':
      return [
        { at: ['items'], where: 'its items', value: step.items },
        { at: ['output'], where: 'its output', value: step.output, moment: 'item' },
      ]
    case 'wait':
      return [{ at: ['until'], where: 'its time', value: step.until }]
    case 'approval':
      return [
        { at: ['question'], where: 'its question', value: step.question, template: true },
        { at: ['context'], where: 'its context', value: step.context },
      ]
    case 'transaction':
      return step.participants.map(({ input }, index) => ({
        at: ['participants', index, 'input'],
        where: `the input of participant ${index + 1}`,
        value: input,
      }))
    case 'saga':
      return [{ at: ['input'], where: 'its input', value: step.input }]
    case 'end':
      return [{ at: ['output'], where: 'its output', value: step.output }]
    case 'parallel':
    case 'signal':
      return []
    default: {
      const never: never = step
      throw new Error(`Unknown step ${JSON.stringify(never)}`)
    }
  }
}

function sitesOf({ id }: GraphStep, field: Field): ExpressionSite[] {
  const { where, moment = 'start' } = field
  const sites: ExpressionSite[] = []
  const visit = (value: unknown, at: Path) => {
    if (typeof value === 'string') {
      sites.push(...read(value, field.template === true).map((read) => ({ ...read, ...place(at) })))
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, [...at, index])
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, part] of Object.entries(value)) visit(part, [...at, key])
    }
  }
  const place = (at: Path) => ({ step: id, at, where, moment })
  visit(field.value, field.at)
  return sites
}

type ReadText = Pick<
  ExpressionSite,
  'source' | 'reads' | 'references' | 'paths' | 'traps' | 'problem' | 'renamed'
>

function read(text: string, template: boolean): ReadText[] {
  if (!template) return [readExpression(text, text, 0)]
  const parsed = parseTemplate(text)
  if (!parsed.ok) return [broken(text, parsed.message)]
  return parsed.parts.flatMap((part) =>
    typeof part === 'string' ? [] : [readExpression(part.source, text, part.start)],
  )
}

/** `offset` is where the expression begins in the text around it. */
function readExpression(source: string, text: string, offset: number): ReadText {
  const parsed = parseExpression(source)
  if (!parsed.ok) return broken(source, parsed.message)
  const { reads, stepReferences: references, fieldPaths: paths, traps } = parsed.expression
  return {
    source,
    reads,
    references,
    paths,
    traps,
    renamed: ({ start, end }, to) => text.slice(0, offset + start) + to + text.slice(offset + end),
  }
}

function broken(source: string, problem: string): ReadText {
  return {
    source,
    reads: emptyReads(),
    references: [],
    paths: [],
    traps: [],
    problem,
    renamed: () => source,
  }
}
