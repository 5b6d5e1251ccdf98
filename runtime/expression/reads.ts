/**
 * What an expression reads, told from its syntax alone: for the verifier's data flow, for renaming a step, for the
 * editor's marks. It may say more than an evaluation really reads, never less.
 *
 * 1. Names are roots only where the context is the scope itself: inside a filter or behind a dot they are fields.
 * 2. A step is named only by `steps.<name>` or `$lookup(steps, "<name>")`; every other use of `steps` is `wholeSteps`.
 */
import { type SyntaxNode, walkSyntax } from './syntax'

export interface Reads {
  input: boolean
  /** The fields of the input that are read, in order of first use; null when it is used without a static name. */
  inputFields: string[] | null
  /** Ids of the steps whose output is read, in order of first use. */
  steps: string[]
  saga: boolean
  item: boolean
  index: boolean
  output: boolean
  /** Steps are used without a static name, so any step's output may be read. */
  wholeSteps: boolean
  /** Root names that are none of the scope's; they always yield nothing. */
  unknown: { name: string; position: number }[]
}

/** One place in the source where a name (of a step, or a field) is written, quotes included. */
export interface StepReference {
  name: string
  start: number
  end: number
}

/**
 * Fields read one behind the other from a root of the scope: `steps.charge.amount` is the root `steps` with the fields
 * `charge` and `amount`. It ends before whatever is no plain name.
 */
export interface FieldPath {
  root: 'input' | 'item' | 'output' | 'saga' | 'steps'
  fields: readonly StepReference[]
  /** The whole expression is this path. */
  whole: boolean
  /** It ends in `[]`, or has it somewhere: its result is always a list. */
  isList: boolean
}

/** Places where JSONata does what nobody means who writes them. */
export interface Trap {
  kind: 'text-filter' | 'big-number'
  /** The filter with its brackets, or the number. */
  start: number
  end: number
  /** The text of the filter, or the number as it is read. */
  value: string
}

export function emptyReads(): Reads {
  return {
    input: false,
    inputFields: [],
    steps: [],
    saga: false,
    item: false,
    index: false,
    output: false,
    wholeSteps: false,
    unknown: [],
  }
}

/** Adds what `more` reads to `reads`. */
export function addReads(reads: Reads, more: Reads): void {
  reads.input ||= more.input
  reads.saga ||= more.saga
  reads.item ||= more.item
  reads.index ||= more.index
  reads.output ||= more.output
  reads.wholeSteps ||= more.wholeSteps
  reads.inputFields =
    reads.inputFields && more.inputFields
      ? [...new Set([...reads.inputFields, ...more.inputFields])]
      : null
  for (const step of more.steps) if (!reads.steps.includes(step)) reads.steps.push(step)
  reads.unknown.push(...more.unknown)
}

export function readsOf(
  root: SyntaxNode,
  source: string,
): { reads: Reads; references: StepReference[]; paths: FieldPath[]; traps: Trap[] } {
  const analysis: Analysis = { source, root, reads: emptyReads(), references: [], paths: [] }
  visit(root, true, analysis)
  analysis.references.sort((a, b) => a.start - b.start)
  const { reads, references, paths } = analysis
  return { reads, references, paths, traps: trapsIn(root, source) }
}

function trapsIn(root: SyntaxNode, source: string): Trap[] {
  const traps: Trap[] = []
  walkSyntax(root, (node) => {
    if (node.type === 'number' && Math.abs(Number(node.value)) > Number.MAX_SAFE_INTEGER) {
      const end = node.position ?? 0
      const start = end - (/[\d.eE+]*$/.exec(source.slice(0, end))?.[0].length ?? 0)
      traps.push({ kind: 'big-number', start, end, value: String(node.value) })
    }
    for (const { expr } of [...(node.predicate ?? []), ...(node.stages ?? [])]) {
      if (expr?.type !== 'string') continue
      const place = placeOf(expr, source)
      const start = source.lastIndexOf('[', place.start)
      const end = source.indexOf(']', place.end) + 1
      if (start >= 0 && end > 0)
        traps.push({ kind: 'text-filter', start, end, value: String(expr.value) })
    }
  })
  return traps.sort((a, b) => a.start - b.start)
}

interface Analysis {
  source: string
  root: SyntaxNode
  reads: Reads
  references: StepReference[]
  paths: FieldPath[]
}

/** `atRoot`: the node is evaluated with the scope itself as its context. */
function visit(node: SyntaxNode, atRoot: boolean, analysis: Analysis): void {
  switch (node.type) {
    case 'path':
      visitPath(node, atRoot, analysis)
      break
    case 'variable':
      if (node.value === '$' || (node.value === '' && atRoot)) readEverything(analysis)
      break
    case 'wildcard':
    case 'descendant':
      if (atRoot) readEverything(analysis)
      break
    case 'parent':
      readEverything(analysis)
      break
    case 'function':
    case 'partial':
      if (!visitLookup(node, atRoot, analysis)) {
        for (const argument of node.arguments ?? []) visit(argument, atRoot, analysis)
      }
      if (node.procedure) visit(node.procedure, atRoot, analysis)
      break
    case 'transform':
      // Evaluated on the value it is applied to, which may be the scope.
      for (const part of [node.pattern, node.update, node.delete]) {
        if (part) visit(part, false, analysis)
      }
      break
    default: {
      if (Array.isArray(node.lhs)) {
        for (const part of node.lhs.flat()) visit(part, atRoot, analysis)
      } else if (node.lhs) visit(node.lhs, atRoot, analysis)
      for (const part of [
        node.rhs,
        node.expression,
        node.condition,
        node.then,
        node.else,
        node.body,
        ...(node.expressions ?? []),
      ]) {
        if (part) visit(part, atRoot, analysis)
      }
    }
  }
  visitBehind(node, analysis)
}

