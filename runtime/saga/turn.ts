/**
 * One turn of a saga: the working copy of its snapshot while a single message is decided, with the facts and commands
 * that come out of it. Holds no rule of its own; forward.ts, unwind.ts and control.ts are the rules.
 *
 * 1. The snapshot given is never changed: what is written is replaced by a copy (`put`, `withField`). From an owner the
 *    records are taken over instead, for copying them would cost more the longer its history: `undo` gives them back.
 * 2. Events raised here move the XState machine after the rule returns (decide.ts runs the queue).
 */
import type { CompiledRegion, CompiledSaga } from '../compiler/compile'
import type { Mapping, Step } from '../definition/schema'
import { invariant, SagaError, type StepFailure } from '../errors'
import { compileExpression, type Scope } from '../expression/expression'
import { compileMapping } from '../expression/mapping'
import type { Command, Fact, SagaStatus } from '../journal/entry'
import {
  type CallCommand,
  type OpenCall,
  SAGA_LIMITS,
  type SagaState,
  type StepRecord,
} from './state'
import { forgetScope } from './way-back'

export interface TurnContext {
  /** When the message was taken, epoch milliseconds: the only time `decide` knows. */
  at: number
  /** The entry's sequence number, if the message is accepted. */
  seq: number
  /** The caller owns the snapshot and will not look at it again once the message is accepted. */
  owned?: boolean
}

export class Turn {
  readonly saga: CompiledSaga
  readonly region: CompiledRegion
  readonly state: SagaState
  readonly at: number
  readonly seq: number
  readonly facts: Fact[] = []
  readonly commands: Command[] = []
  readonly events: string[] = []
  /** Steps whose record was written, with what it was before. */
  readonly touched = new Map<string, StepRecord | undefined>()
  /** The failure that the next `failed.*` event reports. */
  failure: StepFailure | undefined

  constructor(saga: CompiledSaga, state: SagaState, context: TurnContext) {
    this.saga = saga
    this.region = state.region === null ? saga : saga.region(state.region)
    this.state = { ...state }
    if (!context.owned) this.state.steps = copyOf(state.steps)
    this.at = context.at
    this.seq = context.seq
  }

  step(id: string): Step {
    const step = this.region.steps.get(id)
    invariant(step, `saga ${this.state.id} has no step ${id}`)
    return step
  }

  record(id: string): StepRecord {
    const record = this.state.steps[id]
    invariant(record, `step ${id} of saga ${this.state.id} was never entered`)
    return record
  }

  /** Writes a copy of the record with `patch`; creates it on first use. */
  put(id: string, patch: Partial<StepRecord>): StepRecord {
    const known = this.state.steps[id]
    const record: StepRecord = known
      ? Object.assign(copyOf(known), patch)
      : {
          state: 'running',
          order: this.state.order++,
          startedAt: this.at,
          attempt: 0,
          firstAt: this.at,
          attemptBase: 0,
          ...patch,
        }
    if (!this.touched.has(id)) this.touched.set(id, known)
    this.state.steps[id] = record
    return record
  }

  /** Nothing of this turn happened. */
  undo(): void {
    const { steps } = this.state
    for (const [id, record] of this.touched)
      if (record) steps[id] = record
      else delete steps[id]
    forgetScope(steps)
  }

  fact(fact: Fact): void {
    this.facts.push(fact)
  }

  /** Has a participant called, once the entry is durable. */
  call(command: CallCommand): void {
    const open: OpenCall = Object.assign({ startedAt: this.at }, command)
    this.state.calls = withField(this.state.calls, command.call, open)
    this.commands.push(command)
  }

  raise(event: string): void {
    this.events.push(event)
    invariant(
      this.events.length <= SAGA_LIMITS.eventsPerMessage,
      `saga ${this.state.id} raised more than ${SAGA_LIMITS.eventsPerMessage} events for one message`,
    )
  }

