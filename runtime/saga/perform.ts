/**
 * Performs calls after their entries are durable, and turns whatever happens into one result message.
 *
 * 1. A call is performed at most once at a time in this process; its adapter gets the deadline and an abort signal.
 * 2. An adapter that throws, or does not answer by the deadline, leaves the outcome unknown.
 * 3. At most `callsMax` calls run at once; the rest wait here, oldest first (they are durable already).
 * 4. No call leaves once the lease may have gone to another worker (`mayCall`), and an abandoned call's result is ignored.
 */
import type { Outcome } from '../journal/entry'
import type {
  Participant,
  ParticipantCall,
  Participants,
  TransactionalOutcome,
} from '../participant/participant'
import type { PlainStatement } from '../participant/statement'
import type { Clock, Logger } from '../ports'
import { Deadlines } from './deadlines'
import type { CallCommand } from './state'

export interface PerformerOptions {
  participants: Participants
  clock: Clock
  logger: Logger
  callsMax: number
  /** The token that lets a participant complete this call later. */
  callbackToken(sagaId: string, call: string): string
  traceparent(sagaId: string, call: string): string
  /** `statements`: the effect of a success, to be written by the commit that records it. */
  done(sagaId: string, call: string, outcome: Outcome, statements?: PlainStatement[]): void
  /** False from the moment at which another worker may have taken over. */
  mayCall(): boolean
}

export class Performer {
  readonly #options: PerformerOptions
  readonly #running = new Map<string, RunningCall>()
  readonly #waiting = new Map<string, { sagaId: string; command: CallCommand; again: boolean }>()
  readonly #deadlines: Deadlines<RunningCall>
  #stopped = false

  constructor(options: PerformerOptions) {
    this.#options = options
    this.#deadlines = new Deadlines(options.clock, (call) => call.timeOut())
  }

  get inFlight(): number {
    return this.#running.size + this.#waiting.size
  }

