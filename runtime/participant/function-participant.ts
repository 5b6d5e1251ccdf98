/**
 * A participant whose operations are functions in this process.
 *
 * 1. `TerminalError` and `RetryableError` (participant-errors.ts) say what a failure is. Anything else that is thrown
 *    counts as `unknown`, because it may have come after an effect: the attempt is repeated with the same key, and in
 *    the end compensated. An operation that knows it has done nothing says so with one of the two.
 * 2. A function that ignores its signal still times out: its late result is dropped.
 * 3. Nothing here remembers keys. An operation with an effect must be idempotent by `key` itself, or use the kit.
 * 4. A transactional operation returns its effect as SQL, which is written with its result or not at all (statement.ts). So
 *    nothing of it can be in doubt: what would be `unknown` is `retryable`.
 */
import type { Outcome } from '../journal/entry'
import type { Clock, Json } from '../ports'
import type { Participant, ParticipantCall, TransactionalOutcome } from './participant'
import { failureMessage, toFailure } from './participant-errors'
import { plainStatements, type WithStatements } from './statement'
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

/** Declared so, an operation's effect is part of the commit that records its result: exactly once, without an inbox. */
export interface TransactionalOperation {
  transactional: true
  run(input: Json, context: FunctionContext): Promise<WithStatements> | WithStatements
}

export type FunctionOperations = Record<string, FunctionOperation | TransactionalOperation>

const TIMER_MS_MAX = 2 ** 31 - 1

/** `name` is for messages only. */
export function createFunctionParticipant(config: {
  name: string
  operations: FunctionOperations
  clock: Clock
}): Participant {
  const { operations, clock } = config
  return {
    listensToCall: true,
    // Not async, and so below: each would be one more promise for every step.
    call(call, signal) {
      const operation = Object.hasOwn(operations, call.operation)
        ? operations[call.operation]
        : undefined
      if (!operation)
        return Promise.resolve(
          failure(
            'terminal',
            'UNKNOWN_OPERATION',
            `${config.name} has no operation ${call.operation}; it has ${Object.keys(operations).join(', ') || 'none'}`,
          ),
        )
      const input = toStorable(call.input)
      if (!input.ok)
        return Promise.resolve(
          failure('terminal', 'BAD_CALL', `The input cannot be used: ${input.reason}`),
        )
      const execution = new Execution(call, signal, clock)
      return typeof operation === 'function'
        ? execution.run(operation, input.value)
        : execution.run(withStatements(operation), input.value).then(neverUnknown)
    },
  }
}

/** Without its result, an effect that is written with it has not happened. */
function neverUnknown(outcome: Outcome | TransactionalOutcome): Outcome | TransactionalOutcome {
  return 'ok' in outcome && !outcome.ok && outcome.kind === 'unknown'
    ? { ...outcome, kind: 'retryable' }
    : outcome
}

/** What a transactional operation returned, kept apart from any output that only looks like it. */
class Effect {
  readonly output: unknown
  readonly statements: unknown
  constructor({ output, statements }: WithStatements) {
    this.output = output
    this.statements = statements
  }
}

const withStatements =
  (operation: TransactionalOperation): FunctionOperation =>
  async (input, context) =>
    new Effect(await operation.run(input, context))

/** One execution of an operation, and what the operation is told of it. */
class Execution implements FunctionContext {
  readonly key: string
  readonly sagaId: string
  readonly step: string
  readonly kind: 'action' | 'compensation'
  readonly attempt: number
  readonly undoes?: string
  readonly deadline: number
  readonly #call: ParticipantCall
  readonly #caller: AbortSignal
  readonly #clock: Clock
  /** Most operations never ask for their signal, and one costs more than they do. */
  #abort: AbortController | undefined
  #stopped: Error | undefined

  constructor(call: ParticipantCall, caller: AbortSignal, clock: Clock) {
    this.key = call.key
    this.sagaId = call.sagaId
    this.step = call.step
    this.kind = call.kind
    this.attempt = call.attempt
    if (call.undoes !== undefined) this.undoes = call.undoes
    this.deadline = call.deadline
    this.#call = call
    this.#caller = caller
    this.#clock = clock
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#stopped) this.#abort.abort(this.#stopped)
    return this.#abort.signal
  }
  get traceparent(): string {
    return this.#call.traceparent
  }

  run(operation: FunctionOperation, input: Json): Promise<Outcome | TransactionalOutcome> {
    if (this.#caller.aborted)
      return Promise.resolve(failure('retryable', 'ABORTED', 'Abandoned before it began'))
    const leftMs = this.deadline - this.#clock.now()
    if (leftMs <= 0)
      return Promise.resolve(
        failure('unknown', 'TIMEOUT', 'The deadline had passed before the call'),
      )
    return new Promise((settle) => {
      const onAbort = () => {
        cancelTimer()
        settle(this.#stop('ABORTED', 'The call was abandoned by its caller'))
      }
      const onTime = () => {
        this.#listen(onAbort, false)
        settle(this.#stop('TIMEOUT', `No result within ${leftMs} ms`))
      }
      // A caller that tells of its abort keeps the deadline too: one timer for each call is enough.
      const cancelTimer = this.#call.onAbort
        ? nothing
        : this.#clock.after(Math.min(leftMs, TIMER_MS_MAX), onTime)
      this.#listen(onAbort, true)
      // a promise settles once: what comes after the deadline changes nothing
      void this.#perform(operation, input).then((outcome) => {
        cancelTimer()
        this.#listen(onAbort, false)
        settle(outcome)
      })
    })
  }

  #listen(onAbort: () => void, on: boolean): void {
    if (this.#call.onAbort) this.#call.onAbort(on ? onAbort : null)
    else if (on) this.#caller.addEventListener('abort', onAbort, { once: true })
    else this.#caller.removeEventListener('abort', onAbort)
  }

  async #perform(
    operation: FunctionOperation,
    input: Json,
  ): Promise<Outcome | TransactionalOutcome> {
    try {
      const answer = await operation(input, this)
      const effect = answer instanceof Effect ? answer : null
      const output = toStorable(effect ? effect.output : answer)
      if (!output.ok)
        return failure(
          effect ? 'terminal' : 'unknown',
          'BAD_ANSWER',
          `${this.#call.operation} answered, but ${output.reason}`,
        )
      if (!effect) return { ok: true, output: output.value }
      const statements = plainStatements(effect.statements)
      if (statements.ok) return { ok: true, output: output.value, statements: statements.value }
      return failure(
        'terminal',
        'BAD_STATEMENTS',
        `${this.#call.operation} answered, but ${statements.reason}`,
      )
    } catch (error) {
      return { ok: false, ...toFailure(error) }
    }
  }

  #stop(code: string, message: string): Outcome {
    this.#stopped = new Error(message)
    this.#abort?.abort(this.#stopped)
    return failure('unknown', code, `${message}; the work may have been done`)
  }
}

function failure(
  kind: 'terminal' | 'retryable' | 'unknown',
  code: string,
  message: string,
): Extract<Outcome, { ok: false }> {
  return { ok: false, kind, code, message: failureMessage(message) }
}

function nothing(): void {}
