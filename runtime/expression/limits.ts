/**
 * Bounds of one expression and of one evaluation. They count work and size, never time, so that an evaluation that is
 * refused once is refused on every machine and in every replay. Hitting one is an `ExpressionError` that names it.
 */
export const EXPRESSION_LIMITS = {
  /** Characters of one source. */
  sourceLength: 10_000,
  /** Units of work of one evaluation: one per node, more for large intermediate values. About 0.3 s at worst. */
  work: 200_000,
  /** Nesting while evaluating; a recursive function reaches it first. */
  depth: 200,
  /** Nesting of the syntax tree. */
  syntaxDepth: 150,
  /** Elements of one array on the way. */
  items: 100_000,
  /** Characters of one text on the way. */
  textLength: 1_000_000,
  /** Characters of the result, written as JSON. */
  resultLength: 1_000_000,
  /** Nesting of the result. */
  resultDepth: 100,
  /** Compiled expressions kept, least recently used first out. */
  cached: 5_000,
} as const