  /**
   * Performing the same call again while it runs does nothing. `again` says that it may have been performed before a
   * crash: then a failure of this time (connection refused, participant disabled) does not say that nothing happened.
   */
  perform(sagaId: string, command: CallCommand, again = false): void {
    const id = `${sagaId}\n${command.call}`
    if (this.#stopped || this.#running.has(id) || !this.#options.mayCall()) return
    if (this.#running.size >= this.#options.callsMax) {
      if (!this.#waiting.has(id)) this.#waiting.set(id, { sagaId, command, again })
      return
    }
    const call = new RunningCall(this.#options, sagaId, command, (outcome) => {
      this.#deadlines.delete(call, command.timeoutMs)
      if (this.#stopped) return
      if (this.#running.get(id) === call) {
        this.#running.delete(id)
        const { done } = this.#options
        if ('statements' in outcome) {
          const { statements, ...rest } = outcome
          done(sagaId, command.call, rest, statements)
        } else {
          const failed = 'ok' in outcome && !outcome.ok
          done(sagaId, command.call, again && failed ? { ...outcome, maybe: true } : outcome)
        }
      }
      this.#next()
    })
    this.#running.set(id, call)
    this.#deadlines.add(call, command.timeoutMs)
    call.start()
  }

  isRunning(sagaId: string, call: string): boolean {
    return this.#running.has(`${sagaId}\n${call}`)
  }

  isBusy(among: (sagaId: string) => boolean): boolean {
    for (const id of this.#running.keys()) if (among(sagaOf(id))) return true
    return false
  }

  /** Takes back what has not left yet. */
  withdraw(among: (sagaId: string) => boolean): void {
    for (const [id, { sagaId }] of this.#waiting) if (among(sagaId)) this.#waiting.delete(id)
    this.#giveUp((call) => !call.hasLeft && among(call.sagaId))
  }

  /** Gives calls up that another worker will perform again. */
  abandon(among: (sagaId: string) => boolean): void {
    this.withdraw(among)
    this.#giveUp((call) => among(call.sagaId))
  }

  #giveUp(among: (call: RunningCall) => boolean): void {
    for (const [id, call] of this.#running) {
      if (!among(call)) continue
      this.#running.delete(id)
      call.abort()
      this.#next()
    }
  }

  #next(): void {
    for (const [id, { sagaId, command, again }] of this.#waiting) {
      this.#waiting.delete(id)
      return this.perform(sagaId, command, again)
    }
  }

  /** Abandons what is under way: its outcome is asked for again after recovery, with the same key. */
  stop(): void {
    this.#stopped = true
    this.#waiting.clear()
    this.#deadlines.clear()
    for (const call of this.#running.values()) call.abort()
  }
}

/** One call under way, and what the adapter is told of it. The first outcome counts: the adapter's, or the deadline's. */
class RunningCall implements ParticipantCall {
  readonly sagaId: string
  readonly call: string
  readonly step: string
  readonly kind: CallCommand['kind']
  readonly attempt: number
  readonly operation: string
  readonly input: unknown
  readonly key: string
  readonly undoes?: string
  readonly deadline: number
  readonly #options: PerformerOptions
  readonly #participant: string
  readonly #timeoutMs: number
  #abort: AbortController | undefined
  #onAbort: (() => void) | null = null
  readonly #settle: (outcome: Outcome | TransactionalOutcome) => void
  #settled = false
  #aborted = false
  #left = false

  constructor(
    options: PerformerOptions,
    sagaId: string,
    command: CallCommand,
    settle: (outcome: Outcome | TransactionalOutcome) => void,
  ) {
    this.sagaId = sagaId
    this.call = command.call
    this.step = command.step
    this.kind = command.kind
    this.attempt = command.attempt
    this.operation = command.operation
    this.input = command.input
    this.key = command.key
    if (command.undoes !== undefined) this.undoes = command.undoes
    this.deadline = options.clock.now() + command.timeoutMs
    this.#options = options
    this.#participant = command.participant
    this.#timeoutMs = command.timeoutMs
    this.#settle = settle
  }

  // Made when asked for: a function in this process needs neither.
  get traceparent(): string {
    return this.#options.traceparent(this.sagaId, this.call)
  }
  get callbackToken(): string {
    return this.#options.callbackToken(this.sagaId, this.call)
  }

  start(): void {
    const found = this.#options.participants.find(this.#participant)
    if (!(found instanceof Promise)) return this.#perform(found)
    found.then(
      (participant) => this.#perform(participant),
      (error) => this.#threw(error),
    )
  }

  timeOut(): void {
    this.abort()
    this.#end({
      ok: false,
      kind: 'unknown',
      code: 'TIMEOUT',
      message: `${this.#participant}.${this.operation} did not answer within ${this.#timeoutMs} ms`,
    })
  }

  /** The adapter has been asked. Before that nothing can have happened. */
  get hasLeft(): boolean {
    return this.#left
  }

  onAbort(listener: (() => void) | null): void {
    this.#onAbort = listener
  }

  abort(): void {
    this.#aborted = true
    this.#abort?.abort()
    this.#onAbort?.()
  }

  // No async function: each would be one more promise for every step.
  #perform(participant: Participant | undefined): void {
    // Given up while it was looked up: then it does not leave any more.
    if (this.#aborted || !this.#options.mayCall())
      return this.#end(notDone('ABORTED', 'Abandoned before it began'))
    if (!participant)
      return this.#end(
        notDone(
          'PARTICIPANT_UNKNOWN',
          `No participant ${this.#participant} is registered, or it is disabled`,
        ),
      )
    this.#left = true
    let signal = NEVER_ABORTED
    if (!participant.listensToCall) {
      this.#abort = new AbortController()
      signal = this.#abort.signal
    }
    try {
      participant.call(this, signal).then(
        (outcome) => this.#end(outcome),
        (error) => this.#threw(error),
      )
    } catch (error) {
      this.#threw(error)
    }
  }

  #threw(error: unknown): void {
    if (this.#settled) return
    const { sagaId, call } = this
    this.#options.logger.error('A participant adapter threw', { sagaId, call, error })
    this.#end({
      ok: false,
      kind: 'unknown',
      code: 'ADAPTER_FAILED',
      message: error instanceof Error ? error.message.slice(0, 500) : String(error),
    })
  }

  #end(outcome: Outcome | TransactionalOutcome): void {
    if (this.#settled) return
    this.#settled = true
    this.#settle(outcome)
  }
}

const sagaOf = (id: string) => id.slice(0, id.lastIndexOf('\n'))

const NEVER_ABORTED = new AbortController().signal

function notDone(code: string, message: string): Outcome {
  return { ok: false, kind: 'retryable', code, message }
}
