/**
 * The embeddable runtime's public shape. `createRuntime` (index.ts) builds it on a store; services, the web server and
 * the CLI all use these verbs and nothing deeper.
 */
import type { Issue } from './definition/issue'
import type { Layout, SagaDocument } from './definition/schema'
import type { ErrorCode } from './errors'
import type { Actor, Decision, Entry, Fact, Outcome, SagaStatus } from './journal/entry'
import type { FeedItem } from './journal/store'

export interface StartRequest {
  /** Definition name; the newest published version unless `version` says otherwise. */
  definition: string
  version?: number
  input: unknown
  /** Chosen by the caller to make starting twice harmless; default a new UUID. At most 128 characters. */
  id?: string
  ventureId?: string | null
  by?: Actor
}

export interface PublishRequest {
  document: SagaDocument
  /** The text as written (YAML or JSON), kept verbatim beside the parsed document. */
  source: string
  layout?: Layout
  by: Actor
  note?: string
}

export interface PublishedVersion {
  name: string
  version: number
  digest: string
  /** True when the newest version already had this digest, and nothing new was written. */
  unchanged: boolean
  issues: Issue[]
}

/** What one decision at a gate would do, computed by `decide` on the stored snapshot. */
/** What a run does next if every call succeeds, up to where it waits for somebody or something. */
export type AheadItem =
  | {
      t: 'call'
      step: string
      participant: string
      operation: string
      /** Absent where it depends on answers that are still to come, or is longer than 2,000 characters. */
      input?: unknown
      /** Once it has happened, the way is forward. */
      pivot: boolean
    }
  /** A timer; `until` in epoch milliseconds where the step names an instant. */
  | { t: 'wait'; step: string; forMs?: number; until?: number }
  /** Where looking ahead ends: for a decision, a signal or children, or because what follows depends on an answer. */
  | { t: 'gate' | 'signal' | 'children' | 'depends'; step: string }

export interface DecisionPreview {
  decision: Decision
  /** `undo`: the gate asks about a compensation that failed for good. */
  gate: 'approval' | 'undo'
  allowed: boolean
  /** Why not, when not allowed. */
  refusal?: string
  /** The status right after the decision, and where a run in which every call then succeeds would end or next wait. */
  status: SagaStatus
  finalStatus: SagaStatus
  /** Steps that start at once. */
  starts: { step: string; participant?: string; operation?: string }[]
  /** Compensations in the order they would run; those with the same `rank` run at the same time. */
  compensates: { step: string; participant: string; operation: string; key: string; rank: number }[]
  /** Effects that have happened and cannot be undone. */
  irreversible: string[]
  timersCancelled: string[]
  /** At most 200 items, in order. */
  ahead: AheadItem[]
  /** SHA-256 of the preview as shown; stored with the decision. */
  digest: string
}

export interface GatePreview {
  sagaId: string
  step: string
  /** Send it back as `seenSeq`. */
  seq: number
  previews: DecisionPreview[]
}

export interface Health {
  status: 'starting' | 'active' | 'standby' | 'degraded' | 'stopped'
  /** Why it is degraded, in words fit for everybody's eyes; else null. */
  reason: string | null
  workerId: string
  epoch: number
  shards: number
  resident: number
  /** Entities with a message being decided or committed. */
  busy: number
  callsInFlight: number
  pendingMessages: number
  /** How long the oldest message here has been waiting to be decided and stored. */
  backlogMs: number
  /** Live workers, this one included, when the lease was last renewed. */
  workers: number
  /** Sagas of this worker that cannot go on just now and are tried again with back-off; at most 100 are named. */
  stuck: { count: number; sagas: readonly StuckSaga[] }
  lastCommitAt: number | null
  lastError: string | null
}

/** Neither lost nor forgotten: its messages are kept. */
export interface StuckSaga {
  sagaId: string
  /** At most 500 characters. */
  reason: string
  /** Unix milliseconds: since when, and when it is tried next. */
  since: number
  retryAt: number
}

/** `idempotencyKey`: at most 128 characters; asking again under it is harmless and gets the first answer. */
type By = { by: Actor; reason: string; idempotencyKey?: string | undefined }

interface OnSaga {
  sagaId: string
  /** Chosen by the caller, at most 128 characters: asking again is harmless. Default: none. */
  idempotencyKey?: string | undefined
}

