import type { Issue } from './issue'
import type { SagaDocument } from './schema'
export function validateInput(_d: SagaDocument, _i: unknown): Issue[] { return [] }