/** Filters, groups and sort terms: their context is each item, not the scope. */
function visitBehind(node: SyntaxNode, analysis: Analysis): void {
  for (const stage of [...(node.predicate ?? []), ...(node.stages ?? [])]) {
    if (stage.expr) visit(stage.expr, false, analysis)
  }
  for (const part of node.group?.lhs.flat() ?? []) visit(part, false, analysis)
  for (const term of node.terms ?? []) visit(term.expression, false, analysis)
}

function visitPath(path: SyntaxNode, atRoot: boolean, analysis: Analysis): void {
  let isRoot = atRoot
  const steps = path.steps ?? []
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as SyntaxNode
    const isScope =
      step.type === 'variable' && (step.value === '$' || (step.value === '' && isRoot))
    if (isScope && steps[i + 1]?.type === 'name' && !step.predicate && !step.stages) {
      isRoot = true
      continue
    }
    if (step.type === 'name') {
      if (isRoot) addPath(path, i, analysis)
      if (isRoot && visitRootName(step, steps[i + 1], analysis)) {
        visitBehind(step, analysis)
        i++
        visitBehind(steps[i] as SyntaxNode, analysis)
      } else visitBehind(step, analysis)
    } else visit(step, isRoot, analysis)
    isRoot = false
  }
}

const PATH_ROOTS: readonly string[] = ['input', 'item', 'output', 'saga', 'steps']

/** `at` is where the path names a root. A filter keeps what it filters, so fields behind it belong to the path. */
function addPath(path: SyntaxNode, at: number, { source, root, paths }: Analysis): void {
  const steps = path.steps ?? []
  const name = String(steps[at]?.value)
  if (!PATH_ROOTS.includes(name)) return
  const fields: StepReference[] = []
  let behind = at + 1
  for (; behind < steps.length && !steps[behind - 1]?.group; behind++) {
    const step = steps[behind] as SyntaxNode
    if (step.type !== 'name') break
    fields.push(placeOf(step, source))
  }
  const plain = steps.every((step) => !step.stages && !step.predicate && !step.group)
  paths.push({
    root: name as FieldPath['root'],
    fields,
    whole: path === root && behind === steps.length && plain && !path.group,
    isList: path.keepSingletonArray === true,
  })
}

/** True when the next step of the path was used up, being a step's id. */
function visitRootName(
  step: SyntaxNode,
  following: SyntaxNode | undefined,
  analysis: Analysis,
): boolean {
  const { reads } = analysis
  const name = String(step.value)
  switch (name) {
    case 'input':
      reads.input = true
      addInputField(step, following, analysis)
      return false
    case 'saga':
    case 'item':
    case 'index':
    case 'output':
      reads[name] = true
      return false
    case 'steps':
      if (following?.type === 'name' && !step.predicate && !step.stages) {
        addReference(following, analysis)
        return true
      }
      reads.wholeSteps = true
      return false
    default:
      reads.unknown.push({ name, position: Math.max(0, (step.position ?? 0) - name.length) })
      return false
  }
}

function addInputField(
  step: SyntaxNode,
  following: SyntaxNode | undefined,
  { reads }: Analysis,
): void {
  // a filter, group or bound variable may look at all of it
  const { predicate, stages, group, focus, index } = step
  const isPlain = !predicate && !stages && !group && focus === undefined && index === undefined
  const isStatic = following?.type === 'name' && isPlain
  if (!isStatic) reads.inputFields = null
  else if (reads.inputFields && !reads.inputFields.includes(String(following.value)))
    reads.inputFields.push(String(following.value))
}

/** `$lookup(steps, "name")` reads one step, whatever characters its id has. */
function visitLookup(node: SyntaxNode, atRoot: boolean, analysis: Analysis): boolean {
  const [from, key] = node.arguments ?? []
  if (!atRoot || node.procedure?.type !== 'variable' || node.procedure.value !== 'lookup') {
    return false
  }
  const first = from?.type === 'path' && from.steps?.length === 1 ? from.steps[0] : undefined
  if (first?.type !== 'name' || first.value !== 'steps' || first.stages || first.predicate) {
    return false
  }
  if (key?.type !== 'string') return false
  addReference(key, analysis)
  return true
}

function addReference(token: SyntaxNode, analysis: Analysis): void {
  const place = placeOf(token, analysis.source)
  if (!analysis.reads.steps.includes(place.name)) analysis.reads.steps.push(place.name)
  analysis.references.push(place)
}

/** Where a name or text is written, quotes included. */
function placeOf(token: SyntaxNode, source: string): StepReference {
  const name = String(token.value)
  const end = token.position ?? 0
  const bare = end - name.length
  if (source.slice(bare, end) === name) return { name, start: bare, end }
  // Quoted: the position is behind the closing quote. An escape inside makes the token longer than its value.
  const quote = source[end - 1] ?? '"'
  let start = end - 2
  while (start > 0 && !(source[start] === quote && source[start - 1] !== '\\')) start--
  return { name, start, end }
}

function readEverything(analysis: Analysis): void {
  const { reads } = analysis
  reads.input = true
  reads.inputFields = null
  reads.saga = true
  reads.wholeSteps = true
}
