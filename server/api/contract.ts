/**
 * What the tRPC procedures take and return, procedure by procedure. Inputs are zod schemas (parsed at the border,
 * bounded); outputs are types. The routers implement this page and pages are built on it.
 *
 * Who may call is a permission; roles and key scopes are sets of permissions (server/auth/permissions.ts).
 * Cursors are opaque strings. Lists return `{items, nextCursor}`; limits are at most 200.
 */
import { z } from 'zod'
import type { Issue } from '@/runtime/definition/issue'
import { type Layout, layoutSchema, type SagaDocument } from '@/runtime/definition/schema'
import type { Decision, Entry, SagaStatus } from '@/runtime/journal/entry'
import type { ParticipantHealth } from '@/runtime/participant/participant'
import type { Json } from '@/runtime/ports'
import type { ItemError } from '@/runtime/runtime'

/** A count or a position, as wide as the database's integers. */
export const count = z.int().min(0).max(2_147_483_647)
export const versionNumber = count.min(1)
/** An instant that PostgreSQL holds; JavaScript's reach farther. */
const instant = z.date().min(new Date('0001-01-01T00:00:00Z')).max(new Date('9999-12-31T00:00:00Z'))
/** Any JSON, untouched: what it may hold is judged at the doors (trpc.ts, runtime/storable.ts), not copied here. */
const json = z.custom<Json>((value) => value !== undefined, 'Say a value, or null')
const jsonObject = z.custom<{ [key: string]: Json }>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'Expected an object',
)
/** Of a saga that exists; its children's ids are made of it and longer. */
export const sagaId = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'No control characters')
/** Of a saga to be started. */
export const newSagaId = sagaId.max(128)
/** Chosen by the caller: asking again under it is harmless and gets the first answer. Remembered for a week. */
export const idempotencyKey = z.string().min(1).max(128)
/** Items of one batch. */
export const MANY_MAX = 1000
export const stepId = z.string().min(1).max(64)
export const definitionName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/)
export const reason = z.string().trim().min(1).max(2000)
export const page = z.object({
  cursor: z.string().max(500).nullish(),
  limit: z.int().min(1).max(200).default(50),
})
export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

// ── definitions ── list · get · create · saveDraft · discardDraft · verify · publish · versions · version · archive

export const createDefinition = z.object({
  name: definitionName,
  source: z.string().max(1_000_000).optional(),
})
export const saveDraft = z.object({
  name: definitionName,
  source: z.string().max(1_000_000),
  layout: layoutSchema,
  /** The revision this edit is based on; CONFLICT with the current draft in `details` when another was saved. */
  revision: count,
})
export const publishDefinition = z.object({
  name: definitionName,
  revision: count,
  note: z.string().max(500).optional(),
})

export interface DefinitionListItem {
  name: string
  title: string
  /** Newest published version; null when never published. */
  version: number | null
  steps: number
  hasDraft: boolean
  /** Errors and warnings of the draft, or of the newest version. */
  errors: number
  warnings: number
  running: number
  updatedAt: Date
  updatedBy: string
}
export interface DefinitionDetail {
  name: string
  title: string
  draft: { source: string; layout: Layout; revision: number; updatedBy: string; updatedAt: Date }
  /** False when the draft is just the published text. */
  hasDraft: boolean
  published: {
    version: number
    digest: string
    source: string
    publishedAt: Date
    publishedBy: string
  } | null
}
export interface VersionListItem {
  version: number
  digest: string
  note: string | null
  publishedBy: string
  publishedAt: Date
  sagas: number
}
export interface VersionDetail extends VersionListItem {
  name: string
  source: string
  layout: Layout
  document: SagaDocument
}
export interface VerifyResult {
  issues: Issue[]
}

// ── sagas ── start · startMany · list · counts · get · journal · pause · resume · cancel · rollBack · retryStep ·
//             resolveStep · giveUp · signal · stuck · pauseMany · resumeMany · cancelMany · signalMany · complete · live (subscription) ·
//             feed (subscription)

