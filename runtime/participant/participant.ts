/**
 * The participant port: one call, one outcome. Adapters live beside this file, one per kind
 * (function-participant.ts, http-participant.ts); `registry.ts` finds the adapter for a name.
 *
 * 1. A call never throws for the participant's failure: it returns an outcome that says terminal, retryable or unknown.
 * 2. `key` is the idempotency key, the same for every attempt of one logical step.
 * 3. A compensation names the forward call it undoes (`undoes`): the participant must refuse that call afterwards.
 */
import type { Outcome } from '../journal/entry'
import type { PlainStatement } from './statement'

export interface ParticipantCall {
  sagaId: string
  /** Names this attempt; a callback or late result quotes it. */
  call: string
  step: string
  kind: 'action' | 'compensation'
  attempt: number
  operation: string
  input: unknown
  key: string
  undoes?: string
  /** Milliseconds since the epoch; after it the outcome is unknown. */
  deadline: number
  traceparent: string
  /** Lets a participant that answered 202 deliver the result later. */
  callbackToken: string
  /**
   * Says what the signal says to one listener, which replaces the one before; null takes it away. A caller that offers it
   * says so at the deadline too.
   */
  onAbort?(listener: (() => void) | null): void
}

/** A success whose effect is written by the commit that records it; only a function in this process can say so. */
export type TransactionalOutcome = { ok: true; output: unknown; statements: PlainStatement[] }

export interface Participant {
  /**
   * It listens by `ParticipantCall.onAbort`, so no signal is made for its calls, and the one it is given is never aborted.
   * An AbortSignal costs more than everything else in calling a function of this process.
   */
  readonly listensToCall?: true
  /** Calls that it can take at once; more wait in the performer, and their time has not begun. Undefined: any number. */
  readonly concurrency?: number
  call(request: ParticipantCall, signal: AbortSignal): Promise<Outcome | TransactionalOutcome>
}

export interface ParticipantHealth {
  status: 'UP' | 'DOWN' | 'UNKNOWN'
  checkedAt: number | null
  latencyMs: number | null
  error: string | null
}

/** What the engine asks for: the adapter of a participant name. Undefined means nobody registered it. */
export interface Participants {
  find(name: string): Participant | undefined | Promise<Participant | undefined>
}
