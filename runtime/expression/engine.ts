/**
 * JSONata behind one door. Version 1.8.9 is pinned because it is the last that evaluates synchronously, and `decide`
 * must be synchronous.
 *
 * 1. Bounded: every node is counted by JSONata's entry and exit hooks; see meter.ts, built-ins.ts, linear-regex.ts.
 * 2. Deterministic: time is the scope's `now`; chance and the machine's time zone are out of reach.
 * 3. The data evaluated on is never changed. JSONata marks arrays (`[]`) and puts something into empty ones (group-by,
 *    and `{…}` with such an array as its context); expressions that may do so get a copy.
 * 4. What could switch the hooks off, change built-ins or call data as if it were code is refused.
 */
import jsonata from 'jsonata'
import { BUILT_IN_FUNCTIONS, REFUSED_FUNCTIONS, registerBuiltIns } from './built-ins'
import { ExpressionError, isExpressionError } from './expression-error'
import { EXPRESSION_LIMITS } from './limits'
import { chargeRegexSearches, compileRegex, LinearRegex } from './linear-regex'
import { meter } from './meter'
import { looksLikeFunction, toPlain } from './plain'
import { type SyntaxNode, walkSyntax } from './syntax'

/** What is wrong with a source; `position` is an offset in it. */
export interface SyntaxProblem {
  message: string
  position: number
}

export interface Program {
  syntax: SyntaxNode
  /** Evaluates on a root object; throws ExpressionError. The result is fresh plain JSON or undefined. */
  run(root: Record<string, unknown>, now: number): unknown
}

chargeRegexSearches((characters) => meter.charge(1 + (characters >> 2)))

/** Compiles a source, or says what is wrong with it. */
export function createProgram(source: string): Program | SyntaxProblem {
  let expression: jsonata.Expression
  let syntax: SyntaxNode
  try {
    expression = compileJsonata(source, { RegexEngine: LinearRegex })
    syntax = expression.ast() as SyntaxNode
  } catch (error) {
    return describeSyntaxError(error, source)
  }
  const survey = surveySyntax(syntax)
  if (survey.problem) return survey.problem
  registerBuiltIns(expression, survey.variables)
  expression.assign('__evaluate_entry', enterNode)
  expression.assign(
    '__evaluate_exit',
    (node: SyntaxNode, _input: unknown, _env: unknown, value: unknown) =>
      leaveNode(node, value, survey),
  )
  return {
    syntax,
    run(root, now) {
      meter.start(source, now)
      survey.rangeStarts.length = 0
      try {
        const data = survey.marksData ? toPlain(root, source) : root
        // Another user of this package may have set the engine, which JSONata keeps in one place for all.
        ;(jsonata as unknown as { RegexEngine: unknown }).RegexEngine = LinearRegex
        return toPlain(expression.evaluate(data, {}), source)
      } catch (error) {
        throw describeEvaluationError(error, source)
      }
    },
  }
}

/** The package's types lack the options. */
const compileJsonata = jsonata as unknown as (
  source: string,
  options: { RegexEngine: unknown },
) => jsonata.Expression

interface Survey {
  problem?: SyntaxProblem
  /** Names of variables and functions used. */
  variables: Set<string>
  /** Evaluating sets marks on the data's arrays, so it gets a copy. */
  marksData: boolean
  /** Nodes whose value is gone through wholly by the operator above. */
  comparedWhole: Set<SyntaxNode>
  /** Nodes whose value is about to be called. */
  called: Set<SyntaxNode>
  rangeFirst: Set<SyntaxNode>
  rangeLast: Set<SyntaxNode>
  /** First values of the ranges under evaluation, innermost last. */
  rangeStarts: unknown[]
}