export const startSaga = z.object({
  definition: definitionName,
  version: versionNumber.optional(),
  input: json,
  id: newSagaId.optional(),
  ventureId: z.string().max(64).nullish(),
})
export const SAGA_STATUSES = [
  'PENDING',
  'RUNNING',
  'COMPENSATING',
  'PAUSED',
  'COMPLETED',
  'ROLLED_BACK',
  'FAILED',
  'QUARANTINED',
] as const satisfies SagaStatus[]
export const listSagas = page.extend({
  status: z.array(z.enum(SAGA_STATUSES)).max(8).optional(),
  definition: definitionName.optional(),
  ventureId: z.string().max(64).optional(),
  /** Matches the saga's id (prefix), name, failure code or failure reason. */
  text: z.string().max(200).optional(),
  startedAfter: instant.optional(),
  startedBefore: instant.optional(),
  /**
   * Children are left out unless asked for, or unless `parentId` names their parent. Those that are PAUSED or QUARANTINED
   * wait for somebody and are always there.
   */
  children: z.boolean().default(false),
  parentId: sagaId.optional(),
})
/** Every verb on a saga. */
export const sagaAction = z.object({ sagaId, reason, idempotencyKey: idempotencyKey.optional() })
export const stepAction = sagaAction.extend({ step: stepId })
export const signalSaga = z.object({
  sagaId,
  name: z.string().min(1).max(64),
  payload: json.default(null),
  idempotencyKey: idempotencyKey.optional(),
})
/** One verb on many sagas. */
export const manySagasAction = sagaAction
  .omit({ sagaId: true })
  .extend({ sagaIds: z.array(sagaId).min(1).max(MANY_MAX) })

/**
 * Retry or resolve on many sagas: of each the given step, else every step that takes it now. It has no idempotency key:
 * asked again, it does what still fits.
 */
export const manyStepsAction = manySagasAction
  .omit({ idempotencyKey: true })
  .extend({ step: stepId.optional() })

/**
 * One for each item of a batch, in order. Each stands for itself: some may have been taken and others not. Of a start that
 * was not taken there is no `sagaId`.
 */
export type StartAnswer = { sagaId: string } | { error: ItemError }
export type SagaAnswer = { sagaId: string } | { sagaId: string; error: ItemError }

export interface SagaListItem {
  sagaId: string
  name: string
  definition: string
  version: number
  status: SagaStatus
  /** What it is doing or waiting for, in words. */
  current: string | null
  ventureId: string | null
  ventureName: string | null
  parentId: string | null
  totalSteps: number
  startedBy: string | null
  startedAt: Date
  completedAt: Date | null
  failureCode: string | null
  failureReason: string | null
  requiresApproval: boolean
  /** The descendant that waits for somebody, so that this saga waits too. */
  waitsFor: WaitsFor | null
}

export interface WaitsFor {
  sagaId: string
  name: string
  /** In quarantine, paused, or at a gate. */
  for: 'owner' | 'resume' | 'decision'
  /** Its open gate. */
  gateId: string | null
  reason: string | null
}

export interface SagaDetail extends SagaListItem {
  digest: string
  /** The version it runs, as published: the drawing of the run page. */
  document: SagaDocument
  source: string
  layout: Layout
  input: unknown
  output: unknown
  timeoutAt: Date | null
  parentStep: string | null
  /** The newest entry's seq; start the live subscription after it. */
  seq: number
  /** The first page of the journal; fold it with projection/run-view.ts, then keep folding `live`. */
  entries: Entry[]
  hasMoreEntries: boolean
  children: number
}
/** It cannot go on just now: its messages are kept, and it is tried again by itself. */
export interface StuckSagaItem {
  sagaId: string
  reason: string
  since: Date
  retryAt: Date
}
/**
 * `live` yields tracked(String(entry.seq), entry); `feed` yields tracked(cursor, FeedEvent). A feed that resumes nothing
 * begins with an event of type `ready` and an empty `sagaId`: from here on nothing is missed, so read the lists again.
 */
export interface FeedEvent {
  sagaId: string
  seq: number
  at: number
  type: string
  /** Set when the entry changed the status. */
  status: SagaStatus | null
}

// ── approvals ── list · get (gate with previews) · decide · decideMany · history · count

export const listGates = page.extend({
  status: z.enum(['OPEN', 'DECIDED', 'EXPIRED', 'CANCELLED', 'ALL']).default('OPEN'),
  sagaId: sagaId.optional(),
})
export const decideGate = z.object({
  sagaId,
  step: stepId,
  decision: z.enum(['CONTINUE', 'PAUSE', 'ABORT', 'FORCE_COMPENSATION']),
  reasoning: z.string().trim().max(4000),
  conditions: z.array(z.string().trim().min(1).max(500)).max(20).default([]),
  seenSeq: count,
  previewDigest: z.string().max(128).optional(),
  idempotencyKey: idempotencyKey.optional(),
})
export type DecisionAnswer =
  | { sagaId: string; decisionId: string }
  | { sagaId: string; error: ItemError }
