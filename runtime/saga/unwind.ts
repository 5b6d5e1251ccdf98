/**
 * The way back: which compensations are due, in what order, and how a saga ends that did not complete.
 *
 * 1. An effect that may have happened and has a compensation is undone; one that certainly did not, is not.
 * 2. A compensation waits until its forward call has settled, and until the steps after it are resolved: in
 *    `dependency` order those the drawing puts after it, in `reverse` order those that started later. A compensation that
 *    is exhausted is waited for only when the strategy asks somebody; otherwise the others go on, and it is named.
 * 3. The same scheduler serves the whole saga and the losing branches of a join (`trims`).
 * 4. It ends ROLLED_BACK with nothing left, FAILED with what is left named and accepted, or QUARANTINED with an owner's
 *    work named. Never silently.
 *
 * After Garcia-Molina & Salem, Sagas (SIGMOD 1987); failed steps are eligible as in Cloudflare Workflows' rollbacks.
 */
import type { CompensationStrategy, Step } from '../definition/schema'
import type { StepFailure } from '../errors'
import type { Outcome, SagaStatus } from '../journal/entry'
import { childrenOf, isResolvedChild, isRunning, putChild } from './child-records'
import { longestDelayMs, nextAttemptAt, retryPolicy } from './retry'
import type { ChildRecord, StepRecord } from './state'
import { expressionFailure, type Turn, withField } from './turn'
import {
  forgetScope,
  keepUp,
  type Scope,
  type Standing,
  scopeOf,
  type WayBackRules,
} from './way-back'

export const DEFAULT_TIMEOUT_MS = 30_000
/** Of a compensation that declares nothing. */
const BY_DEFAULT = { attemptsMax: 10 }
/** Strategies that leave an exhausted compensation and go on with the others. */
const GOES_ON: ReadonlySet<CompensationStrategy> = new Set([
  'AUTOMATIC_ROLLBACK',
  'EVENTUAL_CONSISTENCY',
])
/** Steps named at most when a child says whose keys are spent. */
const SPENT_NAMED = 20

/** Is this step being unwound, alone or with the whole saga? */
export function unwinds(turn: Turn, step: string): boolean {
  if (turn.state.unwinding) return true
  return Object.keys(turn.state.trims).some((join) => scope(turn, join).has(step))
}

/** Stops what waits, tells running children to unwind; calls under way are left to settle. */
export function beginUnwind(turn: Turn, ids: readonly string[]): void {
  for (const id of ids) {
    const record = turn.state.steps[id]
    if (!record) continue
    turn.closeGate(id, 'CANCELLED')
    for (const timer of [`retry:${id}`, `wait:${id}`, `signal:${id}`]) turn.cancelTimer(timer)
    if (record.state === 'waiting') stop(turn, id, 'stopped')
    else if (record.state === 'retrying') stop(turn, id, record.maybe ? 'unknown' : 'failed')
    else if (record.state === 'running' && turn.step(id).type === 'parallel')
      stop(turn, id, 'stopped')
    if (record.stuck) turn.put(id, { stuck: false })
    for (const child of childrenOf(record)) if (isRunning(child)) sendUnwind(turn, id, child)
  }
}

function stop(turn: Turn, id: string, state: StepRecord['state']): void {
  turn.put(id, { state })
  turn.fact({ t: 'step.stopped', step: id })
}

/** Starts every compensation that is due and finishes what has nothing left to do. */
export function schedule(turn: Turn): void {
  const { state } = turn
  noteWayBack(turn)
  if (state.unwinding) {
    if (!state.unwinding.halted && settle(turn) === 'done') finish(turn)
    return
  }
  for (const step of Object.keys(state.trims)) {
    const result = settle(turn, step)
    if (result === 'done') {
      const { [step]: _, ...rest } = state.trims
      state.trims = rest
      forgetScope(state.steps, step)
      turn.put(step, { state: 'completed' })
      turn.fact({ t: 'step.succeeded', step, attempt: 1 })
      turn.raise(`done.${step}`)
    } else if (result === 'exhausted' && !waitsForOperator(turn, scope(turn, step).open())) {
      turn.failure = {
        kind: 'terminal',
        code: 'COMPENSATION_EXHAUSTED',
        message: `A losing branch of ${step} could not be compensated`,
      }
      turn.raise('unwind')
    }
  }
}

/** The declared strategy has asked somebody to undo it by hand or to decide: until then nothing gives way. */
function waitsForOperator({ state }: Turn, ids: readonly string[]): boolean {
  return state.paused !== null || ids.some((id) => state.gates[id]?.kind === 'undo')
}

