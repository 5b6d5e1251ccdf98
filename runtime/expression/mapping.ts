/**
 * Mappings and templates: expressions inside data and inside text.
 *
 * - A mapping is one expression that yields the whole value, or an object in which every text is an expression and
 *   every other JSON value is itself, at any depth. What yields nothing is left out of objects and is null in lists.
 * - A template is text with expressions in braces; `{{` and `}}` are the braces themselves.
 */
import type { Mapping } from '../definition/schema'
import { SagaError } from '../errors'
import { type CompiledExpression, compileExpression, type Reads, type Scope } from './expression'
import { addReads, emptyReads } from './reads'

export interface CompiledMapping {
  /** Throws ExpressionError. */
  evaluate(scope: Scope): unknown
  reads: Reads
  /** Each expression with its keys and indexes inside the mapping; `[]` when the mapping is one expression. */
  expressions: { path: string[]; source: string }[]
}

/** By the mapping itself: documents do not change. */
const compiled = new WeakMap<object, CompiledMapping>()

/** Throws SagaError INVALID_DEFINITION when an expression is wrong or a key is `__proto__`. */
export function compileMapping(mapping: Mapping): CompiledMapping {
  if (typeof mapping !== 'object' || mapping === null) return compile(mapping)
  let known = compiled.get(mapping)
  if (!known) {
    known = compile(mapping)
    compiled.set(mapping, known)
  }
  return known
}

function compile(mapping: Mapping): CompiledMapping {
  const expressions: { path: string[]; source: string }[] = []
  const reads = emptyReads()
  const evaluate = compilePart(mapping, [], (path, expression) => {
    expressions.push({ path, source: expression.source })
    addReads(reads, expression.reads)
  })
  return { evaluate, reads, expressions }
}

type Evaluate = (scope: Scope) => unknown

function compilePart(
  part: unknown,
  path: string[],
  found: (path: string[], expression: CompiledExpression) => void,
): Evaluate {
  if (typeof part === 'string') {
    const expression = compileExpression(part)
    found(path, expression)
    return (scope) => expression.evaluate(scope)
  }
  if (Array.isArray(part)) {
    const items = part.map((item, index) => compilePart(item, [...path, String(index)], found))
    return (scope) => items.map((item) => item(scope) ?? null)
  }
  if (typeof part === 'object' && part !== null) {
    const fields = Object.entries(part).map(([key, field]): [string, Evaluate] => {
      if (key === '__proto__') {
        throw new SagaError('INVALID_DEFINITION', 'A mapping may not hold the key __proto__')
      }
      return [key, compilePart(field, [...path, key], found)]
    })
    return (scope) => {
      const result: Record<string, unknown> = {}
      for (const [key, field] of fields) {
        const value = field(scope)
        if (value !== undefined) result[key] = value
      }
      return result
    }
  }
  return () => part
}

export interface CompiledTemplate {
  source: string
  /** Throws ExpressionError. Nothing is written as an empty text, lists and objects as JSON. */
  evaluate(scope: Scope): string
  reads: Reads
}

/** Throws SagaError INVALID_DEFINITION when a brace is open or an expression is wrong. */
export function compileTemplate(source: string): CompiledTemplate {
  const parsed = parseTemplate(source)
  if (!parsed.ok) {
    throw new SagaError(
      'INVALID_DEFINITION',
      `The text ${JSON.stringify(source)} is wrong at character ${parsed.position + 1}: ${parsed.message}`,
      { source, position: parsed.position },
    )
  }
  const reads = emptyReads()
  const parts = parsed.parts.map((part) => {
    if (typeof part === 'string') return part
    const expression = compileExpression(part.source)
    addReads(reads, expression.reads)
    return expression
  })
  return {
    source,
    reads,
    evaluate: (scope) =>
      parts
        .map((part) => (typeof part === 'string' ? part : textOf(part.evaluate(scope))))
        .join(''),
  }
}

export type ParsedTemplate =
  | { ok: true; parts: (string | { source: string; start: number })[] }
  | { ok: false; message: string; position: number }

/** Splits a template; the expressions themselves are not looked at. `start` is an offset in the template. */
export function parseTemplate(source: string): ParsedTemplate {
  const parts: (string | { source: string; start: number })[] = []
  let text = ''
  for (let at = 0; at < source.length; at++) {
    const char = source[at]
    if ((char === '{' || char === '}') && source[at + 1] === char) {
      text += char
      at++
    } else if (char === '}') {
      return {
        ok: false,
        message: 'A } without its {; write }} for the brace itself',
        position: at,
      }
    } else if (char === '{') {
      const end = closingBrace(source, at)
      if (end === -1) {
        return {
          ok: false,
          message: 'This { is never closed; write {{ for the brace',
          position: at,
        }
      }
      if (text !== '') parts.push(text)
      text = ''
      parts.push({ source: source.slice(at + 1, end), start: at + 1 })
      at = end
    } else text += char
  }
  if (text !== '') parts.push(text)
  return { ok: true, parts }
}

/** Offset of the brace that closes the one at `open`, past quoted texts and inner braces; -1 when there is none. */
function closingBrace(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at++) {
    const char = source[at] as string
    if (char === '{') depth++
    else if (char === '}') {
      if (--depth === 0) return at
    } else if (char === '"' || char === "'" || char === '`') {
      at++
      while (at < source.length && source[at] !== char) at += source[at] === '\\' ? 2 : 1
    }
  }
  return -1
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
