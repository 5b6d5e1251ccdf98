/**
 * The way forward: what entering a step does, and what the result of its work means.
 *
 * 1. A step's idempotency key is fixed at its first attempt; expressions are evaluated as of its start, so that every
 *    attempt sends the same request.
 * 2. An attempt whose outcome is unknown marks the step `maybe` for good: if it ends without success it is
 *    compensated, never skipped.
 */
import type { ActionStep, ApprovalStep, SignalStep, WaitStep } from '../definition/schema'
import { compileTemplate } from '../expression/mapping'
import type { Outcome } from '../journal/entry'
import { restartChildren, startChild, startMap } from './children'
import { idempotencyKey } from './idempotency-key'
import { nextAttemptAt, retryPolicy } from './retry'
import { completeStep, failStep, stick } from './step-end'
import { expressionFailure, type Turn, withField } from './turn'
import { beginUnwind, DEFAULT_TIMEOUT_MS, schedule, unwinds } from './unwind'

/** Of a retriable step that declares nothing. */
const RETRIABLE = { attemptsMax: 1000 }

/** The machine entered a step. */
export function enter(turn: Turn, id: string): void {
  const step = turn.step(id)
  turn.put(id, {})
  try {
    switch (step.type) {
      case 'action':
        return startCall(turn, id, step)
      case 'choice': {
        const n = step.branches.findIndex((branch) => turn.evaluate(branch.when, turn.at) === true)
        const branch = n >= 0 ? n : ('otherwise' as const)
        const next = n >= 0 ? step.branches[n]?.next : step.otherwise
        if (next === undefined)
          return failStep(turn, id, {
            kind: 'terminal',
            code: 'NO_BRANCH',
            message: `No condition of ${id} is true and it has no otherwise`,
          })
        turn.put(id, { state: 'completed' })
        turn.fact({ t: 'choice.taken', step: id, branch, next })
        return turn.raise(`choose.${id}.${branch}`)
      }
      case 'parallel':
        turn.put(id, { branches: {} })
        return turn.fact({ t: 'step.started', step: id, attempt: 1 })
      case 'map':
        return startMap(turn, id, step)
      case 'wait':
        return startWait(turn, id, step)
      case 'signal':
        return startSignal(turn, id, step)
      case 'approval':
        return openGate(turn, id, step)
      case 'saga':
        return startChild(turn, id, step)
      case 'end': {
        if (step.outcome === 'failed')
          return failStep(turn, id, {
            kind: 'terminal',
            code: 'ENDED_FAILED',
            message: step.reason ?? `The saga reached ${id}`,
          })
        if (step.output !== undefined) turn.state.output = turn.map(step.output, turn.at)
        turn.put(id, { state: 'completed' })
        turn.fact({ t: 'step.succeeded', step: id, attempt: 1 })
        return turn.raise(`done.${id}`)
      }
      case 'transaction':
        return failStep(turn, id, {
          kind: 'terminal',
          code: 'UNSUPPORTED',
          message: `Step ${id} is a transaction group`,
        })
      default: {
        const never: never = step
        throw new Error(`Unknown step ${JSON.stringify(never)}`)
      }
    }
  } catch (error) {
    failStep(turn, id, expressionFailure(error))
  }
}

/** Starts the next attempt of an action. Throws when its mapping does. */
export function startCall(turn: Turn, id: string, step: ActionStep): void {
  const record = turn.record(id)
  const attempt = record.attempt + 1
  const input = step.input === undefined ? null : (turn.map(step.input, record.startedAt) ?? null)
  const key =
    record.key ?? idempotencyKey(turn, id, { source: step.idempotencyKey, at: record.startedAt })
  const call = `${id}#${attempt}`
  const command = {
    c: 'call' as const,
    call,
    step: id,
    kind: 'action' as const,
    attempt,
    participant: step.participant,
    operation: step.operation,
    input,
    key,
    timeoutMs: step.timeoutMs ?? turn.saga.document.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  }
  turn.put(id, { state: 'running', attempt, key })
  turn.call(command)
  turn.fact({
    t: 'step.started',
    step: id,
    attempt,
    key,
    participant: step.participant,
    operation: step.operation,
    input,
  })
}