/** The losing branches of a join, or all of the saga. */
function scope(turn: Turn, join?: string): Scope {
  const { steps, trims } = turn.state
  return join === undefined
    ? scopeOf(steps, rulesOf(turn))
    : scopeOf(steps, rulesOf(turn), join, trims[join] ?? [])
}

/** Has what is known of the way back follow what this turn wrote. */
export function noteWayBack(turn: Turn): void {
  keepUp(turn.state.steps, rulesOf(turn), turn.touched.keys())
}

function rulesOf(turn: Turn): WayBackRules {
  const { compensationOrder, onCompensationExhausted } = turn.saga.document
  // Format 1 has everything before an exhausted compensation wait for it, whatever the strategy says.
  const goesOn = turn.state.format >= 2 && GOES_ON.has(onCompensationExhausted)
  return {
    region: turn.region,
    order: compensationOrder,
    standing: goesOn ? standingGoingOn : standing,
  }
}

function standing(step: Step, record: StepRecord): Standing {
  const open = unresolved(step, record)
  const underWay = open && isUnderWay(step, record)
  return { open, underWay, exhausted: record.undo?.state === 'exhausted', blocks: open }
}

function standingGoingOn(step: Step, record: StepRecord): Standing {
  const found = standing(step, record)
  return { ...found, blocks: found.open && !found.exhausted }
}

/**
 * Starts what may start in the losing branches of `join`, or in the whole saga; says whether all is resolved, something
 * is under way, or nothing can move.
 */
function settle(turn: Turn, join?: string): 'done' | 'moving' | 'exhausted' {
  const here = scope(turn, join)
  const { state } = turn
  if (here.isDone()) return 'done'
  let started = false
  for (let due = here.due(); due.length > 0; due = here.due()) {
    for (const id of due) {
      // A strategy that stops everything at once stops what would have been next, too.
      if (state.format >= 2 && (state.paused || state.unwinding?.halted)) return 'moving'
      startUndo(turn, id)
      started = true
    }
    keepUp(state.steps, rulesOf(turn), due)
    // Format 1 takes what was exhausted at once, by an expression that fails, for under way, and looks no further.
    if (state.format === 1) break
  }
  if (here.isMoving() || (started && state.format === 1)) return 'moving'
  if (state.unwinding && !state.unwinding.halted && !state.paused) {
    const left = here.open()
    if (!waitsForOperator(turn, left))
      halt(turn, `Could not be compensated: ${named(turn, ...toBlame(turn, left))}`)
  }
  return 'exhausted'
}

/** Those whose own compensation failed; format 1 blames what waits for them as well. */
function toBlame({ state }: Turn, left: readonly string[]): readonly string[] {
  const failed = left.filter((id) => state.steps[id]?.undo?.state === 'exhausted')
  return state.format === 1 || failed.length === 0 ? left : failed
}

function isUnderWay(step: Step, record: StepRecord): boolean {
  if (record.undo?.state === 'running' || record.undo?.state === 'retrying') return true
  if (childrenOf(record).some((child) => child.unwinding && !isResolvedChild(child))) return true
  return record.state === 'running' && step.type === 'action'
}

/** Does the step still run, or is an effect of it still to be undone? */
function unresolved(step: Step, record: StepRecord): boolean {
  if (step.type === 'action') {
    if (record.state === 'running') return true
    if (!step.compensation || record.undo?.state === 'completed' || record.accepted) return false
    return record.state === 'completed' || record.state === 'unknown'
  }
  return childrenOf(record).some((child) => !isResolvedChild(child))
}

function startUndo(turn: Turn, id: string): void {
  const step = turn.step(id)
  const record = turn.record(id)
  if (step.type !== 'action' || !step.compensation) {
    for (const child of childrenOf(record))
      if (!isResolvedChild(child) && !child.unwinding) sendUnwind(turn, id, child)
    return
  }
  callUndo(turn, id, 1, turn.at)
}

