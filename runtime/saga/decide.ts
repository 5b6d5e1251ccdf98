/**
 * The heart: snapshot + message → next snapshot, facts and commands. Pure and deterministic: the same entries give
 * the same snapshot and commands, on any version that claims the format; runtime, preview, verifier and simulator
 * use this one function.
 *
 * 1. Nothing outside its arguments is read; time is `context.at`, chance is drawn from ids.
 * 2. A refused message changes nothing and has a reason. A message that came too late (its call or timer is gone) is
 *    accepted and changes nothing, as is the same start once more.
 * 3. A message's whole consequence is one decision: machine events are run until none is left.
 */
import type { CompiledSaga } from '../compiler/compile'
import { type ErrorCode, isSagaError } from '../errors'
import type { Command, Fact, Message } from '../journal/entry'
import { findChild } from './child-records'
import { childEnded } from './children'
import * as control from './control'
import { knownFormat } from './format'
import { actionResult, branchEnded, enter, retryCall, signalTimeout, trim } from './forward'
import { startedAlready, whatDiffers } from './same-start'
import type { SagaState } from './state'
import { completeStep } from './step-end'
import { expressionFailure, refuse, Turn, type TurnContext, withField, withoutField } from './turn'
import {
  beginUnwind,
  callUndo,
  endSaga,
  noteWayBack,
  pauseSaga,
  schedule,
  undoResult,
} from './unwind'
import { forgetScope } from './way-back'

export type DecideContext = TurnContext & { entityId: string }

export type Decided =
  | {
      accepted: true
      changed: true
      state: SagaState
      facts: Fact[]
      commands: Command[]
      /** Steps whose record changed. */
      touched: Iterable<string>
    }
  | { accepted: true; changed: false }
  | { accepted: false; code: ErrorCode; reason: string }

/** Facts that leave what a decision would do as it was. */
const STILL = new Set(['signal.kept', 'deferred', 'timer.set', 'timer.cancelled', 'gate.opened'])

export function decide(
  saga: CompiledSaga,
  before: SagaState | null,
  message: Message,
  context: DecideContext,
): Decided {
  let turn: Turn | undefined
  try {
    if (!before && message.type !== 'start')
      refuse('NOT_FOUND', `There is no saga ${context.entityId}`)
    if (before && message.type === 'start') {
      const other = whatDiffers(before, message)
      if (other !== null) refuse('ALREADY_EXISTS', startedAlready(context.entityId, other))
      return { accepted: true, changed: false }
    }
    if (before && isStale(before, message)) return { accepted: true, changed: false }
    turn = new Turn(saga, before ?? initialState(message, context), context)
    take(turn, message)
    noteWayBack(turn)
    const { state, facts, commands } = turn
    if (facts.some((fact) => !STILL.has(fact.t))) state.movedSeq = context.seq
    return { accepted: true, changed: true, state, facts, commands, touched: turn.touched.keys() }
  } catch (error) {
    turn?.undo()
    if (isSagaError(error)) return { accepted: false, code: error.code, reason: error.message }
    throw error
  }
}

/** Its call, timer or child report has been dealt with already. */
function isStale(state: SagaState, message: Message): boolean {
  switch (message.type) {
    case 'result': {
      const call = state.calls[message.call]
      return !call || call.answered === true || ('pending' in message.outcome && !!call.pending)
    }
    case 'timer':
      return !(message.timer in state.timers)
    case 'child': {
      const record = state.steps[message.step]
      return !record || !findChild(record, message.sagaId, message.index)
    }
    default:
      return false
  }
}

function take(turn: Turn, message: Message): void {
  const queue: Message[] = [message]
  for (let next = queue.shift(); next; next = queue.shift()) {
    try {
      for (const more of handle(turn, next)) queue.push(more)
    } catch (error) {
      // What waited while the saga was paused has been taken already; too late for it is no reason to refuse the resume.
      if (next === message || !isSagaError(error)) throw error
    }
    run(turn)
  }
}

