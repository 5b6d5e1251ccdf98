/**
 * Plain JSON at the border of an evaluation: what leaves is made of fresh objects and arrays without JSONata's marks,
 * holds no function, no number that JSON cannot write, no key that could reach a prototype, and is bounded.
 */
import { ExpressionError } from './expression-error'
import { EXPRESSION_LIMITS } from './limits'

/** A copy of `value` as plain JSON; `undefined` stays `undefined` and is left out of objects. */
export function toPlain(value: unknown, source: string): unknown {
  if (value === undefined) return undefined
  return copy(value, { left: EXPRESSION_LIMITS.resultLength, source }, 0)
}

/** True for what JSONata takes for a function: real ones, and data that carries its marks. */
export function looksLikeFunction(value: unknown): boolean {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return false
  const marked = value as { _jsonata_function?: unknown; _jsonata_lambda?: unknown }
  return marked._jsonata_function === true || marked._jsonata_lambda === true
}

interface Budget {
  left: number
  source: string
}

function copy(value: unknown, budget: Budget, depth: number): unknown {
  if (depth > EXPRESSION_LIMITS.resultDepth) {
    throw new ExpressionError(
      'LIMIT_EXCEEDED',
      `The result is nested deeper than ${EXPRESSION_LIMITS.resultDepth} levels`,
      budget.source,
    )
  }
  switch (typeof value) {
    case 'string':
      spend(budget, value.length + 2)
      return value
    case 'boolean':
      spend(budget, 5)
      return value
    case 'number':
      if (!Number.isFinite(value)) {
        throw new ExpressionError('NOT_JSON', `The result is ${value}, not a number`, budget.source)
      }
      spend(budget, 8)
      // JSON has no negative zero: what is stored and what is replayed would differ.
      return value + 0
    case 'object':
      if (value === null) {
        spend(budget, 4)
        return null
      }
      break
  }
  if (typeof value !== 'object' || looksLikeFunction(value)) {
    throw new ExpressionError(
      'NOT_JSON',
      'The result holds a function; call it, or leave it out',
      budget.source,
    )
  }
  spend(budget, 2)
  if (Array.isArray(value)) {
    const items: unknown[] = []
    for (const item of value) {
      spend(budget, 1)
      items.push(item === undefined ? null : copy(item, budget, depth + 1))
    }
    return items
  }
  const result: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value as object)) {
    if (key === '__proto__') {
      throw new ExpressionError(
        'FORBIDDEN_KEY',
        'The result holds the key __proto__, which is not allowed',
        budget.source,
      )
    }
    if (field === undefined) continue
    spend(budget, key.length + 4)
    result[key] = copy(field, budget, depth + 1)
  }
  return result
}

function spend(budget: Budget, length: number): void {
  budget.left -= length
  if (budget.left < 0) {
    throw new ExpressionError(
      'LIMIT_EXCEEDED',
      `The result is longer than ${EXPRESSION_LIMITS.resultLength} characters of JSON`,
      budget.source,
    )
  }
}