export interface GateListItem {
  gateId: string
  sagaId: string
  step: string
  /** What is asked: to go on, or what becomes of a compensation that failed for good. */
  about: 'approval' | 'compensation'
  sagaName: string
  definition: string
  ventureName: string | null
  question: string
  roles: string[]
  status: 'OPEN' | 'DECIDED' | 'EXPIRED' | 'CANCELLED'
  openedAt: Date
  dueAt: Date | null
  closedAt: Date | null
  /** False says why in `mayNotDecide`. */
  mayDecide: boolean
  mayNotDecide: string | null
}
export interface GateDetail extends GateListItem {
  context: unknown
  onTimeout: 'PAUSE' | 'ABORT'
  /** Null when the gate is closed. */
  preview: import('@/runtime/runtime').GatePreview | null
  decisions: DecisionItem[]
  /** Milliseconds since the epoch at the server, for the countdown. */
  serverNow: number
}
export interface DecisionItem {
  decisionId: string
  sagaId: string
  sagaName: string
  step: string
  decision: Decision
  reasoning: string
  conditions: string[]
  decidedByName: string
  at: Date
}

// ── participants ── list · get · save · remove · check · rotateSecret

export const saveParticipant = z.object({
  name: definitionName,
  title: z.string().trim().min(1).max(120),
  kind: z.enum(['HTTP', 'FUNCTION']),
  endpointUrl: z.url().max(2000).optional(),
  healthUrl: z.url().max(2000).nullish(),
  operations: z
    .array(
      z.object({
        name: z.string().min(1).max(64),
        title: z.string().max(120).optional(),
        effect: z.enum(['compensatable', 'pivot', 'retriable', 'readonly']).optional(),
        /** The operation that undoes it. */
        compensation: z.string().max(64).optional(),
        /** JSON Schemas, for the inspector's forms. */
        input: jsonObject.optional(),
        output: jsonObject.optional(),
      }),
    )
    .max(200)
    .default([]),
  timeoutSeconds: z.int().min(1).max(3600).default(30),
  /** Only an admin may point a participant at a private address. */
  allowPrivateNetwork: z.boolean().default(false),
  disabled: z.boolean().default(false),
})
export type ParticipantOperation = z.infer<typeof saveParticipant>['operations'][number]
export interface ParticipantItem {
  name: string
  title: string
  kind: 'HTTP' | 'FUNCTION'
  endpointUrl: string | null
  healthUrl: string | null
  operations: ParticipantOperation[]
  timeoutSeconds: number
  allowPrivateNetwork: boolean
  disabled: boolean
  health: ParticipantHealth
  averageResponseTime: number
  failureRate: number
  supportsPrepare: boolean
  supportsRollback: boolean
  updatedAt: Date
}

// ── users ── me · list · save · createSignInLink     apiKeys ── list · create · revoke
// ── ventures ── list · save      system ── health (public) · shell (counts for the navigation)

export interface Me {
  id: string
  name: string
  email: string
  roles: ('ANALYST' | 'OPERATOR' | 'CHAIRMAN' | 'ADMIN')[]
  permissions: string[]
}
export const saveUser = z.object({
  id: z.string().max(64).optional(),
  email: z.email().max(320),
  name: z.string().trim().min(1).max(120),
  roles: z.array(z.enum(['ANALYST', 'OPERATOR', 'CHAIRMAN', 'ADMIN'])).max(4),
  /** At least 12 characters; left as it is when absent. */
  password: z.string().min(12).max(256).optional(),
  disabled: z.boolean().default(false),
})
export interface UserItem extends Omit<Me, 'permissions'> {
  disabled: boolean
  lastSeenAt: Date | null
}
export const createApiKey = z.object({
  name: z.string().trim().min(1).max(120),
  scopes: z.array(z.string().max(64)).min(1).max(32),
  expiresInDays: z.int().min(1).max(3650).nullish(),
})
export interface ApiKeyItem {
  id: string
  name: string
  prefix: string
  scopes: string[]
  ownerName: string
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
}
export interface Shell {
  running: number
  compensating: number
  needsAttention: number
  openGates: number
  /** Sagas of all workers that cannot go on just now. */
  stuck: number
  health: import('@/runtime/runtime').Health
}
