/**
 * Do expressions read fields that exist, and do calls send what the operation takes? Judged by the saga's input schema
 * and by the schemas that participants declare for their operations; where neither says anything, nothing is found.
 *
 * Reading a field that cannot exist is an error: it yields nothing in every run. What a participant declares about its own
 * input is advice (a warning), for the participant may have changed since it was registered.
 */
import type { GraphStep } from '../../definition/graph'
import type { Fix, Issue } from '../../definition/issue'
import { closest } from '../../definition/nearest'
import { type FieldPath, parseExpression, type StepReference } from '../../expression/expression'
import type { ExpressionSite } from '../expression-sites'
import {
  fieldOf,
  type JsonType,
  requiredOf,
  type Typed,
  typed,
  typeOf,
  typesOf,
} from '../json-types'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

/** Names listed in a hint at most. */
const NAMED_MAX = 8
/** Built-in functions whose answer differs from one evaluation to the next. */
const CHANGING = /\$(now|millis|random|shuffle)\b/

export const fields: Rule = {
  prefix: 'fields',
  run(context) {
    const known = createKnown(context)
    const sent = new Map<string, Sent[]>()
    const found: Issue[] = []
    for (const site of context.sites) {
      const step = context.graph.steps.get(site.step)
      if (!step || site.problem !== undefined) continue
      for (const path of site.paths) found.push(...judgePath(path, { site, step, known, context }))
      found.push(...judgeCondition(site, step, context))
      if (isPart(site.at)) add(sent, site.step, { site, type: typeOfSite(site, known) })
    }
    for (const step of context.graph.steps.values())
      for (const call of callsOf(step, known))
        found.push(...judgeCall(call, { step, sent: sent.get(step.id) ?? [], known, context }))
    return found
  },
}

// ── what is known about values ──

interface Known {
  input: Typed | undefined
  /** What a step's output is, or, with `own`, what `output` is in its compensation. */
  output(step: string): Typed | undefined
  operation(participant: string, operation: string): Declared | undefined
}

type Declared = NonNullable<
  NonNullable<NonNullable<RuleContext['options']['participants']>[number]['operations']>[number]
>

function createKnown({ document, graph, options }: RuleContext): Known {
  const operations = new Map<string, Declared>()
  for (const participant of options.participants ?? [])
    for (const declared of participant.operations ?? [])
      operations.set(`${participant.name} ${declared.name}`, declared)
  const operation: Known['operation'] = (participant, name) =>
    operations.get(`${participant} ${name}`)
  return {
    input: typed(document.input),
    operation,
    output(id) {
      const step = graph.steps.get(id)?.step
      return step?.type === 'action'
        ? typed(operation(step.participant, step.operation)?.output)
        : undefined
    },
  }
}

/** What the path begins with, and its fields from there on. */
function startOf(
  path: FieldPath,
  site: ExpressionSite,
  known: Known,
): { value: Typed | undefined; fields: readonly StepReference[]; words: string } {
  const [first, ...rest] = path.fields
  switch (path.root) {
    case 'input':
      return { value: known.input, fields: path.fields, words: 'input' }
    case 'output':
      return { value: known.output(site.step), fields: path.fields, words: 'output' }
    case 'steps':
      if (!first) return { value: undefined, fields: [], words: 'steps' }
      return { value: known.output(first.name), fields: rest, words: `steps.${first.name}` }
    case 'item':
    case 'saga':
      return { value: undefined, fields: [], words: path.root }
    default: {
      const never: never = path.root
      throw new Error(`Unknown root ${never}`)
    }
  }
}

/** The types that the site's expression can yield, if it is a path or a constant. */
function typeOfSite(site: ExpressionSite, known: Known): ReadonlySet<JsonType> | undefined {
  const path = site.paths.find(({ whole }) => whole)
  if (path) {
    const { value, fields } = startOf(path, site, known)
    const at = fields.reduce<Typed | undefined>((here, { name }) => {
      const field = here && fieldOf(here, name)
      return field?.found === 'yes' ? field.value : undefined
    }, value)
    return at && typesOf(at)
  }
  const constant = constantOf(site)
  return constant === undefined ? undefined : new Set([typeOf(constant.value)])
}

