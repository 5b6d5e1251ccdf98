/**
 * What people may do to a saga at this moment, and for each verb that does not fit, why not: one pure function for each.
 * The runtime refuses by them (saga/control.ts) and screens say the same beforehand (projection/steered-run.ts).
 *
 * 1. Whoever asks brings the facts (`SteeredSaga`) and the names to say them with; the rules are here alone.
 * 2. Rules that need more than these facts stay with the runtime: a bound that is hit, a gate that moved on.
 */
import { type SagaStatus, TERMINAL } from './entry'

/** A saga as far as its verbs depend on it. */
export interface SteeredSaga {
  /** How sentences begin, e.g. `Saga s1` or `The run`. */
  name: string
  title: (step: string) => string
  status: SagaStatus
  /** What it was when it was paused; null while it is not. */
  pausedFrom: SagaStatus | null
  unwinding: {
    /** Everything is undone, past the pivot too. */
    force: boolean
    /** In quarantine: nothing starts by itself. */
    halted: boolean
  } | null
  /** The committed pivot. */
  pivot: string | null
  /** The pivot whose call is under way. */
  pivoting: string | null
  /** The saga of which it is a step. */
  parent: { sagaId: string; step: string } | null
  /** Undefined while the step has not been entered. */
  step: (id: string) => SteeredStep | undefined
  /** The steps that gave up and wait for an operator. */
  stuck: () => readonly string[]
}

/** A step as far as its verbs depend on it. */
export interface SteeredStep {
  state:
    | 'pending'
    | 'running'
    | 'retrying'
    | 'waiting'
    | 'completed'
    | 'failed'
    | 'unknown'
    | 'stopped'
  undo: 'running' | 'retrying' | 'completed' | 'exhausted' | null
  stuck: boolean
  /** An effect of it happened, or may have, and nothing has undone or accepted it. */
  stands: boolean
  /** Why its children cannot be tried again, if so. */
  notAgain: string | null
}

/** Why a verb does not fit, in a sentence with the way out; null when it does. */
export type Refusal = string | null

const IS: Record<SagaStatus, string> = {
  PENDING: 'has not started yet',
  RUNNING: 'is running',
  COMPENSATING: 'is compensating already',
  PAUSED: 'is paused',
  COMPLETED: 'has completed',
  ROLLED_BACK: 'is rolled back',
  FAILED: 'has ended as failed',
  QUARANTINED: 'is in quarantine',
}

const is = (saga: SteeredSaga) => `${saga.name} ${IS[saga.status]}`

/** Why it cannot be paused. */
export function pauseRefusal(saga: SteeredSaga): Refusal {
  if (saga.status === 'RUNNING' || saga.status === 'COMPENSATING') return null
  return `${is(saga)}; only a running or compensating one can be paused`
}

/** Why it cannot be resumed. */
export function resumeRefusal(saga: SteeredSaga): Refusal {
  if (saga.pausedFrom === null) return `${is(saga)}; only a paused one resumes`
  for (const id of saga.stuck()) {
    const step = saga.step(id)
    if (step?.notAgain) return step.notAgain
  }
  return null
}

/** Why it cannot be `cancelled`, or aborted at a gate. */
export function cancelRefusal(
  saga: SteeredSaga,
  verb: 'cancelled' | 'aborted' = 'cancelled',
): Refusal {
  if (saga.unwinding && !TERMINAL.includes(saga.status) && saga.status !== 'QUARANTINED')
    return `${saga.name} is compensating already`
  if (saga.unwinding || (saga.pausedFrom ?? saga.status) !== 'RUNNING')
    return `${is(saga)} and cannot be ${verb}`
  if (saga.pivot !== null)
    return `${saga.name} is past its pivot ${saga.title(saga.pivot)} and cannot be ${verb}; roll it back by force, or let it complete`
  if (saga.pivoting !== null)
    return `The pivot ${saga.title(saga.pivoting)} is being committed; try again when its outcome is known`
  return null
}