/** Performs one attempt of a compensation. */
export function callUndo(turn: Turn, id: string, attempt: number, firstAt: number): void {
  const step = turn.step(id)
  const record = turn.record(id)
  if (step.type !== 'action' || !step.compensation) return
  const { compensation } = step
  turn.put(id, { undo: { state: 'running', attempt, firstAt } })
  let input: unknown
  try {
    input = compensation.input
      ? turn.map(compensation.input, record.startedAt, record.output)
      : (record.output ?? null)
  } catch (error) {
    exhausted(turn, id, attempt, expressionFailure(error))
    return
  }
  const call = `${id}!${attempt}`
  const key = `${record.key}:compensate`
  const participant = compensation.participant ?? step.participant
  const command = {
    c: 'call' as const,
    call,
    step: id,
    kind: 'compensation' as const,
    attempt,
    participant,
    operation: compensation.operation,
    input: input ?? null,
    key,
    undoes: record.key ?? '',
    timeoutMs:
      compensation.timeoutMs ??
      step.timeoutMs ??
      turn.saga.document.timeoutMs ??
      DEFAULT_TIMEOUT_MS,
  }
  turn.call(command)
  turn.fact({
    t: 'compensation.started',
    step: id,
    attempt,
    key,
    participant,
    operation: compensation.operation,
    input: input ?? null,
  })
}

/** A compensation's attempt ended. */
export function undoResult(
  turn: Turn,
  id: string,
  outcome: Exclude<Outcome, { pending: true }>,
): void {
  const undo = turn.record(id).undo
  if (!undo) return
  if (outcome.ok) {
    turn.put(id, { undo: { ...undo, state: 'completed' } })
    turn.fact({ t: 'compensation.succeeded', step: id, attempt: undo.attempt })
    schedule(turn)
    return
  }
  const { ok: _, maybe: __, ...error } = outcome
  const step = turn.step(id)
  const declared = step.type === 'action' ? step.compensation?.retry : undefined
  const policy = retryPolicy(declared, turn.saga.document.retry, BY_DEFAULT)
  const seed = `${turn.state.id}:${id}:undo:${undo.attempt}`
  let retryAt = nextAttemptAt(policy, {
    made: undo.attempt,
    firstAt: undo.firstAt,
    now: turn.at,
    failure: error,
    seed,
    format: turn.state.format,
  })
  if (retryAt === null && turn.saga.document.onCompensationExhausted === 'EVENTUAL_CONSISTENCY')
    retryAt = turn.at + longestDelayMs(policy, turn.state.format)
  if (retryAt === null) {
    exhausted(turn, id, undo.attempt, error)
    schedule(turn)
    return
  }
  turn.put(id, { undo: { ...undo, state: 'retrying', error } })
  turn.fact({ t: 'compensation.failed', step: id, attempt: undo.attempt, error, retryAt })
  turn.setTimer(`undo:${id}`, retryAt)
}

/** Steps as people know them. Before format 2 these were their ids. */
function named(turn: Turn, ...ids: readonly string[]): string {
  const name = (id: string) => (turn.state.format >= 2 ? turn.step(id).title : undefined) ?? id
  return ids.map(name).join(', ')
}

/** Follows the declared strategy when a compensation has no attempt left. */
function exhausted(turn: Turn, id: string, attempt: number, error: StepFailure): void {
  const strategy = turn.saga.document.onCompensationExhausted
  const undo = turn.record(id).undo
  turn.put(id, {
    undo: { attempt, firstAt: undo?.firstAt ?? turn.at, state: 'exhausted', error },
  })
  turn.fact({ t: 'compensation.failed', step: id, attempt, error })
  turn.fact({ t: 'compensation.exhausted', step: id, strategy })
  const reason = `The compensation of ${named(turn, id)} failed for good: ${error.code}`
  if (strategy === 'QUARANTINE_SAGA') halt(turn, reason)
  else if (strategy === 'MANUAL_COMPENSATION')
    pauseSaga(turn, `${reason}. Do it by hand, then resolve the step.`)
  else if (strategy === 'CHAIRMAN_INTERVENTION') {
    const gate = `${turn.state.id}:${id}:undo:${turn.seq}`
    turn.state.gates = withField(turn.state.gates, id, { gate, kind: 'undo', openedSeq: turn.seq })
    turn.fact({
      t: 'gate.opened',
      step: id,
      gate,
      question: `${reason}. Continue tries again, abort quarantines the saga.`,
      context: { error },
      roles: ['chairman'],
    })
  }
}

/** QUARANTINED: nothing new starts; results of calls under way are still recorded. */
export function halt(turn: Turn, reason: string): void {
  if (turn.state.unwinding) turn.state.unwinding = { ...turn.state.unwinding, halted: true }
  turn.state.left = leftovers(turn)
  turn.setStatus('QUARANTINED', reason)
}

