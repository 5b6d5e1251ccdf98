/**
 * The work on an author's document and a caller's input whose time depends on what they wrote. The runtime asks for it
 * through this port, so that a host may do it on a thread of its own, where it cannot hold up sagas.
 */
import type { Issue } from './issue'
import type { SagaDocument } from './schema'

export interface Examiner {
  /** All findings of a document, and its digest. Throws what compiling it throws, when it has no errors. */
  examine(document: SagaDocument): Promise<Examined>
  /** What of a start input does not fit; empty when it does. */
  validateInput(document: SagaDocument, input: unknown): Promise<Issue[]>
}

export interface Examined {
  issues: Issue[]
  digest: string
}
