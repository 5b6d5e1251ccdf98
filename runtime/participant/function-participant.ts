/**
 * A participant whose operations are functions in this process.
 *
 * 1. `TerminalError` and `RetryableError` (participant-errors.ts) say what a failure is. Anything else that is thrown
 *    counts as `unknown`, because it may have come after an effect: the attempt is repeated with the same key, and in
 *    the end compensated. An operation that knows it has done nothing says so with one of the two.
 * 2. A function that ignores its signal still times out: its late result is dropped.
 * 3. Nothing here remembers keys. An operation with an effect must be idempotent by `key` itself, or use the kit.
 */
import type { Outcome } from '../journal/entry'
import type { Clock, Json } from '../ports'
import type { Participant, ParticipantCall } from './participant'
import { failureMessage, toFailure } from './participant-errors'
import { toStorable } from './storable-json'

export interface FunctionContext {
  /** The idempotency key: the same for every attempt of one logical step. */
  key: string
  /** Aborted at the deadline and when the runtime stops. */
  signal: AbortSignal
  sagaId: string
  step: string
  kind: 'action' | 'compensation'
  attempt: number
  /** The key of the forward call that this compensation undoes. */
  undoes?: string
  deadline: number
  traceparent: string
}

export type FunctionOperation = (
  input: Json,
  context: FunctionContext,
) => Promise<unknown> | unknown

export type FunctionOperations = Record<string, FunctionOperation>

const TIMER_MS_MAX = 2 ** 31 - 1

/** `name` is for messages only. */
export function createFunctionParticipant(config: {
  name: string
  operations: FunctionOperations
  clock: Clock
}): Participant {
  const { operations, clock } = config
  return {
    async call(call, signal) {
      const operation = Object.hasOwn(operations, call.operation)
        ? operations[call.operation]
        : undefined
      if (!operation)
        return failure(
          'terminal',
          'UNKNOWN_OPERATION',
          `${config.name} has no operation ${call.operation}; it has ${Object.keys(operations).join(', ') || 'none'}`,
        )
      const input = toStorable(call.input)
      if (!input.ok)
        return failure('terminal', 'BAD_CALL', `The input cannot be used: ${input.reason}`)
      return limited(call, signal, clock, async (bounded) => {
        try {
          const value = await operation(input.value, contextOf(call, bounded))
          const output = toStorable(value)
          return output.ok
            ? { ok: true, output: output.value }
            : failure('unknown', 'BAD_ANSWER', `${call.operation} answered, but ${output.reason}`)
        } catch (error) {
          return { ok: false, ...toFailure(error) }
        }
      })
    },
  }
}

function limited(
  call: ParticipantCall,
  signal: AbortSignal,
  clock: Clock,
  run: (signal: () => AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  if (signal.aborted)
    return Promise.resolve(failure('retryable', 'ABORTED', 'Abandoned before it began'))
  const leftMs = call.deadline - clock.now()
  if (leftMs <= 0)
    return Promise.resolve(failure('unknown', 'TIMEOUT', 'The deadline had passed before the call'))
  return new Promise((settle) => {
    // most operations never ask for their signal, and one costs more than they do
    let own: AbortController | undefined
    let stopped: Error | undefined
    const ownSignal = () => {
      own ??= new AbortController()
      if (stopped) own.abort(stopped)
      return own.signal
    }
    const end = (outcome: Outcome) => {
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
      settle(outcome)
    }
    const stop = (code: string, message: string) => {
      stopped = new Error(message)
      own?.abort(stopped)
      end(failure('unknown', code, `${message}; the work may have been done`))
    }
    const onAbort = () => stop('ABORTED', 'The call was abandoned by its caller')
    const cancelTimer = clock.after(Math.min(leftMs, TIMER_MS_MAX), () =>
      stop('TIMEOUT', `No result within ${leftMs} ms`),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    // a promise settles once: what comes after the deadline changes nothing
    void run(ownSignal).then(end)
  })
}

function contextOf(call: ParticipantCall, signal: () => AbortSignal): FunctionContext {
  return {
    key: call.key,
    get signal() {
      return signal()
    },
    sagaId: call.sagaId,
    step: call.step,
    kind: call.kind,
    attempt: call.attempt,
    ...(call.undoes === undefined ? {} : { undoes: call.undoes }),
    deadline: call.deadline,
    get traceparent() {
      return call.traceparent
    },
  }
}

function failure(
  kind: 'terminal' | 'retryable' | 'unknown',
  code: string,
  message: string,
): Extract<Outcome, { ok: false }> {
  return { ok: false, kind, code, message: failureMessage(message) }
}
