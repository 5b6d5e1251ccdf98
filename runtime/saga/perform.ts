/**
 * Performs calls after their entries are durable, and turns whatever happens into one result message.
 *
 * 1. A call is performed at most once at a time in this process; its adapter gets the deadline and an abort signal.
 * 2. An adapter that throws, or does not answer by the deadline, leaves the outcome unknown.
 * 3. At most `callsMax` calls run at once; the rest wait here, oldest first (they are durable already).
 * 4. No call leaves once the lease may have gone to another worker (`mayCall`), and an abandoned call's result is ignored.
 */
import type { Outcome } from '../journal/entry'
import type { Participants } from '../participant/participant'
import type { Clock, Logger } from '../ports'
import type { CallCommand } from './state'

export interface PerformerOptions {
  participants: Participants
  clock: Clock
  logger: Logger
  callsMax: number
  /** The token that lets a participant complete this call later. */
  callbackToken(sagaId: string, call: string): string
  traceparent(sagaId: string, call: string): string
  done(sagaId: string, call: string, outcome: Outcome): void
  /** False from the moment at which another worker may have taken over. */
  mayCall(): boolean
}

export class Performer {
  readonly #options: PerformerOptions
  readonly #running = new Map<string, AbortController>()
  readonly #waiting: { sagaId: string; command: CallCommand; again: boolean }[] = []
  #stopped = false

  constructor(options: PerformerOptions) {
    this.#options = options
  }

  get inFlight(): number {
    return this.#running.size + this.#waiting.length
  }

  /**
   * Performing the same call again while it runs does nothing. `again` says that it may have been performed before a
   * crash: then a failure of this time (connection refused, participant disabled) does not say that nothing happened.
   */
  perform(sagaId: string, command: CallCommand, again = false): void {
    const id = `${sagaId}\n${command.call}`
    if (this.#stopped || this.#running.has(id) || !this.#options.mayCall()) return
    if (this.#running.size >= this.#options.callsMax) {
      if (!this.#waiting.some((one) => one.sagaId === sagaId && one.command.call === command.call))
        this.#waiting.push({ sagaId, command, again })
      return
    }
    const abort = new AbortController()
    this.#running.set(id, abort)
    void this.#call(sagaId, command, abort).then((outcome) => {
      if (this.#stopped) return
      const failed = 'ok' in outcome && !outcome.ok
      if (this.#running.get(id) === abort) {
        this.#running.delete(id)
        this.#options.done(
          sagaId,
          command.call,
          again && failed ? { ...outcome, maybe: true } : outcome,
        )
      }
      const next = this.#waiting.shift()
      if (next) this.perform(next.sagaId, next.command, next.again)
    })
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
    const left = this.#waiting.filter(({ sagaId }) => !among(sagaId))
    this.#waiting.splice(0, this.#waiting.length, ...left)
  }

  /** Gives calls up that another worker will perform again. */
  abandon(among: (sagaId: string) => boolean): void {
    this.withdraw(among)
    for (const [id, abort] of this.#running) {
      if (!among(sagaOf(id))) continue
      this.#running.delete(id)
      abort.abort()
    }
  }

  /** Abandons what is under way: its outcome is asked for again after recovery, with the same key. */
  stop(): void {
    this.#stopped = true
    this.#waiting.length = 0
    for (const abort of this.#running.values()) abort.abort()
  }

  async #call(sagaId: string, command: CallCommand, abort: AbortController): Promise<Outcome> {
    const { participants, clock, logger, callbackToken, traceparent } = this.#options
    let cancelTimer = () => {}
    const timeout = new Promise<Outcome>((resolve) => {
      cancelTimer = clock.after(command.timeoutMs, () => {
        abort.abort()
        resolve({
          ok: false,
          kind: 'unknown',
          code: 'TIMEOUT',
          message: `${command.participant}.${command.operation} did not answer within ${command.timeoutMs} ms`,
        })
      })
    })
    const called = (async (): Promise<Outcome> => {
      const participant = await participants.find(command.participant)
      if (!participant)
        return {
          ok: false,
          kind: 'retryable',
          code: 'PARTICIPANT_UNKNOWN',
          message: `No participant ${command.participant} is registered, or it is disabled`,
        }
      return participant.call(
        {
          sagaId,
          call: command.call,
          step: command.step,
          kind: command.kind,
          attempt: command.attempt,
          operation: command.operation,
          input: command.input,
          key: command.key,
          ...(command.undoes === undefined ? {} : { undoes: command.undoes }),
          deadline: clock.now() + command.timeoutMs,
          traceparent: traceparent(sagaId, command.call),
          callbackToken: callbackToken(sagaId, command.call),
        },
        abort.signal,
      )
    })()
    try {
      return await Promise.race([called, timeout])
    } catch (error) {
      logger.error('A participant adapter threw', { sagaId, call: command.call, error })
      return {
        ok: false,
        kind: 'unknown',
        code: 'ADAPTER_FAILED',
        message: error instanceof Error ? error.message.slice(0, 500) : String(error),
      }
    } finally {
      cancelTimer()
    }
  }
}

const sagaOf = (id: string) => id.slice(0, id.lastIndexOf('\n'))
