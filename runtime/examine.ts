/**
 * The examiner's work itself, on whatever thread it is called.
 */
import { compileSaga, digestDocument } from './compiler/compile'
import type { Examined, Examiner } from './definition/examiner'
import { hasErrors } from './definition/issue'
import type { SagaDocument } from './definition/schema'
import { validateInput } from './definition/validate-input'
import { verify } from './verifier/verify'

/** Verifies and, when that finds no error, compiles: what cannot be compiled is never published. */
export function examine(document: SagaDocument): Examined {
  const issues = verify(document)
  const digest = digestDocument(document)
  if (!hasErrors(issues)) compileSaga(document, digest)
  return { issues, digest }
}

/** On the caller's own thread: for hosts whose authors are trusted, scripts and tests. */
export const inlineExaminer: Examiner = {
  examine: async (document) => examine(document),
  validateInput: async (document, input) => validateInput(document, input),
}