/** Freezes the saga: timers keep what was left of them, results wait. */
export function pauseSaga(turn: Turn, reason: string): void {
  const { state } = turn
  if (state.paused) return
  const timers: Record<string, number> = {}
  for (const [timer, dueAt] of Object.entries(state.timers)) {
    timers[timer] = Math.max(0, dueAt - turn.at)
    turn.cancelTimer(timer)
  }
  state.paused = { status: state.status, reason, timers, deferred: [] }
  turn.setStatus('PAUSED', reason)
}

/** Everything is resolved: name what stands and end. */
function finish(turn: Turn): void {
  const left = leftovers(turn)
  const mode = turn.state.unwinding?.mode
  if (left.length > 0 && mode !== 'force' && mode !== 'parent') {
    halt(turn, `Effects without a compensation are left: ${named(turn, ...left)}`)
    return
  }
  turn.raise('unwound')
  const standing = [...accepted(turn), ...left]
  endSaga(turn, standing.length > 0 ? 'FAILED' : 'ROLLED_BACK', standing)
}

/** Effects that stand because somebody said that they may. */
export function accepted({ state }: Turn): string[] {
  return Object.keys(state.steps).filter((id) => state.steps[id]?.accepted)
}

/** Effects that happened, or may have, and stand. */
export function leftovers(turn: Turn): string[] {
  return Object.keys(turn.state.steps).filter((id) => isStanding(turn, id))
}

/** Did an effect of this step happen, or may it have, and stand? */
export function isStanding(turn: Turn, id: string): boolean {
  const record = turn.record(id)
  const step = turn.step(id)
  if (record.accepted) return false
  if (step.type !== 'action') return childrenOf(record).some((child) => child.status === 'FAILED')
  if (step.effect === 'readonly') return false
  if (record.state !== 'completed' && record.state !== 'unknown') return false
  return record.undo?.state !== 'completed'
}

/** The saga is over: no timers, no gates, its parent told. */
export function endSaga(turn: Turn, status: SagaStatus, left: string[] = []): void {
  const { state } = turn
  for (const timer of Object.keys(state.timers)) turn.cancelTimer(timer)
  for (const step of Object.keys(state.gates)) turn.closeGate(step, 'CANCELLED')
  const error = state.unwinding?.error ?? state.error
  state.status = status
  state.endings++
  if (left.length > 0) state.left = left
  else delete state.left
  if (error && status !== 'COMPLETED') state.error = error
  turn.fact({
    t: 'saga.ended',
    status,
    ...(status === 'COMPLETED' && state.output !== undefined ? { output: state.output } : {}),
    ...(error && status !== 'COMPLETED' ? { error } : {}),
    ...(left.length > 0 ? { left } : {}),
  })
  tellParent(turn)
}

/** Reports this saga's end to its parent, once per ending. */
export function tellParent(turn: Turn): void {
  const { parent, id, status, output, error, endings } = turn.state
  if (!parent) return
  const spent = status === 'ROLLED_BACK' ? spentKeys(turn) : []
  turn.commands.push({
    c: 'send',
    to: parent.sagaId,
    id: `child:${id}:${endings}:${turn.seq}`,
    message: {
      type: 'child',
      step: parent.step,
      sagaId: id,
      status,
      ...(parent.index === undefined ? {} : { index: parent.index }),
      ...(output === undefined ? {} : { output }),
      ...(error ? { error } : {}),
      ...(spent.length > 0 ? { spent } : {}),
    },
  })
}

/**
 * Steps undone under a key that does not come from the saga's id: a participant answers such a key from memory, or refuses
 * it, for ever. Named as far as a reader would read.
 */
function spentKeys(turn: Turn): string[] {
  const spent = Object.entries(turn.state.steps).flatMap(([id, record]) => {
    const step = turn.step(id)
    if (step.type === 'action')
      return step.idempotencyKey !== undefined && record.undo?.state === 'completed' ? [id] : []
    return childrenOf(record).flatMap((child) => child.spent?.map((one) => `${id}.${one}`) ?? [])
  })
  return spent.slice(0, SPENT_NAMED)
}

/** Tells a child to undo what it did. */
export function sendUnwind(
  turn: Turn,
  id: string,
  child: ChildRecord,
  reason = turn.state.unwinding?.reason ?? 'branch lost',
): void {
  turn.commands.push({
    c: 'send',
    to: child.id,
    id: `unwind:${child.id}`,
    message: {
      type: 'unwind',
      reason,
      force: true,
      ...(turn.state.format >= 2 ? { from: turn.state.id } : {}),
    },
  })
  putChild(turn, id, child, { unwinding: true })
}