/** One verb on one saga, as `sendMany` takes it. */
export type SagaRequest = OnSaga &
  (
    | { verb: 'pause' | 'resume' | 'cancel' | 'rollBack'; by: Actor; reason: string }
    | { verb: 'retryStep' | 'resolveStep' | 'giveUp'; step: string; by: Actor; reason: string }
    | { verb: 'signal'; name: string; payload: unknown; by?: Actor }
    | {
        verb: 'decide'
        step: string
        decision: Decision
        reasoning: string
        conditions?: string[]
        /** The entry the decider saw; refused with MOVED_ON when the saga has moved since. */
        seenSeq: number
        previewDigest?: string
        by: Actor
      }
  )

/** Why one item of a batch was not taken. */
export interface ItemError {
  code: ErrorCode
  message: string
  retryAfterMs?: number
}

export interface Runtime {
  /** Resolves when this worker owns shards and has recovered, or stands by for another worker. */
  start(): Promise<void>
  /** Stops taking work, finishes the commit in flight, gives the lease back. */
  stop(): Promise<void>
  health(): Health

  publish(request: PublishRequest): Promise<PublishedVersion>

  /**
   * Durable when it resolves. Throws INVALID_INPUT with issues, NOT_FOUND, and OVERLOADED with `retryAfterMs` while the
   * worker that would run it is too far behind: what has been started comes first.
   */
  startSaga(request: StartRequest): Promise<{ sagaId: string }>
  /** One round trip for all; at most 1,000. One answer per request, in order; each stands for itself. */
  startMany(requests: StartRequest[]): Promise<({ sagaId: string } | { error: ItemError })[]>

  /** Starts a saga and resolves when it has ended. */
  run(
    request: StartRequest,
    signal?: AbortSignal,
  ): Promise<{ sagaId: string } & Extract<Fact, { t: 'saga.ended' }>>

  /** Each of these resolves once the saga has taken the message, and throws a SagaError when it refuses. */
  signal(
    sagaId: string,
    name: string,
    payload: unknown,
    by?: Actor,
    idempotencyKey?: string,
  ): Promise<void>
  pause(sagaId: string, by: By): Promise<void>
  resume(sagaId: string, by: By): Promise<void>
  cancel(sagaId: string, by: By): Promise<void>
  rollBack(sagaId: string, by: By): Promise<void>
  retryStep(sagaId: string, step: string, by: By): Promise<void>
  resolveStep(sagaId: string, step: string, by: By): Promise<void>
  /**
   * Stops waiting for the callback of a call that the participant took: its outcome is unknown from then on, as when its
   * time runs out. Refused with WRONG_STATE unless the step, or its compensation, waits for one.
   */
  giveUp(sagaId: string, step: string, by: By): Promise<void>
  decide(request: {
    sagaId: string
    step: string
    decision: Decision
    reasoning: string
    conditions?: string[]
    seenSeq: number
    previewDigest?: string
    by: Actor
    idempotencyKey?: string | undefined
  }): Promise<{ decisionId: string }>
  /**
   * Any of these verbs on many sagas: posted in one round trip, at most 1,000. One answer per request, in order; each
   * stands for itself, and resolves once all sagas have answered or the time for it is over. Those of one saga are taken
   * in the order given.
   */
  sendMany(
    requests: readonly SagaRequest[],
  ): Promise<({ sagaId: string; decisionId?: string } | { sagaId: string; error: ItemError })[]>
  previewDecision(sagaId: string, step: string): Promise<GatePreview>
  /** The later result of a call that answered 202. The token was made for exactly that call. */
  completeCall(callbackToken: string, outcome: Outcome): Promise<void>

  /** Sagas that cannot go on just now, of all live workers, longest first; at most 1,000. */
  stuck(): Promise<(StuckSaga & { workerId: string })[]>
  journal(sagaId: string, afterSeq?: number, limit?: number): Promise<Entry[]>
  feed(after: string | null, limit?: number): Promise<FeedItem[]>
  /** Calls back soon after anything was committed by this process; a hint, never a promise. */
  onCommit(listener: (entityIds: readonly string[]) => void): () => void
  /** Resolves with the facts that ended it. Polls the store when another worker runs the saga. */
  waitForEnd(sagaId: string, signal?: AbortSignal): Promise<Extract<Fact, { t: 'saga.ended' }>>
}
