/**
 * `createRuntime`: the engine behind the verbs of runtime.ts, with this worker's lease kept alive.
 *
 * 1. Every verb posts a message (sender.ts) and is durable before it answers; the saga's verdict comes from whichever
 *    worker owns it.
 * 2. One runtime is one worker, any number share the shards (cluster/lease-keeper.ts). One without a shard stands by: its
 *    verbs work, other workers decide.
 * 3. A new saga never passes what waits: it queues up behind a backlog, and is refused when that has become too old.
 */

import { LeaseKeeper } from './cluster/lease-keeper'
import type { OpenWakeUps, WakeUps } from './cluster/wake-ups'
import type { DefinitionStore } from './definition/definition-store'
import type { Examiner } from './definition/examiner'
import { hasErrors } from './definition/issue'
import { type ErrorCode, isSagaError, SagaError } from './errors'
import { inlineExaminer } from './examine'
import { type Envelope, type Lease, type Store, shardOf } from './journal/store'
import type { Participants } from './participant/participant'
import type { Clock, Ids, Logger } from './ports'
import type { Health, ItemError, Runtime, SagaRequest, StartRequest } from './runtime'
import { Definitions } from './saga/definitions'
import { type Ended, Engine } from './saga/engine'
import { NEWEST_FORMAT } from './saga/format'
import { Performer } from './saga/perform'
import { previewGate } from './saga/preview'
import { replay } from './saga/replay'
import { checkNewSagaId, envelopeOf } from './saga/request'
import { startedAlready, whatDiffers } from './saga/same-start'
import { Sender } from './saga/sender'
import { digestText } from './security/digest'
import {
  checkedData,
  DATA_BYTES_MAX,
  DEPTH_MAX,
  OUTPUT_BYTES_MAX,
  refusal,
  textFlaw,
} from './storable'

/** Signs and checks the token with which a participant completes a call later. */
export interface CallbackTokens {
  sign(sagaId: string, call: string): string
  verify(token: string): { sagaId: string; call: string } | null
}

export interface RuntimeOptions {
  store: Store
  definitions: DefinitionStore
  participants: Participants
  /** Examines what is published and validates start inputs. Default: on this thread. */
  examiner?: Examiner
  callbackTokens: CallbackTokens
  clock: Clock
  ids: Ids
  logger: Logger
  /** Default: a new UUID. A restarted process of the same name takes its shards back at once. */
  workerId?: string
  /** How long a silent worker keeps its shards. Default 3,000 ms; it renews four times in that. */
  leaseMs?: number
  /** How long calls under way may finish before a shard moves to another worker. Default 1,000 ms. */
  drainMs?: number
  /** How long calls under way may finish when this worker stops. Default 0: they are performed again elsewhere. */
  stopMs?: number
  /** Lets workers wake each other; without it they find their mail by polling. */
  wakeUps?: OpenWakeUps
  /** New sagas are refused while the oldest waiting message is older. Default 5,000 ms. */
  backlogMaxMs?: number
  /** Entities committed together. Default 500. */
  batchMax?: number
  /** Participant calls under way at once. Default 1,000. */
  callsMax?: number
  /** Sagas kept in memory that wait and have no call under way. Default 2,000; the others cost a row, and a read when woken. */
  residentMax?: number
  /** Entries between snapshots. Default 20. */
  snapshotEvery?: number
  /** Look at the mailbox this often when nothing hints at it. Default 250 ms. */
  pollMs?: number
  /** How long a verb waits for the verdict before it answers UNAVAILABLE. Default 15,000 ms. */
  verdictMs?: number
  /**
   * By default a worker whose lease was taken over joins again under a new name. Given this, it stops for good instead and
   * calls it once; the host should end the process.
   */
  onFenced?: (error: unknown) => void
}

/** An outcome's bytes as JSON: the largest answer of a participant, and its frame. */
const OUTCOME_BYTES_MAX = OUTPUT_BYTES_MAX + 1_000
/** What a start says beside its input: who and for what. */
const FRAME_BYTES_MAX = 10_000
/** Items of one batch. */
const MANY_MAX = 1_000
/** Stuck sagas that health names, and that the list of all workers holds. */
const STUCK_SHOWN = 100
const STUCK_LISTED = 1_000
/** Bounds of what a refused caller is told to wait. */
const RETRY_AFTER_MIN_MS = 500
const RETRY_AFTER_MAX_MS = 30_000
/** How often somebody who waits for an end looks whether another worker brought it. */
const ELSEWHERE_POLL_MS = 500
/** How long `run` trusts this process to see the end before it looks at the journal. */
const LOCAL_WAIT_MS = 5_000