/** The value of an expression that reads nothing; undefined when it has none. */
function constantOf({ source, reads, paths }: ExpressionSite): { value: unknown } | undefined {
  const readsNothing =
    paths.length === 0 && !reads.index && !reads.wholeSteps && reads.unknown.length === 0
  if (!readsNothing || CHANGING.test(source)) return undefined
  const parsed = parseExpression(source)
  if (!parsed.ok) return undefined
  const saga = { id: '', name: '', ventureId: null, startedAt: 0 }
  try {
    const value = parsed.expression.evaluate({ input: null, steps: {}, saga, now: 0 })
    return value === undefined ? undefined : { value }
  } catch {
    // it fails in every run, which the run says with the place
    return undefined
  }
}

// ── fields that are read ──

interface Place {
  site: ExpressionSite
  step: GraphStep
  known: Known
  context: RuleContext
}

function judgePath(path: FieldPath, { site, step, known, context }: Place): Issue[] {
  const start = startOf(path, site, known)
  let { value, words } = start
  for (const field of start.fields) {
    if (!value) return []
    const answer = fieldOf(value, field.name)
    if (answer.found === 'unknown') return []
    if (answer.found === 'yes') {
      value = answer.value
      words += `.${field.name}`
      continue
    }
    const read = `${context.name(site.step)} reads ${words}.${field.name} in ${site.where}`
    if (answer.found === 'scalar')
      return [
        stepIssue(step, {
          at: site.at,
          code: 'fields/no-fields',
          severity: 'error',
          message: `${read}, and ${words} is a ${answer.type}, which has no fields.`,
          hint: `Read ${words} itself.`,
        }),
      ]
    if (!answer.closed && asks(site.source, `${words}.${field.name}`)) return []
    const guess = closest(field.name, answer.names)
    return [
      stepIssue(step, {
        at: site.at,
        code: 'fields/unknown',
        severity: answer.closed ? 'error' : 'warning',
        message: answer.closed
          ? `${read}, and ${words} has no such field.`
          : `${read}, which the schema of ${words} does not list.`,
        hint: guess === undefined ? listed(words, answer.names) : `Did you mean ${words}.${guess}?`,
        fixes: guess === undefined ? [] : [rename(site, field, `${words}.${guess}`, guess)],
      }),
    ]
  }
  return []
}

/** The author knows that it may be missing. */
function asks(source: string, words: string): boolean {
  return source.replaceAll(/\s/g, '').includes(`$exists(${words}`)
}

function listed(words: string, names: readonly string[]): string {
  if (names.length === 0) return `${words} has no fields.`
  const more = names.length > NAMED_MAX ? ', …' : ''
  return `${words} has ${names.slice(0, NAMED_MAX).join(', ')}${more}.`
}

function rename(site: ExpressionSite, field: StepReference, words: string, to: string): Fix {
  const name = /^[A-Za-z_]\w*$/.test(to) ? to : `\`${to}\``
  return {
    title: `Read ${words}`,
    commands: [{ type: 'setStep', id: site.step, path: site.at, value: site.renamed(field, name) }],
  }
}

// ── conditions ──

function judgeCondition(site: ExpressionSite, step: GraphStep, context: RuleContext): Issue[] {
  const choice = step.step
  if (choice.type !== 'choice' || site.at[0] !== 'branches') return []
  const constant = constantOf(site)
  if (!constant) return []
  const { value } = constant
  const holds = typeof value === 'object' ? value !== null : Boolean(value)
  // the last branch says `true` for "in all other cases"
  const isLast = site.at[1] === choice.branches.length - 1 && choice.otherwise === undefined
  if (holds && isLast) return []
  return [
    stepIssue(step, {
      at: site.at,
      code: 'fields/constant-condition',
      severity: 'warning',
      message: `${context.name(site.step)} decides by ${site.where}, which is ${holds ? 'always' : 'never'} true.`,
      hint: 'Let the condition read the input or the output of a step, or remove the branch.',
    }),
  ]
}

// ── what calls send ──

interface Call {
  operation: Declared
  participant: string
  /** The mapping, and where it stands in the step. */
  mapping: unknown
  at: readonly (string | number)[]
  what: string
}

interface Sent {
  site: ExpressionSite
  type: ReadonlySet<JsonType> | undefined
}

