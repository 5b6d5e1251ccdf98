/**
 * Why an evaluation failed. It is a fact about the saga's data (a step fails with it), not misuse of the runtime, hence
 * not a SagaError. The fields are writable because JSONata adds the operator's position to errors that pass through it.
 */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** A JSONata code such as `T2001`, or one of ours: `LIMIT_EXCEEDED`, `NOT_JSON`, `FORBIDDEN_KEY`, `REFUSED`. */
  code: string
  source: string
  /** Offset in the source near which it went wrong. */
  position: number

  constructor(code: string, message: string, source: string, position = 0) {
    super(message)
    this.code = code
    this.source = source
    this.position = position
  }
}

/** True for an ExpressionError, also one made by another bundle's copy of this module. */
export function isExpressionError(error: unknown): error is ExpressionError {
  return error instanceof Error && error.name === 'ExpressionError'
}