/** An action's attempt ended. */
export function actionResult(
  turn: Turn,
  id: string,
  outcome: Exclude<Outcome, { pending: true }>,
): void {
  const step = turn.step(id)
  if (step.type !== 'action') return
  const record = turn.record(id)
  const { attempt } = record
  if (outcome.ok) {
    const output = outcome.output
    const completed = turn.put(id, { state: 'completed', output })
    delete completed.error
    turn.fact({ t: 'step.succeeded', step: id, attempt })
    if (step.effect === 'pivot') turn.state.pivot = id
    if (unwinds(turn, id)) schedule(turn)
    else turn.raise(`done.${id}`)
    return
  }
  const { ok: _, maybe: before, ...error } = outcome
  const maybe = record.maybe || before || error.kind === 'unknown'
  turn.put(id, { error, ...(maybe ? { maybe: true } : {}) })
  if (unwinds(turn, id)) {
    turn.put(id, { state: maybe ? 'unknown' : 'failed' })
    turn.fact({ t: 'step.failed', step: id, attempt, error, final: true })
    schedule(turn)
    return
  }
  const unlimited = step.effect === 'retriable' ? RETRIABLE : undefined
  const policy = retryPolicy(step.retry, turn.saga.document.retry, unlimited)
  const retryAt = nextAttemptAt(policy, {
    made: attempt - record.attemptBase,
    firstAt: record.firstAt,
    now: turn.at,
    failure: error,
    seed: `${turn.state.id}:${id}:${attempt}`,
    format: turn.state.format,
  })
  if (retryAt !== null) {
    turn.put(id, { state: 'retrying' })
    turn.fact({ t: 'step.failed', step: id, attempt, error, retryAt, final: false })
    turn.setTimer(`retry:${id}`, retryAt)
    return
  }
  turn.put(id, { state: maybe ? 'unknown' : 'failed' })
  turn.fact({ t: 'step.failed', step: id, attempt, error, final: true })
  if (turn.state.pivot !== null || (step.effect === 'pivot' && maybe)) stick(turn, id, error)
  else turn.fail(id, error)
}

/** Tries a stuck step again. The attempts before do not count any more. Ask `whyNotAgain` first. */
export function restartStep(turn: Turn, id: string): void {
  const { attempt } = turn.record(id)
  turn.put(id, { stuck: false, attemptBase: attempt, firstAt: turn.at })
  const step = turn.step(id)
  if (step.type === 'saga' || step.type === 'map') return restartChildren(turn, id, step)
  if (step.type !== 'action') return enter(turn, id)
  try {
    startCall(turn, id, step)
  } catch (error) {
    failStep(turn, id, expressionFailure(error))
  }
}

/** The retry timer of a step fired, or an operator did not want to wait for it. */
export function retryCall(turn: Turn, id: string): void {
  const step = turn.step(id)
  if (step.type !== 'action' || turn.record(id).state !== 'retrying') return
  turn.cancelTimer(`retry:${id}`)
  try {
    startCall(turn, id, step)
  } catch (error) {
    failStep(turn, id, expressionFailure(error))
  }
}

function startWait(turn: Turn, id: string, step: WaitStep): void {
  const until =
    step.until === undefined ? turn.at + (step.forMs ?? 0) : instant(turn, id, step.until)
  turn.put(id, { state: 'waiting' })
  turn.fact({ t: 'step.waiting', step: id, for: 'timer', until })
  turn.setTimer(`wait:${id}`, Math.max(until, turn.at))
}

/** The furthest time from 1970 that a `Date` can say, in milliseconds. */
const INSTANT_MAX_MS = 8.64e15
/** An ISO 8601 time to the minute at least that says its offset; or a day, which is UTC by definition. */
const WITH_OFFSET = /^[+-]?\d{4,6}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d))?$/i

/** A point in time that means the same on every machine, in whole milliseconds. Throws for anything else. */
function instant(turn: Turn, id: string, source: string): number {
  const value = turn.evaluate(source, turn.at)
  if (turn.state.format === 1) return firstInstant(id, value)
  const at =
    typeof value === 'number'
      ? Math.round(value)
      : typeof value === 'string' && WITH_OFFSET.test(value)
        ? Date.parse(value)
        : Number.NaN
  if (Math.abs(at) <= INSTANT_MAX_MS) return at
  const shown = JSON.stringify(value)?.slice(0, 100) ?? 'nothing'
  throw new Error(
    typeof value === 'string' && WITH_OFFSET.test(`${value}Z`)
      ? `${id} waits until ${shown}, a time without an offset, which would be another one in each zone; append Z or one like +02:00`
      : `${id} waits until ${shown}, which is no time: give epoch milliseconds, or an ISO 8601 time with Z or an offset`,
  )
}