export function createRuntime(options: RuntimeOptions): Runtime {
  return new SagaRuntime(options)
}

class SagaRuntime implements Runtime {
  readonly #options: RuntimeOptions
  readonly #keeper: LeaseKeeper
  readonly #definitions: Definitions
  readonly #listeners = new Set<(entityIds: readonly string[]) => void>()
  readonly #ending = new Map<string, Set<(ended: Ended) => void>>()
  readonly #sender: Sender
  /** Starts whose id their caller chose: another saga may have it already. */
  readonly #chosen = new WeakSet<Envelope>()
  #engine: Engine | null = null
  #performer: Performer | null = null
  #wakeUps: WakeUps | null = null
  #stage: 'starting' | 'running' | 'stopped' = 'starting'
  #lastError: string | null = null
  #lastCommitAt: number | null = null

  constructor(options: RuntimeOptions) {
    this.#options = options
    this.#definitions = new Definitions(options.definitions, options.clock)
    this.#keeper = this.#createKeeper()
    this.#sender = this.#createSender()
  }

  async start(): Promise<void> {
    this.#wakeUps ??= await this.#openWakeUps()
    await this.#keeper.start(this.#wakeUps?.address)
    if (this.#stage === 'starting') this.#stage = 'running'
  }

  async stop(): Promise<void> {
    if (this.#stage === 'stopped') return
    this.#stage = 'stopped'
    await this.#keeper.stop(this.#options.stopMs ?? 0)
    this.#wakeUps?.close()
  }

  health(): Health {
    const { lease, view } = this.#keeper
    const engine = this.#engine
    const reason = this.#trouble()
    const stuck = engine?.stuck ?? []
    return {
      status:
        this.#stage !== 'running'
          ? this.#stage
          : reason !== null
            ? 'degraded'
            : lease.shards.length > 0
              ? 'active'
              : 'standby',
      reason,
      workerId: lease.workerId,
      epoch: lease.epoch,
      shards: lease.shards.length,
      resident: engine?.resident ?? 0,
      busy: engine?.busy ?? 0,
      callsInFlight: this.#performer?.inFlight ?? 0,
      pendingMessages: engine?.pending ?? 0,
      backlogMs: Math.round(engine?.backlogMs ?? 0),
      workers: view?.members.length ?? (this.#stage === 'running' ? 1 : 0),
      stuck: { count: stuck.length, sagas: stuck.slice(0, STUCK_SHOWN) },
      lastCommitAt: engine?.lastCommitAt ?? this.#lastCommitAt,
      lastError: this.#lastError ?? engine?.lastError ?? null,
    }
  }

  /** What keeps this worker from working as it should. */
  #trouble(): string | null {
    if (this.#stage !== 'running') return null
    const trouble = this.#keeper.trouble ?? this.#engine?.trouble ?? null
    if (trouble !== null) return trouble
    const backlogMs = this.#engine?.backlogMs ?? 0
    return backlogMs > this.#backlogMaxMs
      ? `the oldest message has been waiting for ${Math.round(backlogMs / 1000)} s; new sagas are refused`
      : null
  }

  async publish(request: Parameters<Runtime['publish']>[0]) {
    const flaw = textFlaw(request.source)
    if (flaw) throw refusal({ path: ['source'], reason: flaw })
    checkedData({ note: request.note ?? null, by: request.by })
    const { issues, digest } = await this.#examiner.examine(request.document)
    if (hasErrors(issues))
      throw new SagaError(
        'INVALID_DEFINITION',
        `${request.document.name} has ${issues.filter((one) => one.severity === 'error').length} errors and was not published`,
        { issues },
      )
    const published = await this.#options.definitions.publish({ ...request, digest })
    this.#definitions.published(request.document.name)
    return { name: request.document.name, issues, ...published }
  }

  async startSaga(request: StartRequest): Promise<{ sagaId: string }> {
    const envelope = await this.#startEnvelope(request)
    const [failed] = await this.#startAll([this.#refusal(envelope) ?? envelope])
    if (failed) throw failed
    return { sagaId: envelope.entityId }
  }

  async startMany(requests: StartRequest[]) {
    if (requests.length > MANY_MAX)
      throw new SagaError('LIMIT_EXCEEDED', `At most ${MANY_MAX} sagas are started at once`)
    const made = await Promise.all(
      requests.map((request) =>
        this.#startEnvelope(request).then(
          (envelope) => this.#refusal(envelope) ?? envelope,
          (error: unknown) => {
            if (isSagaError(error)) return error
            throw error
          },
        ),
      ),
    )
    const failed = await this.#startAll(made)
    return made.map((one, n) => {
      const error = failed[n]
      if (error) return { error: itemError(error.code, error.message, error.details) }
      return { sagaId: (one as Envelope).entityId }
    })
  }

  async signal(...[sagaId, name, payload, by, key]: Parameters<Runtime['signal']>) {
    const more = { ...(by ? { by } : {}), ...(key === undefined ? {} : { idempotencyKey: key }) }
    await this.#send({ verb: 'signal', sagaId, name, payload, ...more })
  }
  async pause(...[sagaId, by]: Parameters<Runtime['pause']>) {
    await this.#send({ verb: 'pause', sagaId, ...by })
  }
  async resume(...[sagaId, by]: Parameters<Runtime['resume']>) {
    await this.#send({ verb: 'resume', sagaId, ...by })
  }
  async cancel(...[sagaId, by]: Parameters<Runtime['cancel']>) {
    await this.#send({ verb: 'cancel', sagaId, ...by })
  }
  async rollBack(...[sagaId, by]: Parameters<Runtime['rollBack']>) {
    await this.#send({ verb: 'rollBack', sagaId, ...by })
  }
  async retryStep(...[sagaId, step, by]: Parameters<Runtime['retryStep']>) {
    await this.#send({ verb: 'retryStep', sagaId, step, ...by })
  }
  async resolveStep(...[sagaId, step, by]: Parameters<Runtime['resolveStep']>) {
    await this.#send({ verb: 'resolveStep', sagaId, step, ...by })
  }
  async giveUp(...[sagaId, step, by]: Parameters<Runtime['giveUp']>) {
    await this.#send({ verb: 'giveUp', sagaId, step, ...by })
  }
  async decide(request: Parameters<Runtime['decide']>[0]) {
    return { decisionId: await this.#send({ verb: 'decide', ...request }) }
  }

  async sendMany(requests: readonly SagaRequest[]) {
    if (requests.length > MANY_MAX)
      throw new SagaError('LIMIT_EXCEEDED', `At most ${MANY_MAX} sagas are asked at once`)
    const made = requests.map((request) => this.#envelope(request))
    const asked = made.filter((one): one is Envelope => !isSagaError(one))
    const answers = await this.#sender.ask(asked)
    const answerOf = new Map(asked.map((envelope, n) => [envelope, answers[n]]))
    return made.map((one, n) => {
      const { sagaId } = requests[n] as SagaRequest
      if (isSagaError(one)) return { sagaId, error: itemError(one.code, one.message) }
      const answer = answerOf.get(one)
      if (answer && !answer.accepted)
        return { sagaId, error: itemError(answer.code, answer.reason, answer.details) }
      const { message } = one
      return { sagaId, ...(message.type === 'decide' ? { decisionId: message.decisionId } : {}) }
    })
  }

  #envelope(request: SagaRequest): Envelope | SagaError {
    try {
      return envelopeOf(request, this.#options.ids)
    } catch (error) {
      if (isSagaError(error)) return error
      throw error
    }
  }

  /** Resolves with the decision's id, if it is one. */
  async #send(request: SagaRequest): Promise<string> {
    const envelope = envelopeOf(request, this.#options.ids)
    const { entityId: sagaId, message } = envelope
    const [answer] = await this.#sender.ask([envelope])
    if (answer && !answer.accepted)
      throw new SagaError(answer.code, answer.reason, { sagaId, ...answer.details })
    return message.type === 'decide' ? message.decisionId : ''
  }

  async previewDecision(sagaId: string, step: string) {
    const [stored] = await this.#options.store.load([sagaId])
    if (!stored) throw new SagaError('NOT_FOUND', `There is no saga ${sagaId}`)
    const saga = await this.#definitions.byDigest(stored.digest)
    const state = replay(saga, stored)
    if (!state?.gates[step])
      throw new SagaError('MOVED_ON', `Gate ${step} of saga ${sagaId} is not open any more`)
    return previewGate(saga, state, step, { seq: stored.seq, at: this.#options.clock.now() })
  }

  async completeCall(...[token, outcome]: Parameters<Runtime['completeCall']>) {
    const call = this.#options.callbackTokens.verify(token)
    if (!call) throw new SagaError('FORBIDDEN', 'The callback token is not one of ours')
    const given =
      'ok' in outcome && outcome.ok ? { ...outcome, output: outcome.output ?? null } : outcome
    const [failed] = await this.#sender.post([
      {
        id: `callback:${call.sagaId}:${call.call}`,
        entityId: call.sagaId,
        message: {
          type: 'result',
          call: call.call,
          outcome: checkedData(given, { depthMax: DEPTH_MAX + 1, bytesMax: OUTCOME_BYTES_MAX }),
        },
      },
    ])
    if (failed) throw failed
  }

  stuck() {
    return this.#options.store.stuck(STUCK_LISTED)
  }

  journal(sagaId: string, afterSeq = 0, limit = 1_000) {
    return this.#options.store.read(sagaId, afterSeq, Math.min(limit, 5_000))
  }

  feed(after: string | null, limit = 1_000) {
    return this.#options.store.feed(after, Math.min(limit, 5_000))
  }

  onCommit(listener: (entityIds: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async waitForEnd(sagaId: string, signal?: AbortSignal) {
    const local = this.#whenEnded(sagaId)
    try {
      return await this.#untilEnded(sagaId, local.ended, signal)
    } finally {
      local.forget()
    }
  }

  async run(request: StartRequest, signal?: AbortSignal) {
    const sagaId = request.id ?? this.#options.ids.uuid()
    const local = this.#whenEnded(sagaId)
    try {
      await this.startSaga({ ...request, id: sagaId })
      const ended = this.#engine?.owns(sagaId)
        ? await this.#endsWithin(LOCAL_WAIT_MS, local.ended, signal)
        : null
      return { sagaId, ...(ended ?? (await this.#untilEnded(sagaId, local.ended, signal))) }
    } finally {
      local.forget()
    }
  }

  /** Reads the journal until it ends, woken at once when it ends here and now and then in case it ends elsewhere. */
  async #untilEnded(sagaId: string, local: Promise<Ended>, signal?: AbortSignal): Promise<Ended> {
    let after = 0
    let ended: Ended | undefined
    for (;;) {
      signal?.throwIfAborted()
      const entries = await this.journal(sagaId, after)
      for (const entry of entries) {
        after = entry.seq
        for (const fact of entry.facts)
          if (fact.t === 'saga.ended') ended = fact
          else if (fact.t === 'saga.status') ended = undefined
      }
      if (ended) return ended
      const here = await this.#endsWithin(ELSEWHERE_POLL_MS, local, signal)
      if (here) return here
    }
  }

  #whenEnded(sagaId: string): { ended: Promise<Ended>; forget(): void } {
    let settle: (ended: Ended) => void = () => {}
    const ended = new Promise<Ended>((resolve) => {
      settle = resolve
    })
    const waiting = this.#ending.get(sagaId) ?? new Set()
    waiting.add(settle)
    this.#ending.set(sagaId, waiting)
    return {
      ended,
      forget: () => {
        waiting.delete(settle)
        if (waiting.size === 0) this.#ending.delete(sagaId)
      },
    }
  }

  /** Null when it did not end here within `ms`, or the caller gave up. */
  #endsWithin(ms: number, local: Promise<Ended>, signal?: AbortSignal): Promise<Ended | null> {
    return new Promise((resolve) => {
      const giveUp = () => {
        cancel()
        resolve(null)
      }
      const cancel = this.#options.clock.after(ms, giveUp)
      signal?.addEventListener('abort', giveUp, { once: true })
      void local.then((ended) => {
        cancel()
        signal?.removeEventListener('abort', giveUp)
        resolve(ended)
      })
    })
  }

  async #startEnvelope(request: StartRequest): Promise<Envelope> {
    const { definition, version } = request
    if (request.id !== undefined) checkNewSagaId(request.id)
    checkedData(definition, {}, ['definition'])
    const { input, ...asked } = checkedRequest(request)
    const found = await this.#definitions.byName(definition, version)
    if (!found)
      throw new SagaError(
        'NOT_FOUND',
        version === undefined
          ? `No version of ${definition} is published`
          : `${definition} has no version ${version}`,
      )
    const issues = await this.#examiner.validateInput(found.saga.document, input)
    if (hasErrors(issues))
      throw new SagaError(
        'INVALID_INPUT',
        `The input does not fit ${definition}: ${issues[0]?.message}`,
        {
          issues,
        },
      )
    const sagaId = request.id ?? this.#options.ids.uuid()
    const envelope: Envelope = {
      id: `start:${sagaId}`,
      entityId: sagaId,
      message: {
        type: 'start',
        format: NEWEST_FORMAT,
        definition: found.ref,
        ...(version === undefined ? {} : { pinned: true as const }),
        input,
        ...asked,
      },
    }
    if (request.id !== undefined) this.#chosen.add(envelope)
    return envelope
  }

  get #examiner(): Examiner {
    return this.#options.examiner ?? inlineExaminer
  }

  get #backlogMaxMs(): number {
    return this.#options.backlogMaxMs ?? 5_000
  }

  /** Refused now rather than served late: the worker whose saga it would be is too far behind. */
  #refusal({ entityId }: Envelope): SagaError | null {
    const backlogMs = this.#backlogOf(entityId)
    if (backlogMs <= this.#backlogMaxMs) return null
    const retryAfterMs = Math.round(
      Math.min(RETRY_AFTER_MAX_MS, Math.max(RETRY_AFTER_MIN_MS, backlogMs)),
    )
    return new SagaError(
      'OVERLOADED',
      `Saga ${entityId} was not started: messages before it have been waiting for ${Math.round(backlogMs)} ms, more than ${this.#backlogMaxMs} ms; try again in ${retryAfterMs} ms`,
      { sagaId: entityId, backlogMs: Math.round(backlogMs), retryAfterMs },
    )
  }

  #backlogOf(entityId: string): number {
    if (this.#engine?.owns(entityId)) return this.#engine.backlogMs
    const { view } = this.#keeper
    const owner = view?.owners[shardOf(entityId)]
    return view?.members.find((member) => member.workerId === owner)?.backlogMs ?? 0
  }

  /**
   * Starts that this worker owns are stored by its next commit, without a mailbox row, unless mail waits there that would
   * have to come first; the rest are posted. The same start again is no error, so one whose fate is unknown is simply
   * posted as well. Null for each that is durable; what is refused already stays so.
   */
  async #startAll(starts: readonly (Envelope | SagaError)[]): Promise<(SagaError | null)[]> {
    const engine = this.#engine && !this.#engine.behind ? this.#engine : null
    const elsewhere: Envelope[] = []
    const here = await Promise.all(
      starts.map(async (start) => {
        if (isSagaError(start)) return start
        const { entityId, message } = start
        const verdict = engine?.owns(entityId) ? await engine.submit(entityId, message) : null
        if (verdict?.accepted) return null
        if (verdict && verdict.code !== 'UNAVAILABLE')
          return new SagaError(verdict.code, verdict.reason, { sagaId: entityId })
        elsewhere.push(start)
        return start
      }),
    )
    const posted = await this.#sender.post(elsewhere)
    const others = await this.#othersStarted(
      elsewhere.filter((start, n) => !posted[n] && this.#chosen.has(start)),
    )
    const failed = new Map(
      elsewhere.map((start, n) => [start, posted[n] ?? others.get(start) ?? null]),
    )
    return here.map((one) => (one && !isSagaError(one) ? (failed.get(one) ?? null) : one))
  }

  /**
   * Of starts that were posted: those whose id is another saga's already. It is or will be the one in the journal, else the
   * one posted first. No verdict is waited for, since the worker that gives it may be busy or away.
   */
  async #othersStarted(posted: readonly Envelope[]): Promise<Map<Envelope, SagaError>> {
    const { store } = this.#options
    const others = new Map<Envelope, SagaError>()
    if (posted.length === 0) return others
    const [started, mailed] = await Promise.all([
      store.starts(posted.map(({ entityId }) => entityId)),
      store.posted(posted.map(({ id }) => id)),
    ])
    for (const start of posted) {
      const { id, entityId, message } = start
      const first = started.get(entityId) ?? mailed.get(id)
      if (first?.type !== 'start' || message.type !== 'start') continue
      const how = whatDiffers(first, message)
      if (how !== null)
        others.set(
          start,
          new SagaError('ALREADY_EXISTS', startedAlready(entityId, how), { sagaId: entityId }),
        )
    }
    return others
  }

  /** Tells other workers that they have mail. */
  #wakeOwners(entityIds: readonly string[]): void {
    const { view, lease } = this.#keeper
    if (!this.#wakeUps || !view || view.members.length < 2) return
    const owners = new Set(entityIds.map((id) => view.owners[shardOf(id)]))
    for (const { workerId, address } of view.members)
      if (address !== null && workerId !== lease.workerId && owners.has(workerId))
        this.#wakeUps.send(address, 'mail')
  }

  #createSender(): Sender {
    const { store, clock, verdictMs = 15_000 } = this.#options
    return new Sender({
      store,
      clock,
      verdictMs,
      onPosted: (ids) => {
        this.#engine?.hint()
        this.#wakeOwners(ids)
      },
    })
  }

