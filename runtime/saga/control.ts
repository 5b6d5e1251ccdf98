/**
 * What people may do to a saga: pause, resume, cancel, roll back, retry, resolve, give up, signal, decide. Each is a message like
 * any other; a refusal changes nothing and says what to do instead.
 *
 * 1. Cancel and ABORT compensate; past the pivot they are refused, because the way is forward.
 * 2. FORCE_COMPENSATION and roll back undo everything that has a compensation, even past the pivot or after completion.
 * 3. A decision is valid for this opening of the gate only, and only if nothing moved since the decider looked.
 * 4. Paused: timers keep what was left of them; results, signals and children's reports wait and are then taken in order.
 */
import { type Message, TERMINAL } from '../journal/entry'
import {
  cancelRefusal,
  pauseRefusal,
  type Refusal,
  resolveRefusal,
  resumeRefusal,
  retryRefusal,
  rollBackRefusal,
  signalRefusal,
} from '../journal/verbs'
import { restartStep, retryCall } from './forward'
import { SAGA_LIMITS } from './state'
import { steered } from './steered'
import { completeStep } from './step-end'
import { refuse, type Turn, withField } from './turn'
import {
  accepted,
  callUndo,
  endSaga,
  halt,
  leftovers,
  pauseSaga,
  schedule,
  tellParent,
} from './unwind'

type Of<T extends Message['type']> = Extract<Message, { type: T }>

export function pause(turn: Turn, message: Of<'pause'>): void {
  unless(pauseRefusal(steered(turn)))
  pauseSaga(turn, message.reason)
}

function unless(refusal: Refusal): void {
  if (refusal !== null) refuse('WRONG_STATE', refusal)
}

/** Takes what waited while it was paused; returns those messages for decide.ts to handle next. */
export function unpause(turn: Turn): Message[] {
  const { state } = turn
  const { paused } = state
  if (!paused) return []
  state.paused = null
  for (const [timer, leftMs] of Object.entries(paused.timers))
    turn.setTimer(timer, turn.at + leftMs)
  turn.setStatus(paused.status)
  return paused.deferred
}

/** While paused a fact from outside is kept, in order, and changes nothing else. */
export function defer(turn: Turn, message: Message): void {
  const { paused, calls, id, format } = turn.state
  if (!paused) return
  // Before format 2 it was kept, and lost without a word when the saga resumed.
  if (message.type === 'signal' && format >= 2) unless(signalRefusal(steered(turn)))
  if (paused.deferred.length >= SAGA_LIMITS.deferred)
    refuse(
      'LIMIT_EXCEEDED',
      `Saga ${id} is paused and holds ${SAGA_LIMITS.deferred} messages already`,
    )
  turn.state.paused = { ...paused, deferred: [...paused.deferred, message] }
  if (message.type === 'result') {
    const call = calls[message.call]
    if (call) turn.state.calls = withField(calls, message.call, { ...call, answered: true })
  }
  turn.fact({ t: 'deferred', message: message.type })
}

export function resume(turn: Turn): Message[] {
  unless(resumeRefusal(steered(turn)))
  const deferred = unpause(turn)
  for (const [step, record] of Object.entries(turn.state.steps))
    if (record.stuck) restartStep(turn, step)
    // What waits at a gate waits for the decision, not for whoever resumes the saga.
    else if (record.undo?.state === 'exhausted' && turn.state.gates[step]?.kind !== 'undo')
      callUndo(turn, step, record.undo.attempt + 1, turn.at)
  if (turn.state.unwinding) schedule(turn)
  return deferred
}

/** Ends forward work. Returns the messages that waited while it was paused. */
export function unwindNow(
  turn: Turn,
  mode: 'cancel' | 'abort' | 'force' | 'parent',
  reason: string,
): Message[] {
  const deferred = unpause(turn)
  const code = { cancel: 'CANCELLED', abort: 'ABORTED', force: 'FORCED', parent: 'UNWOUND' }[mode]
  turn.state.unwinding = {
    mode,
    reason,
    error: { kind: 'terminal', code, message: reason.slice(0, 500) },
  }
  turn.raise('unwind')
  return deferred
}

export function cancel(turn: Turn, message: Of<'cancel'>): Message[] {
  unless(cancelRefusal(steered(turn)))
  return unwindNow(turn, 'cancel', message.reason)
}

