/**
 * Sagawright's runtime, embeddable in any Node process: the public API and nothing else.
 */
export { type CompiledSaga, compileSaga, digestDocument } from './compiler/compile'
export { type CallbackTokens, createRuntime, type RuntimeOptions } from './create-runtime'
export type { DefinitionStore } from './definition/definition-store'
export { createMemoryDefinitionStore } from './definition/memory-definition-store'
export { parseDefinition } from './definition/parse'
export type { Layout, SagaDocument } from './definition/schema'
export { type ErrorCode, isSagaError, SagaError, type StepFailure } from './errors'
export type { Actor, Decision, Entry, Fact, Message, Outcome, SagaStatus } from './journal/entry'
export { createMemoryStore } from './journal/memory-store'
export type { Store } from './journal/store'
export { createCallbackTokens } from './participant/callback-token'
export type { Participant, ParticipantCall, Participants } from './participant/participant'
export { RetryableError, TerminalError } from './participant/participant-errors'
export { createParticipantRegistry } from './participant/registry'
export type { Statement, WithStatements } from './participant/statement'
export type { Clock, Ids, Logger } from './ports'
export { createPostgresDefinitionStore } from './postgres/definition-store'
export { createPostgresStore } from './postgres/postgres-store'
export { createPrisma } from './postgres/prisma'
export type {
  DecisionPreview,
  GatePreview,
  Health,
  ItemError,
  Runtime,
  SagaRequest,
  StartRequest,
} from './runtime'
export { createSecretKey, parseSecretKeys } from './security/secret-key'
export { consoleLogger, systemClock, systemIds } from './system'
export { verify } from './verifier/verify'
