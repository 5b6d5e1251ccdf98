/**
 * How a step ends whose end is not a participant's result: well, in failure, or stuck.
 *
 * 1. Past the pivot nothing may fail the saga: a step that gives up is `stuck`, the saga pauses and an operator decides.
 *    The same holds for a pivot whose outcome stays unknown.
 */
import type { StepFailure } from '../errors'
import type { Turn } from './turn'
import { pauseSaga } from './unwind'

/** A wait, signal, gate, map or child ended well. */
export function completeStep(turn: Turn, id: string, output?: unknown): void {
  turn.put(id, { state: 'completed', ...(output === undefined ? {} : { output }) })
  turn.fact({
    t: 'step.succeeded',
    step: id,
    attempt: Math.max(1, turn.record(id).attempt),
    ...(output === undefined ? {} : { output }),
  })
  turn.raise(`done.${id}`)
}

/** A step that needs no participant, or never reached one, failed. `final`: why it cannot be tried again, if so. */
export function failStep(
  turn: Turn,
  id: string,
  error: StepFailure,
  final: string | null = null,
): void {
  const attempt = Math.max(1, turn.record(id).attempt)
  turn.put(id, { state: 'failed', error })
  turn.fact({ t: 'step.failed', step: id, attempt, error, final: true })
  if (turn.state.pivot !== null) stick(turn, id, error, final)
  else turn.fail(id, error)
}

/** It may not fail the saga: the saga waits for an operator instead. */
export function stick(
  turn: Turn,
  id: string,
  error: StepFailure,
  final: string | null = null,
): void {
  turn.put(id, { stuck: true })
  pauseSaga(
    turn,
    turn.state.pivot === null
      ? `The pivot ${id} may have committed (${error.code}); find out and retry it`
      : (final ?? `${id} failed past the pivot (${error.code}); mend the cause and retry it`),
  )
}