function surveySyntax(root: SyntaxNode): Survey {
  const survey: Survey = {
    variables: new Set(),
    marksData: false,
    comparedWhole: new Set(),
    called: new Set(),
    rangeFirst: new Set(),
    rangeLast: new Set(),
    rangeStarts: [],
  }
  let buildsObjects = false
  let hasOtherContext = false
  const bound = new Set<string>()
  const used: SyntaxNode[] = []
  const report = (message: string, position = 0) => {
    if (!survey.problem || position < survey.problem.position)
      survey.problem = { message, position }
  }
  walkSyntax(root, (node, depth) => {
    if (depth > EXPRESSION_LIMITS.syntaxDepth) {
      report(`The expression nests deeper than ${EXPRESSION_LIMITS.syntaxDepth} levels`)
    }
    const start = startOf(node)
    if (node.group || node.keepSingletonArray) survey.marksData = true
    if (node.type === 'unary' && node.value === '{') buildsObjects = true
    if (changesContext(node)) hasOtherContext = true
    for (const name of [node.focus, node.index]) if (name !== undefined) bound.add(name)
    for (const stage of node.stages ?? []) if (stage.value !== undefined) bound.add(stage.value)
    switch (node.type) {
      case 'variable':
        survey.variables.add(String(node.value))
        used.push(node)
        break
      case 'bind':
        if (node.lhs && !Array.isArray(node.lhs)) bound.add(String(node.lhs.value))
        break
      case 'lambda':
        for (const parameter of node.arguments ?? []) bound.add(String(parameter.value))
        // A signature is matched by a regular expression made from it, which can be made to hang.
        if (node.signature !== undefined) report('A function may not declare a signature', start)
        break
      case 'regex':
        try {
          compileRegex(node.value as RegExp)
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error)
          report(`This regular expression is not supported: ${reason}`, start)
        }
        break
      case 'transform':
        report('The |…|…| operator is not available; build the object with $merge', start)
        break
      case 'function':
      case 'partial':
        if (node.procedure?.type === 'path') {
          const name = String(node.procedure.steps?.at(-1)?.value ?? '')
          report(`Functions are called with a $: $${name}(…)`, startOf(node.procedure))
        } else if (node.procedure) survey.called.add(node.procedure)
        break
      case 'binary':
        if (!node.lhs || Array.isArray(node.lhs) || !node.rhs) break
        if (node.value === '=' || node.value === '!=' || node.value === '&') {
          survey.comparedWhole.add(node.lhs).add(node.rhs)
        } else if (node.value === '..') {
          survey.rangeFirst.add(node.lhs)
          survey.rangeLast.add(node.rhs)
        }
        break
    }
  })
  if (buildsObjects && hasOtherContext) survey.marksData = true
  for (const name of bound) if (name.startsWith('__')) report(`The name $${name} is reserved`)
  for (const node of used) {
    const name = String(node.value)
    const start = startOf(node)
    const refusal = Object.hasOwn(REFUSED_FUNCTIONS, name) ? REFUSED_FUNCTIONS[name] : undefined
    if (refusal) report(`$${name} is not available. ${refusal}`, start)
    else if (name.startsWith('__')) report(`The name $${name} is reserved`, start)
    else if (name !== '' && name !== '$' && !bound.has(name) && !BUILT_IN_FUNCTIONS.has(name)) {
      report(`There is no function or variable $${name}`, start)
    }
  }
  return survey
}

/** True when something is evaluated with another context than the scope itself: in a filter, a sort, behind a dot. */
function changesContext(node: SyntaxNode): boolean {
  const isFiltered = [...(node.predicate ?? []), ...(node.stages ?? [])].length > 0
  const behindDot = node.type === 'path' ? (node.steps ?? []).slice(1) : []
  return isFiltered || node.terms !== undefined || behindDot.some((step) => step.type !== 'name')
}

/** Where a node's token starts, as far as its position tells. */
function startOf(node: SyntaxNode): number {
  const end = node.position ?? node.steps?.[0]?.position ?? 0
  const value = node.type === 'path' ? node.steps?.[0]?.value : node.value
  const length = typeof value === 'string' ? value.length : 1
  return Math.max(0, end - length - (node.type === 'variable' ? 1 : 0))
}

function enterNode(_node: SyntaxNode, _input: unknown, environment: { timestamp: Date }): void {
  if (meter.depth === 0) environment.timestamp = new Date(meter.now)
  meter.enter()
}

function leaveNode(node: SyntaxNode, value: unknown, survey: Survey): void {
  meter.leave()
  meter.weigh(value)
  if (looksLikeFunction(value) && !isFunction(value)) {
    throw new ExpressionError(
      'REFUSED',
      'Data that looks like a function is not allowed',
      meter.source,
    )
  }
  if (survey.called.has(node) && !looksLikeFunction(value)) {
    throw new ExpressionError('T1006', 'Only a function can be called', meter.source, node.position)
  }
  if (survey.comparedWhole.has(node)) meter.weighDeep(value)
  if (survey.rangeFirst.has(node)) survey.rangeStarts.push(value)
  if (survey.rangeLast.has(node)) {
    const first = survey.rangeStarts.pop()
    if (Number(value) - Number(first) >= EXPRESSION_LIMITS.items) {
      meter.refuse(`A range has more than ${EXPRESSION_LIMITS.items} numbers`)
    }
  }
}

/** True for JSONata's own functions; JSON data cannot hold what is asked for here. */
function isFunction(value: unknown): boolean {
  if (typeof value === 'function') return true
  const { implementation, environment } = value as {
    implementation?: unknown
    environment?: { lookup?: unknown }
  }
  return typeof implementation === 'function' || typeof environment?.lookup === 'function'
}

function describeSyntaxError(error: unknown, source: string): SyntaxProblem {
  if (error instanceof RangeError)
    return { message: 'The expression nests too deeply', position: 0 }
  const { message, position, token } = fieldsOf(error)
  if (position >= source.length && /Unexpected end|Expected/.test(message)) {
    return { message, position: source.length }
  }
  return { message, position: Math.max(0, Math.min(position, source.length) - token.length) }
}

function describeEvaluationError(error: unknown, source: string): ExpressionError {
  if (isExpressionError(error)) {
    if (typeof error.position !== 'number') error.position = 0
    error.source = source
    return error
  }
  if (error instanceof RangeError) {
    return new ExpressionError('LIMIT_EXCEEDED', 'A text or a recursion grew too large', source)
  }
  const { code, message, position } = fieldsOf(error)
  return new ExpressionError(code, message, source, position)
}

/** JSONata throws plain objects. */
function fieldsOf(error: unknown): {
  code: string
  message: string
  position: number
  token: string
} {
  const { code, message, position, token } = error as Record<string, unknown>
  return {
    code: typeof code === 'string' ? code : 'FAILED',
    message: typeof message === 'string' ? message : 'The expression could not be evaluated',
    position: typeof position === 'number' ? position : 0,
    token: typeof token === 'string' ? token : '',
  }
}