export function rollBack(turn: Turn, reason: string): Message[] {
  const { state } = turn
  unless(rollBackRefusal(steered(turn)))
  if (!state.unwinding || TERMINAL.includes(state.status)) return unwindNow(turn, 'force', reason)
  // Already unwinding: go on, by force, with what was exhausted or held.
  const deferred = unpause(turn)
  state.unwinding = { ...state.unwinding, mode: 'force', halted: false }
  turn.setStatus('COMPENSATING', reason)
  for (const [step, record] of Object.entries(state.steps))
    if (record.undo?.state === 'exhausted') {
      closeUndoGate(turn, step)
      callUndo(turn, step, record.undo.attempt + 1, turn.at)
    }
  schedule(turn)
  return deferred
}

/** A parent unwinds: undo what was done, or say again how it ended. Taken from its own parent only. */
export function unwindByParent(turn: Turn, message: Of<'unwind'>): Message[] {
  const { state } = turn
  const isParent = state.parent !== null && message.from === state.parent.sagaId
  if (!isParent && (state.format >= 2 || message.from !== undefined))
    refuse(
      'FORBIDDEN',
      `Saga ${state.id} is ${state.parent ? `a child of ${state.parent.sagaId}` : "nobody's child"} and is not unwound for ${message.from ?? 'somebody unnamed'}`,
    )
  if (state.status === 'ROLLED_BACK' || state.status === 'FAILED') {
    tellParent(turn)
    return []
  }
  if (state.unwinding) {
    state.unwinding = { ...state.unwinding, mode: 'parent' }
    return []
  }
  return unwindNow(turn, 'parent', message.reason)
}

export function retryStep(turn: Turn, message: Of<'retry'>): Message[] {
  const { state } = turn
  const { step } = message
  const record = state.steps[step]
  const refusal = retryRefusal(steered(turn), step)
  if (!record || refusal !== null)
    return refuse(record ? 'WRONG_STATE' : 'NOT_FOUND', refusal ?? '')
  if (record.undo?.state === 'exhausted' || record.undo?.state === 'retrying') {
    const deferred = unpause(turn)
    if (record.undo.state === 'exhausted') closeUndoGate(turn, step)
    turn.cancelTimer(`undo:${step}`)
    compensateOn(turn, message.reason)
    callUndo(turn, step, record.undo.attempt + 1, turn.at)
    return deferred
  }
  if (record.stuck) {
    const deferred = unpause(turn)
    restartStep(turn, step)
    return deferred
  }
  retryCall(turn, step)
  return []
}

export function resolveStep(turn: Turn, message: Of<'resolve'>): Message[] {
  const { state } = turn
  const { step } = message
  const record = state.steps[step]
  const refusal = resolveRefusal(steered(turn), step)
  if (!record || refusal !== null)
    return refuse(record ? 'WRONG_STATE' : 'NOT_FOUND', refusal ?? '')
  if (record.undo?.state === 'exhausted') {
    const deferred = unpause(turn)
    closeUndoGate(turn, step)
    turn.put(step, { undo: { ...record.undo, state: 'completed' } })
    turn.fact({ t: 'compensation.resolved', step, by: message.by })
    compensateOn(turn, message.reason)
    schedule(turn)
    return deferred
  }
  turn.put(step, { accepted: true })
  turn.fact({ t: 'compensation.resolved', step, by: message.by })
  if (leftovers(turn).length === 0) {
    turn.raise('unwound')
    endSaga(turn, 'FAILED', accepted(turn))
  } else state.left = leftovers(turn)
  return []
}

/**
 * An operator does not wait for a callback any longer. What the call did is unknown, as when its time runs out: the step is
 * tried again with the same key, or unwound as in doubt. Null while paused: then it waits, as the callback would.
 */
export function giveUp(turn: Turn, message: Of<'giveUp'>): Of<'result'> | null {
  const { state } = turn
  const { step } = message
  if (!Object.hasOwn(state.steps, step))
    return refuse('NOT_FOUND', `Saga ${state.id} has not entered a step ${step}`)
  const call = Object.values(state.calls).find(
    (open) => open.step === step && open.pending && !open.answered,
  )
  if (!call)
    return refuse(
      'WRONG_STATE',
      `Step ${step} of saga ${state.id} waits for no callback; only a call that its participant took and will call back about can be given up`,
    )
  const result: Of<'result'> = {
    type: 'result',
    call: call.call,
    outcome: {
      ok: false,
      kind: 'unknown',
      code: 'GIVEN_UP',
      message: `${message.by.name} stopped waiting for the callback: ${message.reason}`.slice(
        0,
        500,
      ),
    },
  }
  if (!state.paused) return result
  defer(turn, result)
  return null
}

