/**
 * A saga's snapshot: what `decide` reads and returns. JSON throughout, so that a stored snapshot is a value.
 *
 * 1. Control (where the saga is) is the XState configuration in `value`; everything else is data.
 * 2. `calls` holds every call whose result is still to come: what recovery performs again, with the same keys.
 * 3. A record exists for every step that was entered, in the order it was (`order`).
 * 4. Snapshots are never changed in place: `Turn` copies what it touches.
 */
import type { StateValue } from '../compiler/machine'
import type { StepFailure } from '../errors'
import type { Command, DefinitionRef, Message, SagaStatus } from '../journal/entry'
import type { SagaFormat } from './format'

export type StepState =
  | 'running' // a call is under way, or a region or children run
  | 'retrying' // a timer will start the next attempt
  | 'waiting' // for a timer, signal or decision
  | 'completed'
  | 'failed' // it certainly did not happen
  | 'unknown' // it may have happened
  | 'stopped' // left because the saga unwinds

export interface UndoRecord {
  state: 'running' | 'retrying' | 'completed' | 'exhausted'
  attempt: number
  firstAt: number
  error?: StepFailure
}

export interface ChildRecord {
  id: string
  status: SagaStatus | null
  /** `unwind` was sent. */
  unwinding?: boolean
  /** Steps of it that were undone under an idempotency key of their own, which another try would send again. */
  spent?: string[]
}

export interface StepRecord {
  state: StepState
  order: number
  startedAt: number
  attempt: number
  /** When the attempts that count for the retry policy began; moved by an operator's retry. */
  firstAt: number
  /** Attempts before this one do not count either. */
  attemptBase: number
  /** The idempotency key of the forward call. */
  key?: string
  output?: unknown
  error?: StepFailure
  /** Some attempt's outcome is unknown, so the effect may exist whatever the last one said. */
  maybe?: boolean
  /** It must not fail the saga (past the pivot, or an unsettled pivot): an operator decides. */
  stuck?: boolean
  /** A standing effect that somebody accepted. */
  accepted?: boolean
  undo?: UndoRecord
  child?: ChildRecord
  map?: {
    items: unknown[]
    next: number
    /** By item. */
    children: ChildRecord[]
    outputs: unknown[]
    /** Items that are to be tried again. */
    again?: number[]
  }
  /** Children of earlier tries, each replaced by another. */
  earlier?: ChildRecord[]
  branches?: Record<string, boolean>
  joined?: boolean
}

export type CallCommand = Extract<Command, { c: 'call' }>

export interface OpenCall extends CallCommand {
  startedAt: number
  /** The participant answered 202: it will call back; recovery leaves it alone. */
  pending?: boolean
  /** Its result waits in `paused.deferred`. */
  answered?: boolean
}

export interface SagaState {
  format: SagaFormat
  id: string
  status: SagaStatus
  value: StateValue
  definition: DefinitionRef
  /** The map step whose region this child runs; null for a whole saga. */
  region: string | null
  input: unknown
  ventureId: string | null
  startedAt: number
  startedBy: string | null
  parent: { sagaId: string; step: string; index?: number } | null
  scope: { input: unknown; steps: Record<string, unknown>; item: unknown; index: number } | null
  order: number
  steps: Record<string, StepRecord>
  calls: Record<string, OpenCall>
  /** Due times by timer id. */
  timers: Record<string, number>
  gates: Record<string, { gate: string; kind: 'approval' | 'undo'; openedSeq: number }>
  /** Signals that came before anybody waited for them, oldest first. */
  signals: { name: string; payload: unknown }[]
  paused: {
    status: SagaStatus
    reason: string
    /** What was left of each timer. */
    timers: Record<string, number>
    deferred: Message[]
  } | null
  /** Losing branches being compensated, by parallel step. */
  trims: Record<string, string[]>
  unwinding: {
    mode: 'failure' | 'cancel' | 'abort' | 'force' | 'parent'
    reason: string
    error?: StepFailure
    /** Nothing new starts until an operator acts. */
    halted?: boolean
  } | null
  /** The committed pivot. */
  pivot: string | null
  /** The newest entry that changed what a decision would do. */
  movedSeq: number
  /** How often it ended; makes the message to the parent unique. */
  endings: number
  output?: unknown
  error?: StepFailure
  /** Effects left standing, by step. */
  left?: string[]
}

/** Bounds that hold for every saga; hitting one is a refusal or failure that names it. */
export const SAGA_LIMITS = {
  signalsKept: 100,
  deferred: 10_000,
  mapItems: 10_000,
  /** Children of a step that were replaced by another. */
  earlierChildren: 10_000,
  eventsPerMessage: 100_000,
} as const