function handle(turn: Turn, message: Message): Message[] {
  const { state } = turn
  if (state.paused && ['result', 'child', 'signal'].includes(message.type)) {
    control.defer(turn, message)
    return []
  }
  switch (message.type) {
    case 'start':
      start(turn)
      return []
    case 'result':
      result(turn, message)
      return []
    case 'timer':
      return timer(turn, message.timer)
    case 'child':
      childEnded(turn, message)
      return []
    case 'signal':
      control.signal(turn, message)
      return []
    case 'pause':
      control.pause(turn, message)
      return []
    case 'resume':
      return control.resume(turn)
    case 'cancel':
      return control.cancel(turn, message)
    case 'rollBack':
      return control.rollBack(turn, message.reason)
    case 'retry':
      return control.retryStep(turn, message)
    case 'resolve':
      return control.resolveStep(turn, message)
    case 'giveUp': {
      const given = control.giveUp(turn, message)
      return given ? [given] : []
    }
    case 'decide':
      return control.decideGate(turn, message)
    case 'unwind':
      return control.unwindByParent(turn, message)
    default: {
      const never: never = message
      throw new Error(`Unknown message ${JSON.stringify(never)}`)
    }
  }
}

/** Moves the machine until no event is left. */
function run(turn: Turn): void {
  for (let n = 0; n < turn.events.length; n++) {
    const event = turn.events[n] as string
    const moved = turn.region.machine.next(turn.state.value, event)
    turn.state.value = moved.value
    for (const action of moved.actions) perform(turn, action.type, action.params)
  }
  turn.events.length = 0
}

function perform(turn: Turn, type: string, params: Record<string, unknown>): void {
  const step = String(params.step)
  switch (type) {
    case 'enter':
      return enter(turn, step)
    case 'branchEnded':
      return branchEnded(turn, step, String(params.branch), params.ok === true)
    case 'trim':
      return trim(turn, step)
    case 'completed':
      return completed(turn)
    case 'unwind':
      return unwind(turn)
  }
}

function initialState(message: Message, context: DecideContext): SagaState {
  if (message.type !== 'start') throw new Error('unreachable: only start creates a saga')
  const format = knownFormat(message.format)
  // no refusal: a version that knows the format will decide it
  if (format === null)
    throw new Error(
      `Saga ${context.entityId} has format ${message.format}, which this version does not know`,
    )
  return {
    format,
    id: context.entityId,
    status: 'RUNNING',
    value: {},
    definition: message.definition,
    region: message.region ?? null,
    input: message.input,
    ventureId: message.ventureId ?? null,
    startedAt: context.at,
    startedBy: message.by?.name ?? null,
    parent: message.parent ?? null,
    scope: message.scope ?? null,
    order: 0,
    steps: {},
    calls: {},
    timers: {},
    gates: {},
    signals: [],
    paused: null,
    trims: {},
    unwinding: null,
    pivot: null,
    movedSeq: 0,
    endings: 0,
  }
}

function start(turn: Turn): void {
  turn.fact({ t: 'saga.started', total: turn.region.steps.size })
  turn.fact({ t: 'saga.status', status: 'RUNNING' })
  const { maxDurationMs } = turn.saga.document
  if (maxDurationMs !== undefined && turn.state.region === null)
    turn.setTimer('saga', turn.at + maxDurationMs)
  const moved = turn.region.machine.initial()
  turn.state.value = moved.value
  for (const action of moved.actions) perform(turn, action.type, action.params)
}

function result(turn: Turn, message: Extract<Message, { type: 'result' }>): void {
  const call = turn.state.calls[message.call]
  if (!call) return
  const { outcome } = message
  if ('pending' in outcome) {
    const until = Math.max(turn.at, call.startedAt + call.timeoutMs)
    turn.state.calls = withField(turn.state.calls, message.call, { ...call, pending: true })
    turn.fact({ t: 'step.waiting', step: call.step, for: 'callback', until })
    turn.setTimer(`deadline:${message.call}`, until)
    return
  }
  turn.state.calls = withoutField(turn.state.calls, message.call)
  if (call.pending) turn.cancelTimer(`deadline:${message.call}`)
  if (call.kind === 'compensation') undoResult(turn, call.step, outcome)
  else actionResult(turn, call.step, outcome)
}

