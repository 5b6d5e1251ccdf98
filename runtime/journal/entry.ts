/**
 * The vocabulary of everything that lives: messages go into an entity's mailbox, `decide` turns a snapshot and a
 * message into the next snapshot, facts and commands; an entry records the message with its facts.
 *
 * - An entry's facts never repeat what its message already holds: a step's output is in the `result` message.
 * - Facts are what screens are folded from (projection/), messages are what state is replayed from.
 * - Everything here is JSON. Times are milliseconds since the epoch.
 */
import type { StepFailure } from '../errors'

/** Who did it: shown, audited, never trusted for access. */
export interface Actor {
  kind: 'user' | 'key' | 'system' | 'saga'
  id: string
  name: string
}

export type Decision = 'CONTINUE' | 'PAUSE' | 'ABORT' | 'FORCE_COMPENSATION'

export type SagaStatus =
  | 'PENDING'
  | 'RUNNING'
  | 'COMPENSATING'
  | 'PAUSED'
  | 'COMPLETED'
  | 'ROLLED_BACK' // every effect that may have happened is compensated
  | 'FAILED' // ended with effects left standing, named, accepted by a decision
  | 'QUARANTINED' // needs an owner; nothing moves until somebody acts

export const TERMINAL: readonly SagaStatus[] = ['COMPLETED', 'ROLLED_BACK', 'FAILED']

export interface DefinitionRef {
  name: string
  version: number
  digest: string
}

export type Outcome =
  | { ok: true; output: unknown }
  /** `maybe`: an earlier performance of this same attempt, before a crash, may have happened whatever this one says. */
  | ({ ok: false; maybe?: true } & StepFailure)
  /** The participant took the work and will call back with the call's token. */
  | { pending: true }

export type Message =
  | {
      type: 'start'
      /** The rules that decide this saga, see saga/format.ts; 1 where nothing is said. */
      format?: number
      definition: DefinitionRef
      /** The caller asked for this version, rather than for the newest. */
      pinned?: true
      input: unknown
      ventureId?: string | null
      by?: Actor
      /** Set for child sagas. */
      parent?: { sagaId: string; step: string; index?: number }
      /** A map item's outer scope: what its expressions see besides its own steps. */
      scope?: { input: unknown; steps: Record<string, unknown>; item: unknown; index: number }
      /** Which map step of the definition this child runs the region of. */
      region?: string
    }
  | { type: 'result'; call: string; outcome: Outcome }
  | { type: 'timer'; timer: string }
  | { type: 'signal'; name: string; payload: unknown; by?: Actor }
  | {
      type: 'decide'
      step: string
      decision: Decision
      decisionId: string
      reasoning: string
      conditions: string[]
      by: Actor
      /** The entity's `seq` that the decider saw; refused with MOVED_ON if the gate has changed since. */
      seenSeq: number
      previewDigest?: string
    }
  | { type: 'pause'; by: Actor; reason: string }
  | { type: 'resume'; by: Actor; reason: string }
  | { type: 'cancel'; by: Actor; reason: string }
  /** Compensate everything that has a compensation, even past the pivot or after completion. */
  | { type: 'rollBack'; by: Actor; reason: string }
  /** Try a waiting, exhausted or stuck step or compensation again, now. */
  | { type: 'retry'; step: string; by: Actor; reason: string }
  /** An operator compensated by hand. */
  | { type: 'resolve'; step: string; by: Actor; reason: string }
  /** Waits no longer for the callback of the step's pending call: its outcome is unknown from then on. */
  | { type: 'giveUp'; step: string; by: Actor; reason: string }
  /** From a child to its parent, once at its end and again if it is compensated afterwards. */
  | {
      type: 'child'
      step: string
      index?: number
      sagaId: string
      status: SagaStatus
      output?: unknown
      error?: StepFailure
      /** Steps it undid whose idempotency key is their own: another try would send that key again. */
      spent?: string[]
    }
  /** From a parent that unwinds: stop if running, compensate what was done, answer with `child`. */
  | {
      type: 'unwind'
      reason: string
      force: boolean
      /** The parent; not said in format 1. */
      from?: string
    }

export type MessageType = Message['type']

export type Fact =
  | { t: 'saga.started'; total: number }
  | { t: 'saga.status'; status: SagaStatus; reason?: string }
  | { t: 'saga.ended'; status: SagaStatus; output?: unknown; error?: StepFailure; left?: string[] }
  | {
      t: 'step.started'
      step: string
      attempt: number
      key?: string
      participant?: string
      operation?: string
      input?: unknown
    }
  | {
      t: 'step.waiting'
      step: string
      for: 'timer' | 'signal' | 'approval' | 'child' | 'callback'
      until?: number
    }
  | { t: 'step.succeeded'; step: string; attempt: number; output?: unknown }
  | {
      t: 'step.failed'
      step: string
      attempt: number
      error: StepFailure
      retryAt?: number
      final: boolean
    }
  | { t: 'step.stopped'; step: string }
  | { t: 'choice.taken'; step: string; branch: number | 'otherwise'; next: string | null }
  | { t: 'branch.ended'; step: string; branch: string; ok: boolean }
  | { t: 'map.planned'; step: string; items: number }
  | { t: 'child.started'; step: string; sagaId: string; index?: number }
  | { t: 'child.ended'; step: string; sagaId: string; index?: number; status: SagaStatus }
  | {
      t: 'compensation.started'
      step: string
      attempt: number
      key: string
      participant: string
      operation: string
      input?: unknown
    }
  | { t: 'compensation.succeeded'; step: string; attempt: number }
  | {
      t: 'compensation.failed'
      step: string
      attempt: number
      error: StepFailure
      retryAt?: number
    }
  | { t: 'compensation.exhausted'; step: string; strategy: string }
  | { t: 'compensation.resolved'; step: string; by: Actor }
  | {
      t: 'gate.opened'
      step: string
      gate: string
      question: string
      context?: unknown
      roles: string[]
      dueAt?: number
    }
  | { t: 'gate.closed'; step: string; gate: string; how: 'DECIDED' | 'EXPIRED' | 'CANCELLED' }
  | { t: 'signal.kept'; name: string }
  | { t: 'timer.set'; timer: string; dueAt: number }
  | { t: 'timer.cancelled'; timer: string }
  | { t: 'deferred'; message: MessageType }

/** One journal row. `seq` counts from 1 in each entity. */
export interface Entry {
  entityId: string
  seq: number
  at: number
  message: Message
  facts: Fact[]
}

/** What to do once the entries are durable. */
export type Command =
  | {
      c: 'call'
      /** Names the call in its `result` message; unique in the saga, new for each attempt. */
      call: string
      step: string
      kind: 'action' | 'compensation'
      attempt: number
      participant: string
      operation: string
      input: unknown
      /** Idempotency key: stable over attempts and restarts. */
      key: string
      /** For a compensation: the key of the forward call it undoes. */
      undoes?: string
      timeoutMs: number
    }
  | { c: 'setTimer'; timer: string; dueAt: number }
  | { c: 'cancelTimer'; timer: string }
  /** A message to another entity, posted in the same commit. `id` makes it idempotent. */
  | { c: 'send'; to: string; id: string; message: Message; saga?: string }

/** A refused message leaves no entry; its sender gets the reason. */
export type Verdict =
  | { accepted: true }
  | { accepted: false; code: import('../errors').ErrorCode; reason: string }