function compensateOn(turn: Turn, reason: string): void {
  const { unwinding, status } = turn.state
  if (!unwinding) return // a losing branch: the saga itself goes forward
  turn.state.unwinding = { ...unwinding, halted: false }
  if (status !== 'COMPENSATING') turn.setStatus('COMPENSATING', reason)
}

function closeUndoGate(turn: Turn, step: string): void {
  if (turn.state.gates[step]?.kind === 'undo') turn.closeGate(step, 'CANCELLED')
}

export function signal(turn: Turn, message: Of<'signal'>): void {
  const { state } = turn
  unless(signalRefusal(steered(turn)))
  const waiting = Object.entries(state.steps)
    .filter(([, record]) => record.state === 'waiting')
    .sort(([, a], [, b]) => a.order - b.order)
    .find(([id]) => {
      const step = turn.step(id)
      return step.type === 'signal' && step.signal === message.name
    })
  if (waiting) {
    turn.cancelTimer(`signal:${waiting[0]}`)
    completeStep(turn, waiting[0], message.payload ?? null)
    return
  }
  if (state.signals.length >= SAGA_LIMITS.signalsKept)
    refuse(
      'LIMIT_EXCEEDED',
      `Saga ${state.id} keeps ${SAGA_LIMITS.signalsKept} signals that nothing waits for; it takes no more`,
    )
  state.signals = [...state.signals, { name: message.name, payload: message.payload ?? null }]
  turn.fact({ t: 'signal.kept', name: message.name })
}

export function decideGate(turn: Turn, message: Of<'decide'>): Message[] {
  const { state } = turn
  const { step, decision } = message
  const gate = state.gates[step]
  if (!gate)
    refuse(
      'MOVED_ON',
      `Gate ${step} of saga ${state.id} is not open any more; look at the saga again`,
    )
  else if (message.seenSeq < state.movedSeq)
    refuse(
      'MOVED_ON',
      `Saga ${state.id} has moved on since entry ${message.seenSeq} (now ${state.movedSeq}); look at the preview again`,
    )
  if (gate?.kind === 'undo') return decideUndo(turn, message)
  switch (decision) {
    case 'CONTINUE': {
      const deferred = unpause(turn)
      turn.closeGate(step, 'DECIDED')
      completeStep(turn, step, {
        decision,
        reasoning: message.reasoning,
        conditions: message.conditions,
        decidedBy: message.by.name,
      })
      return deferred
    }
    case 'PAUSE':
      if (state.paused) refuse('WRONG_STATE', `Saga ${state.id} is paused already`)
      pauseSaga(turn, message.reasoning || 'Paused at the gate')
      return []
    case 'ABORT':
      unless(cancelRefusal(steered(turn), 'aborted'))
      turn.closeGate(step, 'DECIDED')
      return unwindNow(turn, 'abort', message.reasoning || 'Aborted at the gate')
    case 'FORCE_COMPENSATION':
      turn.closeGate(step, 'DECIDED')
      return rollBack(turn, message.reasoning)
  }
}

function decideUndo(turn: Turn, message: Of<'decide'>): Message[] {
  const { step, decision } = message
  switch (decision) {
    case 'PAUSE':
      pauseSaga(turn, message.reasoning || 'Paused at the gate')
      return []
    case 'ABORT': {
      const deferred = unpause(turn)
      turn.closeGate(step, 'DECIDED')
      halt(turn, message.reasoning || `The compensation of ${step} was given up`)
      // That of a losing branch: the way forward ends here too.
      if (!turn.state.unwinding) turn.raise('unwind')
      return deferred
    }
    default: {
      const deferred = unpause(turn)
      turn.closeGate(step, 'DECIDED')
      const undo = turn.record(step).undo
      callUndo(turn, step, (undo?.attempt ?? 0) + 1, turn.at)
      schedule(turn)
      return deferred
    }
  }
}