function timer(turn: Turn, name: string): Message[] {
  turn.state.timers = withoutField(turn.state.timers, name)
  turn.commands.push({ c: 'cancelTimer', timer: name })
  const colon = name.indexOf(':')
  const kind = colon < 0 ? name : name.slice(0, colon)
  const id = name.slice(colon + 1)
  switch (kind) {
    case 'saga':
      return sagaTimeout(turn)
    case 'retry':
      retryCall(turn, id)
      return []
    case 'undo': {
      const undo = turn.record(id).undo
      if (!undo) return []
      callUndo(turn, id, undo.attempt + 1, undo.firstAt)
      // An expression that fails exhausts it at once; format 1 looked no further then.
      if (turn.state.format >= 2) schedule(turn)
      return []
    }
    case 'wait':
      completeStep(turn, id)
      return []
    case 'signal':
      signalTimeout(turn, id)
      return []
    case 'gate':
      return gateTimeout(turn, id)
    case 'deadline':
      result(turn, {
        type: 'result',
        call: id,
        outcome: {
          ok: false,
          kind: 'unknown',
          code: 'TIMEOUT',
          message: 'The participant took the work and did not call back in time',
        },
      })
      return []
    default:
      return []
  }
}

/** The saga took too long. Past the pivot, or with the pivot under way, the way is forward all the same. */
function sagaTimeout(turn: Turn): Message[] {
  const { state } = turn
  const pivoting = Object.values(state.calls).some((call) => {
    const step = turn.step(call.step)
    return step.type === 'action' && step.effect === 'pivot'
  })
  if (state.pivot !== null || pivoting || state.unwinding) return []
  const message = `The saga took longer than ${turn.saga.document.maxDurationMs} ms`
  state.unwinding = {
    mode: 'failure',
    reason: message,
    error: { kind: 'terminal', code: 'SAGA_TIMEOUT', message },
  }
  turn.raise('unwind')
  return []
}

/** Nobody decided in time: the declared safe way. There is no way that opens the gate. */
function gateTimeout(turn: Turn, id: string): Message[] {
  const step = turn.step(id)
  if (step.type !== 'approval') return []
  if (step.onTimeout === 'PAUSE' || turn.state.pivot !== null) {
    pauseSaga(turn, `Nobody decided at ${id} in time`)
    return []
  }
  turn.closeGate(id, 'EXPIRED')
  return control.unwindNow(turn, 'abort', `Nobody decided at ${id} in time`)
}

function completed(turn: Turn): void {
  const { state } = turn
  if (state.region !== null) {
    try {
      itemOutput(turn)
    } catch (error) {
      turn.failure = expressionFailure(error)
      turn.raise('unwind')
      return
    }
  }
  endSaga(turn, 'COMPLETED')
}

/** What a map item yields: its mapping, or the outputs of its steps by id. */
function itemOutput(turn: Turn): void {
  const { state } = turn
  const step = findMap(turn)
  if (step?.output !== undefined) state.output = turn.map(step.output, turn.at)
  else if (state.output === undefined)
    state.output = Object.fromEntries(
      Object.entries(state.steps).flatMap(([id, record]) =>
        record.output === undefined ? [] : [[id, record.output]],
      ),
    )
}

function findMap(turn: Turn) {
  return turn.state.region === null ? undefined : turn.saga.mapStep(turn.state.region)
}

/** The machine left the way forward. */
function unwind(turn: Turn): void {
  const { state } = turn
  state.trims = {}
  forgetScope(state.steps)
  // A losing branch that could not be compensated has quarantined it: the way forward ends, and nothing new starts.
  const halted = !state.unwinding && state.status === 'QUARANTINED'
  if (!state.unwinding) {
    const error = turn.failure
    state.unwinding = {
      mode: 'failure',
      reason: error?.message ?? 'failed',
      ...(error ? { error } : {}),
      ...(halted ? { halted } : {}),
    }
  }
  if (!halted) turn.setStatus('COMPENSATING', state.unwinding.reason)
  turn.cancelTimer('saga')
  beginUnwind(turn, Object.keys(state.steps))
  schedule(turn)
}