function callsOf({ step }: GraphStep, known: Known): Call[] {
  if (step.type !== 'action') return []
  const { compensation } = step
  const forward = known.operation(step.participant, step.operation)
  const back =
    compensation &&
    known.operation(compensation.participant ?? step.participant, compensation.operation)
  return [
    ...(forward
      ? [
          {
            operation: forward,
            participant: step.participant,
            mapping: step.input,
            at: ['input'],
            what: 'its input',
          },
        ]
      : []),
    // without an input of its own, a compensation is sent the output of its step
    ...(back && compensation.input !== undefined
      ? [
          {
            operation: back,
            participant: compensation.participant ?? step.participant,
            mapping: compensation.input,
            at: ['compensation', 'input'],
            what: 'the input of its compensation',
          },
        ]
      : []),
  ]
}

interface Caller {
  step: GraphStep
  sent: readonly Sent[]
  known: Known
  context: RuleContext
}

function judgeCall(call: Call, caller: Caller): Issue[] {
  const { mapping } = call
  const takes = typed(call.operation.input)
  // one expression yields the whole input: its fields are not known before it runs
  if (!takes || typeof mapping === 'string') return []
  const given = (mapping ?? {}) as Record<string, unknown>
  return [
    ...requiredOf(takes)
      .filter((name) => !Object.hasOwn(given, name))
      .map((name) => missing(name, call, caller)),
    ...Object.keys(given).flatMap((name) => judgeArgument(name, given[name], takes, call, caller)),
  ]
}

function missing(name: string, call: Call, { step, known, context }: Caller): Issue {
  const { operation, participant, at, what } = call
  const source = known.input && fieldOf(known.input, name).found === 'yes' ? `input.${name}` : null
  return stepIssue(step, {
    at: call.mapping === undefined ? [...at.slice(0, -1)] : [...at],
    code: 'fields/argument-missing',
    severity: 'warning',
    message: `${context.name(step.id)} does not send ${quote(name)} in ${what}, which ${participant}.${operation.name} requires.`,
    hint: source === null ? `Add ${name} to ${what}.` : `Did you mean to send ${source}?`,
    fixes:
      source === null
        ? []
        : [
            {
              title: `Send ${source}`,
              commands: [
                call.mapping === undefined
                  ? { type: 'setStep', id: step.id, path: [...at], value: { [name]: source } }
                  : { type: 'setStep', id: step.id, path: [...at, name], value: source },
              ],
            },
          ],
  })
}

function judgeArgument(
  name: string,
  value: unknown,
  takes: Typed,
  call: Call,
  { step, sent, context }: Caller,
): Issue[] {
  const { operation, participant, what } = call
  const at = [...call.at, name]
  const who = context.name(step.id)
  const target = `${participant}.${operation.name}`
  const field = fieldOf(takes, name)
  if (field.found === 'no' && field.closed) {
    const guess = closest(name, field.names)
    return [
      stepIssue(step, {
        at,
        code: 'fields/argument-unknown',
        severity: 'warning',
        message: `${who} sends ${quote(name)} in ${what}, which ${target} does not take.`,
        hint: guess === undefined ? listed(target, field.names) : `Did you mean ${guess}?`,
        fixes:
          guess === undefined
            ? []
            : [
                {
                  title: `Send it as ${guess}`,
                  commands: [
                    { type: 'setStep', id: step.id, path: [...call.at, guess], value },
                    { type: 'setStep', id: step.id, path: at },
                  ],
                },
              ],
      }),
    ]
  }
  const wanted = field.found === 'yes' && field.value ? typesOf(field.value) : undefined
  const yields =
    typeof value === 'string'
      ? sent.find(({ site }) => samePlace(site.at, at))?.type
      : new Set([typeOf(value)])
  if (!wanted || !yields || [...yields].some((type) => wanted.has(type))) return []
  return [
    stepIssue(step, {
      at,
      code: 'fields/type-clash',
      severity: 'warning',
      message: `${who} sends a ${[...yields].join(' or ')} as ${quote(name)} in ${what}, and ${target} takes a ${[...wanted].join(' or ')}.`,
      hint: wanted.has('string')
        ? 'Turn it into a text with $string(…), or send another value.'
        : wanted.has('number')
          ? 'Turn it into a number with $number(…), or send another value.'
          : 'Send another value.',
    }),
  ]
}

// ── small things ──

function isPart(at: readonly (string | number)[]): boolean {
  return at[0] === 'input' || (at[0] === 'compensation' && at[1] === 'input')
}

function samePlace(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
  return a.length === b.length && a.every((part, n) => part === b[n])
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
