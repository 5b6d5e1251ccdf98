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
import { callSample, type HealthSample } from './health'
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

export interface FunctionParticipantConfig {
  /** For messages only. */
  name: string
  operations: FunctionOperations
  clock: Clock
  onSample?: (sample: HealthSample) => void
}

export function createFunctionParticipant(config: FunctionParticipantConfig): Participant {
  const { operations } = config
  return {
    listensToCall: true,
    // Nothing here is async, nor in `Execution`: an operation that answers at once costs one promise, not five.
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
      const input = toStorable(call.input, { anyNumber: true })
      if (!input.ok)
        return Promise.resolve(
          failure('terminal', 'BAD_CALL', `The input cannot be used: ${input.reason}`),
        )
      return new Execution(call, signal, config, typeof operation !== 'function').run(
        typeof operation === 'function' ? operation : operation.run,
        input.value,
      )
    },
  }
}

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
  readonly #config: FunctionParticipantConfig
  readonly #isTransactional: boolean
  readonly #startedAt: number
  /** Most operations never ask for their signal, and one costs more than they do. */
  #abort: AbortController | undefined
  #stopped: Error | undefined
  /** Null once it is settled: the first outcome counts, what comes after the deadline changes nothing. */
  #settle: ((outcome: Outcome | TransactionalOutcome) => void) | null = null
  #unlisten = nothing

  constructor(
    call: ParticipantCall,
    caller: AbortSignal,
    config: FunctionParticipantConfig,
    isTransactional: boolean,
  ) {
    this.key = call.key
    this.sagaId = call.sagaId
    this.step = call.step
    this.kind = call.kind
    this.attempt = call.attempt
    if (call.undoes !== undefined) this.undoes = call.undoes
    this.deadline = call.deadline
    this.#call = call
    this.#caller = caller
    this.#config = config
    this.#isTransactional = isTransactional
    this.#startedAt = config.clock.now()
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#stopped) this.#abort.abort(this.#stopped)
    return this.#abort.signal
  }
  get traceparent(): string {
    return this.#call.traceparent
  }

  run(
    operation: (input: Json, context: FunctionContext) => unknown,
    input: Json,
  ): Promise<Outcome | TransactionalOutcome> {
    return new Promise((settle) => {
      this.#settle = settle
      this.#begin(operation, input)
    })
  }

  #begin(operation: (input: Json, context: FunctionContext) => unknown, input: Json): void {
    const leftMs = this.deadline - this.#startedAt
    if (this.#caller.aborted)
      return this.#end(failure('retryable', 'ABORTED', 'Abandoned before it began'))
    if (leftMs <= 0)
      return this.#end(failure('unknown', 'TIMEOUT', 'The deadline had passed before the call'))
    this.#listen(leftMs)
    try {
      const answer = operation(input, this)
      if (!isThenable(answer)) return this.#answered(answer)
      // of a foreign kind it may call both, or call at once
      Promise.resolve(answer).then(
        (value) => this.#answered(value),
        (error) => this.#threw(error),
      )
    } catch (error) {
      this.#threw(error)
    }
  }

  /** A caller that tells of its abort keeps the deadline too: one timer for each call is enough. */
  #listen(leftMs: number): void {
    if (this.#call.onAbort) return this.#call.onAbort(() => this.#abandon())
    const onAbort = () => this.#abandon()
    const cancelTimer = this.#config.clock.after(Math.min(leftMs, TIMER_MS_MAX), () =>
      this.#stop('TIMEOUT', `No result within ${leftMs} ms`),
    )
    this.#caller.addEventListener('abort', onAbort, { once: true })
    this.#unlisten = () => {
      cancelTimer()
      this.#caller.removeEventListener('abort', onAbort)
    }
  }

  #abandon(): void {
    this.#stop('ABORTED', 'The call was abandoned by its caller')
  }

  #stop(code: string, message: string): void {
    this.#stopped = new Error(message)
    this.#abort?.abort(this.#stopped)
    this.#end(failure('unknown', code, `${message}; the work may have been done`))
  }

  #answered(answer: unknown): void {
    if (this.#settle)
      this.#end(this.#isTransactional ? this.#effectOf(answer) : this.#outputOf(answer))
  }

  #outputOf(answer: unknown): Outcome {
    const output = toStorable(answer)
    if (output.ok) return { ok: true, output: output.value }
    return failure(
      'unknown',
      'BAD_ANSWER',
      `${this.#call.operation} answered, but ${output.reason}`,
    )
  }

  #effectOf(answer: unknown): Outcome | TransactionalOutcome {
    const given: Partial<WithStatements> =
      typeof answer === 'object' && answer !== null ? answer : {}
    const output = toStorable(given.output)
    const statements = plainStatements(given.statements)
    const { operation } = this.#call
    if (!output.ok)
      return failure('terminal', 'BAD_ANSWER', `${operation} answered, but ${output.reason}`)
    if (!statements.ok)
      return failure(
        'terminal',
        'BAD_STATEMENTS',
        `${operation} answered, but ${statements.reason}`,
      )
    return { ok: true, output: output.value, statements: statements.value }
  }

  #threw(error: unknown): void {
    this.#end({ ok: false, ...toFailure(error) })
  }

  #end(outcome: Outcome | TransactionalOutcome): void {
    const settle = this.#settle
    if (!settle) return
    this.#settle = null
    if (this.#call.onAbort) this.#call.onAbort(null)
    else this.#unlisten()
    const { clock, onSample } = this.#config
    onSample?.(callSample(outcome, this.#startedAt, clock.now() - this.#startedAt))
    settle(this.#isTransactional ? neverUnknown(outcome) : outcome)
  }
}

/** Without its result, an effect that is written with it has not happened. */
function neverUnknown(outcome: Outcome | TransactionalOutcome): Outcome | TransactionalOutcome {
  return 'ok' in outcome && !outcome.ok && outcome.kind === 'unknown'
    ? { ...outcome, kind: 'retryable' }
    : outcome
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

function failure(
  kind: 'terminal' | 'retryable' | 'unknown',
  code: string,
  message: string,
): Extract<Outcome, { ok: false }> {
  return { ok: false, kind, code, message: failureMessage(message) }
}

function nothing(): void {}