/** Why it cannot be rolled back by force. */
export function rollBackRefusal(saga: SteeredSaga): Refusal {
  if (saga.status === 'ROLLED_BACK' || (saga.unwinding?.force && !saga.unwinding.halted))
    return `${TERMINAL.includes(saga.status) ? is(saga) : `${saga.name} is being rolled back by force`}; there is nothing more to compensate`
  if (saga.parent && saga.status === 'COMPLETED')
    return `${saga.name} is step ${saga.parent.step} of saga ${saga.parent.sagaId}, which relies on what it did. Roll back ${saga.parent.sagaId} instead: that undoes this part too`
  return null
}

/** Why it takes no signals. */
export function signalRefusal(saga: SteeredSaga): Refusal {
  if (TERMINAL.includes(saga.status) || saga.unwinding) return `${is(saga)} and takes no signals`
  return null
}

/** Why a step, or its compensation, cannot be tried again now. */
export function retryRefusal(saga: SteeredSaga, id: string): Refusal {
  const step = saga.step(id)
  if (!step) return notEntered(saga, id)
  if (step.undo === 'exhausted' || step.undo === 'retrying') return null
  if (step.stuck) return step.notAgain
  if (step.state === 'retrying')
    return saga.pausedFrom === null ? null : `${saga.name} is paused; resume it first`
  return `Step ${saga.title(id)} ${STEP_IS[step.state]}. Only a step that waits for a retry, is stuck, or whose compensation is exhausted can be retried`
}

/** Why a step cannot be resolved by hand. */
export function resolveRefusal(saga: SteeredSaga, id: string): Refusal {
  const step = saga.step(id)
  if (!step) return notEntered(saga, id)
  if (step.undo === 'exhausted') return null
  if (saga.status === 'QUARANTINED' && step.stands) return null
  return `Step ${saga.title(id)} has no exhausted compensation, and no effect left standing in quarantine: nothing is to be resolved by hand`
}

const notEntered = (saga: SteeredSaga, id: string) =>
  `${saga.name} has not entered step ${saga.title(id)}`

const STEP_IS: Record<SteeredStep['state'], string> = {
  pending: 'has not started',
  running: 'is running',
  retrying: 'waits for a retry',
  waiting: 'is waiting',
  completed: 'is completed',
  failed: 'has failed',
  unknown: 'may have happened',
  stopped: 'was stopped',
}

/** What `notAgain` is found from. */
export interface SteeredChildren {
  name: string
  step: string
  /** Those that do the step's work. */
  current: readonly { id: string; status: SagaStatus | null; spent?: readonly string[] }[]
  /** Those of earlier tries, each replaced by another. */
  earlier: readonly { id: string; status: SagaStatus | null }[]
  /** How many a step may replace. */
  max: number
}

/** Why a stuck step's children cannot be tried again. */
export function childrenRefusal({ name, step, current, earlier, max }: SteeredChildren): Refusal {
  const low = `${name.charAt(0).toLowerCase()}${name.slice(1)}`
  const wayOut = `roll ${low} back by force, which undoes all that can be undone`
  const standing = current.find(({ status }) => status === 'FAILED')
  if (standing)
    return `Step ${step} of ${low} cannot be tried again: ${standing.id} ended FAILED with effects left standing, and another try could do them twice. Look at ${standing.id}; then ${wayOut}`
  const spent = current.find((child) => child.spent)
  if (spent?.spent)
    return `Step ${step} of ${low} cannot be tried again: ${spent.id} has undone ${spent.spent.join(', ')}, which have an idempotency key of their own. Another try would send the same key, and participants would take it for the call that was undone. Start a saga with another key instead, or ${wayOut}`
  const undoing = earlier.find(({ status }) => status !== 'ROLLED_BACK')
  if (undoing)
    return `Step ${step} of ${low} cannot be tried again yet: ${undoing.id}, an earlier try, is ${undoing.status ?? 'RUNNING'}; wait until it is rolled back`
  const again = current.filter(({ status }) => status === 'ROLLED_BACK').length
  if (earlier.length + again > max)
    return `Step ${step} of ${low} has replaced ${earlier.length} children already, and may replace ${max}; ${wayOut}`
  return null
}
