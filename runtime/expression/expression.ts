/**
 * An expression of a saga: compiled once per source, evaluated synchronously, bounded and deterministic on a scope.
 *
 * 1. The same source and scope give the same value or the same error, on any machine and in any replay.
 * 2. The scope is never changed; a result may share parts with it and is to be treated as immutable.
 * 3. A result is plain JSON, or `undefined` for nothing.
 *
 * What is bounded and refused, and why, is in engine.ts; what an expression reads is in reads.ts.
 */
import { SagaError } from '../errors'
import { createProgram } from './engine'
import { EXPRESSION_LIMITS } from './limits'
import { toPlain } from './plain'
import { type FieldPath, type Reads, readsOf, type StepReference, type Trap } from './reads'
import { createShortcut, UNSURE } from './shortcut'

export { ExpressionError, isExpressionError } from './expression-error'
export type { FieldPath, Reads, StepReference, Trap } from './reads'

/** What expressions see. `now` is not a name: it is what `$now()` and `$millis()` tell, in ms since the epoch. */
export interface Scope {
  input: unknown
  steps: Record<string, unknown>
  saga: { id: string; name: string; ventureId: string | null; startedAt: string | number }
  item?: unknown
  index?: number | undefined
  output?: unknown
  now: number
}

export interface CompiledExpression {
  source: string
  /** Throws ExpressionError. */
  evaluate(scope: Scope): unknown
  reads: Reads
  /** Where the source names steps, in ascending order. */
  stepReferences: readonly StepReference[]
  /** Paths of fields from the scope's roots. */
  fieldPaths: readonly FieldPath[]
  /** What nobody means who writes it. */
  traps: readonly Trap[]
}

export type ParsedExpression =
  | { ok: true; expression: CompiledExpression }
  | { ok: false; message: string; position: number }

/** Throws SagaError INVALID_DEFINITION when the source is not an expression. */
export function compileExpression(source: string): CompiledExpression {
  const parsed = parseExpression(source)
  if (parsed.ok) return parsed.expression
  throw new SagaError(
    'INVALID_DEFINITION',
    `The expression ${JSON.stringify(source)} is wrong at character ${parsed.position + 1}: ${parsed.message}`,
    { source, position: parsed.position },
  )
}

const cache = new Map<string, ParsedExpression>()

/** Never throws; results are kept by source, the bound is EXPRESSION_LIMITS.cached. */
export function parseExpression(source: string): ParsedExpression {
  const known = cache.get(source)
  if (known) {
    // The newest use goes last, so the first is the one unused longest.
    cache.delete(source)
    cache.set(source, known)
    return known
  }
  const parsed = parse(source)
  cache.set(source, parsed)
  if (cache.size > EXPRESSION_LIMITS.cached) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest)
      break
    }
  }
  return parsed
}

function parse(source: string): ParsedExpression {
  if (source.length > EXPRESSION_LIMITS.sourceLength) {
    return {
      ok: false,
      message: `An expression may have ${EXPRESSION_LIMITS.sourceLength} characters`,
      position: EXPRESSION_LIMITS.sourceLength,
    }
  }
  if (source.trim() === '') return { ok: false, message: 'The expression is empty', position: 0 }
  const program = createProgram(source)
  if ('message' in program) return { ok: false, ...program }
  const shortcut = createShortcut(program.syntax)
  const { reads, references, paths, traps } = readsOf(program.syntax, source)
  return {
    ok: true,
    expression: {
      source,
      reads,
      stepReferences: references,
      fieldPaths: paths,
      traps,
      evaluate(scope) {
        const root = rootOf(scope)
        const value = shortcut ? shortcut(root) : UNSURE
        if (value === UNSURE) return program.run(root, scope.now)
        return toPlain(value, source)
      },
    },
  }
}

/** The names of the scope that have a value; an absent one must not look like a field without a value. */
function rootOf(scope: Scope): Record<string, unknown> {
  const root: Record<string, unknown> = { input: scope.input, steps: scope.steps, saga: scope.saga }
  if (scope.item !== undefined) root.item = scope.item
  if (scope.index !== undefined) root.index = scope.index
  if (scope.output !== undefined) root.output = scope.output
  return root
}