  /** Raises `failed.<step>` with its reason. */
  fail(id: string, error: StepFailure): void {
    this.failure = error
    this.raise(`failed.${id}`)
  }

  setStatus(status: SagaStatus, reason?: string): void {
    if (this.state.status === status && reason === undefined) return
    this.state.status = status
    this.fact({ t: 'saga.status', status, ...(reason === undefined ? {} : { reason }) })
  }

  setTimer(timer: string, dueAt: number): void {
    this.state.timers = withField(this.state.timers, timer, dueAt)
    this.commands.push({ c: 'setTimer', timer, dueAt })
    this.fact({ t: 'timer.set', timer, dueAt })
  }

  cancelTimer(timer: string): void {
    if (!(timer in this.state.timers)) return
    this.state.timers = withoutField(this.state.timers, timer)
    this.commands.push({ c: 'cancelTimer', timer })
    this.fact({ t: 'timer.cancelled', timer })
  }

  closeGate(step: string, how: 'DECIDED' | 'EXPIRED' | 'CANCELLED'): void {
    const gate = this.state.gates[step]
    if (!gate) return
    this.state.gates = withoutField(this.state.gates, step)
    this.cancelTimer(`gate:${step}`)
    this.fact({ t: 'gate.closed', step, gate: gate.gate, how })
  }

  /** What expressions of a step see. `now` is fixed per step, so that every attempt evaluates alike. */
  scope(reads: { steps: string[]; wholeSteps: boolean }, now: number, output?: unknown): Scope {
    const { state } = this
    const steps: Record<string, unknown> = {}
    const want = reads.wholeSteps ? Object.keys(state.steps) : reads.steps
    if (state.scope)
      for (const id of reads.wholeSteps ? Object.keys(state.scope.steps) : reads.steps)
        if (Object.hasOwn(state.scope.steps, id)) steps[id] = state.scope.steps[id]
    for (const id of want) {
      const value = state.steps[id]?.output
      if (value !== undefined) steps[id] = value
    }
    return {
      input: state.scope ? state.scope.input : state.input,
      steps,
      saga: {
        id: state.id,
        name: state.definition.name,
        ventureId: state.ventureId,
        startedAt: state.startedAt,
      },
      now,
      ...(state.scope ? { item: state.scope.item, index: state.scope.index } : {}),
      ...(output === undefined ? {} : { output }),
    }
  }

  evaluate(source: string, now: number): unknown {
    const expression = compileExpression(source)
    return expression.evaluate(this.scope(expression.reads, now))
  }

  map(mapping: Mapping, now: number, output?: unknown): unknown {
    const compiled = compileMapping(mapping)
    return compiled.evaluate(this.scope(compiled.reads, now, output))
  }
}

/**
 * A copy that gets further fields. Not `{ ...value }`: V8 (11, Node 20) gives each object a shape of its own whose spread is
 * followed by a new field, which costs 40 times as much, and every later look at it misses its caches.
 */
function copyOf<T extends object>(value: T): T {
  return Object.assign({}, value)
}

/** A copy in which this field has this value. */
export function withField<T>(fields: Record<string, T>, name: string, value: T): Record<string, T> {
  const copy = copyOf(fields)
  copy[name] = value
  return copy
}

/** A copy without this field. Not by `delete`, after which V8 keeps an object as a hash table, slow to make and to copy. */
export function withoutField<T>(fields: Record<string, T>, name: string): Record<string, T> {
  const rest: Record<string, T> = {}
  for (const field in fields) if (field !== name) rest[field] = fields[field] as T
  return rest
}

/** An expression that fails is the document's fault: terminal, never retried. */
export function expressionFailure(error: unknown): StepFailure {
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'terminal', code: 'EXPRESSION_FAILED', message: message.slice(0, 500) }
}

/** A refusal leaves the saga as it is and tells the sender why. */
export function refuse(code: SagaError['code'], reason: string): never {
  throw new SagaError(code, reason)
}