/**
 * As format 1 has it, under the zone UTC: a time without an offset was read in the machine's zone, and a journal written
 * under another zone cannot be told from one that was not.
 */
function firstInstant(id: string, value: unknown): number {
  const text =
    typeof value === 'string' && /T\d\d:\d\d(:\d\d([.,]\d+)?)?$/.test(value) ? `${value}Z` : value
  const at =
    typeof text === 'number' ? text : typeof text === 'string' ? Date.parse(text) : Number.NaN
  if (!Number.isFinite(at))
    throw new Error(`${id} waits until ${JSON.stringify(value)}, which is no time`)
  return at
}

function startSignal(turn: Turn, id: string, step: SignalStep): void {
  const kept = turn.state.signals.findIndex((signal) => signal.name === step.signal)
  const signal = turn.state.signals[kept]
  if (signal) {
    turn.state.signals = turn.state.signals.filter((_, n) => n !== kept)
    return completeStep(turn, id, signal.payload)
  }
  const until = step.timeoutMs === undefined ? undefined : turn.at + step.timeoutMs
  turn.put(id, { state: 'waiting' })
  turn.fact({
    t: 'step.waiting',
    step: id,
    for: 'signal',
    ...(until === undefined ? {} : { until }),
  })
  if (until !== undefined) turn.setTimer(`signal:${id}`, until)
}

/** A signal's time ran out. */
export function signalTimeout(turn: Turn, id: string): void {
  const step = turn.step(id)
  if (step.type !== 'signal') return
  if (step.onTimeout) {
    turn.put(id, { state: 'stopped' })
    turn.fact({ t: 'step.stopped', step: id })
    turn.raise(`timeout.${id}`)
  } else
    failStep(turn, id, {
      kind: 'terminal',
      code: 'SIGNAL_TIMEOUT',
      message: `Signal ${step.signal} did not come in time`,
    })
}

function openGate(turn: Turn, id: string, step: ApprovalStep): void {
  const template = compileTemplate(step.question)
  const question = template.evaluate(turn.scope(template.reads, turn.at))
  const context = step.context === undefined ? undefined : turn.map(step.context, turn.at)
  const dueAt = step.timeoutMs === undefined ? undefined : turn.at + step.timeoutMs
  const gate = `${turn.state.id}:${id}:${turn.seq}`
  turn.put(id, { state: 'waiting' })
  turn.state.gates = withField(turn.state.gates, id, {
    gate,
    kind: 'approval',
    openedSeq: turn.seq,
  })
  turn.fact({
    t: 'gate.opened',
    step: id,
    gate,
    question,
    roles: step.roles,
    ...(context === undefined ? {} : { context }),
    ...(dueAt === undefined ? {} : { dueAt }),
  })
  if (dueAt !== undefined) turn.setTimer(`gate:${id}`, dueAt)
}

/** A branch of a parallel step reached its end. */
export function branchEnded(turn: Turn, id: string, branch: string, ok: boolean): void {
  const step = turn.step(id)
  const record = turn.record(id)
  if (step.type !== 'parallel' || record.joined) return
  const branches = { ...record.branches, [branch]: ok }
  turn.put(id, { branches })
  turn.fact({ t: 'branch.ended', step: id, branch, ok })
  const names = Object.keys(step.branches)
  const needed = step.join === 'all' ? names.length : step.join === 'any' ? 1 : step.join.quorum
  const won = names.filter((name) => branches[name] === true).length
  const lost = names.filter((name) => branches[name] === false).length
  if (won >= needed) {
    turn.put(id, { joined: true })
    if (won === names.length) completeStep(turn, id)
    else turn.raise(`joined.${id}`)
  } else if (names.length - lost < needed) {
    const error = turn.failure ?? {
      kind: 'terminal' as const,
      code: 'JOIN_FAILED',
      message: `Too few branches of ${id} ended well`,
    }
    turn.put(id, { joined: true, state: 'failed', error })
    turn.fact({ t: 'step.failed', step: id, attempt: 1, error, final: true })
    turn.fail(id, error)
  }
}

/** The join is won: stop the other branches and compensate what they did, then go on. */
export function trim(turn: Turn, id: string): void {
  const record = turn.record(id)
  const members = turn.region.branches.get(id)
  const losers = [...(members ?? [])]
    .filter(([name]) => record.branches?.[name] !== true)
    .flatMap(([, ids]) => ids)
  turn.state.trims = { ...turn.state.trims, [id]: losers }
  beginUnwind(turn, losers)
  schedule(turn)
}
