/**
 * Performs calls after their entries are durable, and turns whatever happens into one result message.
 *
 * 1. A call is performed at most once at a time in this process; its adapter gets the deadline and an abort signal.
 * 2. An adapter that throws, or does not answer by the deadline, leaves the outcome unknown.
 * 3. At most `callsMax` calls run at once, and of one participant no more than it can take (`concurrency`); the rest wait here,
 *    oldest first (they are durable already). Their time begins when they leave, and one participant's queue does not hold up
 *    another's.
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

/** The calls of one participant. */
interface Lane {
  running: number
  /** At once. One, until the participant has been found and says more. */
  max: number
  readonly waiting: Map<string, { sagaId: string; command: CallCommand; again: boolean }>
}

/** Participants whose calls are over are forgotten beyond so many. */
const LANES_MAX = 1_000

export class Performer {
  readonly #options: PerformerOptions
  readonly #running = new Map<string, RunningCall>()
  readonly #lanes = new Map<string, Lane>()
  /** In all lanes. */
  #waiting = 0
  readonly #deadlines: Deadlines<RunningCall>
  #stopped = false

  constructor(options: PerformerOptions) {
    this.#options = options
    this.#deadlines = new Deadlines(options.clock, (call) => call.timeOut())
  }

  get inFlight(): number {
    return this.#running.size + this.#waiting
  }

  /**
   * Performing the same call again while it runs does nothing. `again` says that it may have been performed before a
   * crash: then a failure of this time (connection refused, participant disabled) does not say that nothing happened.
   */
  perform(sagaId: string, command: CallCommand, again = false): void {
    const id = `${sagaId}\n${command.call}`
    if (this.#stopped || this.#running.has(id) || !this.#options.mayCall()) return
    const lane = this.#laneOf(command.participant)
    if (this.#running.size >= this.#options.callsMax || lane.running >= lane.max) {
      if (lane.waiting.has(id)) return
      lane.waiting.set(id, { sagaId, command, again })
      this.#waiting++
      return
    }
    const call = new RunningCall(this.#options, sagaId, command, (outcome) => {
      this.#deadlines.delete(call, command.timeoutMs)
      if (this.#stopped) return
      if (this.#running.get(id) === call) {
        this.#leave(id, command.participant)
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
    lane.running++
    this.#deadlines.add(call, command.timeoutMs)
    call.start(lane, this.#room)
  }

  #laneOf(participant: string): Lane {
    let lane = this.#lanes.get(participant)
    if (!lane) {
      lane = { running: 0, max: 1, waiting: new Map() }
      this.#lanes.set(participant, lane)
    }
    return lane
  }

  #leave(id: string, participant: string): void {
    this.#running.delete(id)
    const lane = this.#laneOf(participant)
    lane.running--
    if (this.#lanes.size > LANES_MAX && lane.running === 0 && lane.waiting.size === 0)
      this.#lanes.delete(participant)
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
    for (const { waiting } of this.#lanes.values())
      for (const [id, { sagaId }] of waiting)
        if (among(sagaId)) {
          waiting.delete(id)
          this.#waiting--
        }
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
      this.#leave(id, call.participant)
      call.abort()
      this.#next()
    }
  }

  readonly #room = () => this.#next()

  /** Starts what has room by now. Lanes take turns: one from which a call was taken is looked at again after the others. */
  #next(): void {
    if (this.#waiting === 0) return
    for (const [participant, lane] of this.#lanes) {
      if (this.#running.size >= this.#options.callsMax) return
      const oldest = lane.running < lane.max ? lane.waiting.entries().next().value : undefined
      if (!oldest) continue
      const [id, { sagaId, command, again }] = oldest
      lane.waiting.delete(id)
      this.#waiting--
      this.#lanes.delete(participant)
      this.#lanes.set(participant, lane)
      this.perform(sagaId, command, again)
    }
  }

  /** Abandons what is under way: its outcome is asked for again after recovery, with the same key. */
  stop(): void {
    this.#stopped = true
    this.#lanes.clear()
    this.#waiting = 0
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
  readonly participant: string
  readonly #options: PerformerOptions
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
    this.participant = command.participant
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

  /** Learns how many calls its lane has room for; `room`: when that was not known at once. */
  start(lane: Lane, room: () => void): void {
    const found = this.#options.participants.find(this.participant)
    if (!(found instanceof Promise)) return this.#perform(found, lane)
    found.then(
      (participant) => {
        this.#perform(participant, lane)
        room()
      },
      (error) => this.#threw(error),
    )
  }

  timeOut(): void {
    this.abort()
    this.#end({
      ok: false,
      kind: 'unknown',
      code: 'TIMEOUT',
      message: `${this.participant}.${this.operation} did not answer within ${this.#timeoutMs} ms`,
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
  #perform(participant: Participant | undefined, lane: Lane): void {
    lane.max = participant?.concurrency ?? Number.POSITIVE_INFINITY
    // Given up while it was looked up: then it does not leave any more.
    if (this.#aborted || !this.#options.mayCall())
      return this.#end(notDone('ABORTED', 'Abandoned before it began'))
    if (!participant)
      return this.#end(
        notDone(
          'PARTICIPANT_UNKNOWN',
          `No participant ${this.participant} is registered, or it is disabled`,
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