  #createKeeper(): LeaseKeeper {
    const { store, clock, ids, logger, workerId = ids.uuid() } = this.#options
    return new LeaseKeeper({
      store,
      clock,
      logger,
      workerId,
      nextWorkerId: () => `${workerId.slice(0, 100)}~${ids.uuid()}`,
      leaseMs: this.#options.leaseMs ?? 3_000,
      drainMs: this.#options.drainMs ?? 1_000,
      open: (lease) => this.#createEngine(lease),
      onFreed: (view) => {
        for (const { workerId, address } of view.members)
          if (address !== null && workerId !== this.#keeper.lease.workerId)
            this.#wakeUps?.send(address, 'lease')
      },
      onLost: (error) => this.#lost(error),
    })
  }

  /** One tenancy's engine; the last one, if any, has been abandoned. */
  #createEngine(lease: Lease): Engine {
    const { store, participants, clock, logger, callbackTokens } = this.#options
    this.#lastCommitAt = this.#engine?.lastCommitAt ?? this.#lastCommitAt
    const performer: Performer = new Performer({
      participants,
      clock,
      logger,
      callsMax: this.#options.callsMax ?? 1_000,
      callbackToken: (sagaId, call) => callbackTokens.sign(sagaId, call),
      traceparent,
      done: (sagaId, call, outcome, statements) =>
        engine.deliver(sagaId, { type: 'result', call, outcome }, statements),
      mayCall: () => this.#keeper.isValid(),
    })
    const engine: Engine = new Engine(
      {
        store,
        definitions: this.#definitions,
        clock,
        logger,
        batchMax: this.#options.batchMax ?? 500,
        turnMax: 100,
        residentMax: this.#options.residentMax ?? 2_000,
        snapshotEvery: this.#options.snapshotEvery ?? 20,
        pollMs: this.#options.pollMs ?? 250,
        timerHorizonMs: 4_000,
        onCommit: (ids) => {
          for (const listener of this.#listeners) listener(ids)
        },
        onEnded: (sagaId, ended) => {
          for (const settle of this.#ending.get(sagaId) ?? []) settle(ended)
        },
        onVerdict: (id, verdict) => this.#sender.heard(id, verdict),
        onPosted: (ids) => this.#wakeOwners(ids),
        onFenced: (error) => this.#keeper.fenced(error),
      },
      lease,
      performer,
    )
    this.#performer = performer
    this.#engine = engine
    return engine
  }

  async #openWakeUps(): Promise<WakeUps | null> {
    const { wakeUps, logger } = this.#options
    if (!wakeUps) return null
    try {
      return await wakeUps((what) => {
        if (what === 'mail') this.#engine?.hint()
        else this.#keeper.nudge()
      })
    } catch (error) {
      logger.warn('This worker cannot hear wake-ups; it finds its mail by polling', { error })
      return null
    }
  }

  /** True: join again. */
  #lost(error: unknown): boolean {
    const { onFenced } = this.#options
    if (!onFenced) return true
    this.#stage = 'stopped'
    this.#lastError = error instanceof Error ? error.message : String(error)
    this.#wakeUps?.close()
    onFenced(error)
    return false
  }
}

/** What comes in with a start, checked once and together. */
function checkedRequest({ input, ventureId, by }: StartRequest) {
  return checkedData(
    { input: input ?? null, ventureId: ventureId ?? null, ...(by ? { by } : {}) },
    // the input lies one level down
    { depthMax: DEPTH_MAX + 1, bytesMax: DATA_BYTES_MAX + FRAME_BYTES_MAX },
  )
}

function itemError(
  code: ErrorCode,
  message: string,
  { retryAfterMs }: Record<string, unknown> = {},
): ItemError {
  return { code, message, ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}) }
}

/** W3C trace context: the trace is the saga, the span the call. */
function traceparent(sagaId: string, call: string): string {
  return `00-${digestText(sagaId).slice(0, 32)}-${digestText(`${sagaId} ${call}`).slice(0, 16)}-01`
}
