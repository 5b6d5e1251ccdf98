/**
 * Gives every entity its turn: take messages (inbox.ts), decide (take-turn.ts), commit together (group-commit.ts), then act.
 *
 * 1. Commit, then act: commands are performed only after the entries that announce them are durable.
 * 2. One entity, one turn: its messages are taken in arrival order, and never decided on a snapshot that was not stored.
 * 3. After a commit whose outcome is unknown, or that lost a race, the entities in it are read back from the store and
 *    their messages decided again; what was stored already is found to be stale and changes nothing.
 * 4. A fenced lease stops everything at once.
 * 5. Shards come and go at any time. One that goes is drained first (no new calls, then no new turns); what is left of it
 *    is dropped, and results that come late are ignored: its next owner performs those calls again, with the same key.
 * 6. No commit is under way while the lease changes, so that none is sent under an epoch that has just become old.
 * 7. What is wrong with one saga is that saga's: it is left alone (stuck.ts), and the others go on. An order that may end it is
 *    tried at once, before the mail that it could not take. Its mail waits in the store and counts for nobody's backlog.
 */

import { Turnstile } from '../cluster/turnstile'
import { isSagaError } from '../errors'
import type { Command, Entry, Fact, Message, Verdict } from '../journal/entry'
import type { Lease, PendingMessage, Store } from '../journal/store'
import { shardOf } from '../journal/store'
import type { PlainStatement } from '../participant/statement'
import { type Clock, type Logger, monotonic } from '../ports'
import type { StuckSaga } from '../runtime'
import { takeIn } from './commit-failure'
import type { Definitions } from './definitions'
import { giveUpStart } from './give-up-start'
import { GroupCommit } from './group-commit'
import { Inbox, type InboxOptions } from './inbox'
import type { Performer } from './perform'
import { readBack } from './read-back'
import {
  emptyResident,
  type Item,
  isDone,
  isEnding,
  putOrdersFirst,
  type Resident,
  unknownState,
} from './resident'
import { resolveStart } from './resolve-start'
import { ShowStuck } from './show-stuck'
import { Stuck } from './stuck'
import { type Turn, type TurnOptions, takeTurn, type Work } from './take-turn'
import { Timers } from './timers'
import { Watch } from './watch'

/** The fact with which a saga ends. */
export type Ended = Extract<Fact, { t: 'saga.ended' }>

export interface EngineOptions {
  store: Store
  definitions: Definitions
  clock: Clock
  logger: Logger
  /** Entities in one commit. */
  batchMax: number
  /** Messages of one entity in one commit. */
  turnMax: number
  /** Entities kept in memory while they wait. */
  residentMax: number
  /** A snapshot is written at least every so many entries. */
  snapshotEvery: number
  /** How often the mailbox is looked at when nothing hints at it. */
  pollMs: number
  timerHorizonMs: number
  onCommit(entityIds: readonly string[]): void
  /** A saga ended, durably. It may still be rolled back later. */
  onEnded(sagaId: string, ended: Ended): void
  onVerdict(messageId: string, verdict: Verdict): void
  /** Mail was committed, for whichever worker owns these entities. */
  onPosted(entityIds: readonly string[]): void
  onFenced(error: unknown): void
}

/** How long a shard that is to be given up may take to finish the turns under way. */
const LAST_TURNS_MS = 5_000
/** How often the age of the backlog is worked out at most. */
const BACKLOG_LOOK_MS = 100
/** Fewer entities are not worth a commit of their own. */
const PART_MIN = 32
/** Entities brought back at once: for so long nothing else happens here, a renewal of the lease neither. */
const RECOVER_MAX = 200
/** Mail that is held at once, in commits. */
const MAIL_COMMITS = 4

const STOPPED: Verdict = {
  accepted: false,
  code: 'UNAVAILABLE',
  reason: 'This worker stopped before the message was stored; send it again',
}

export class Engine {
  readonly #options: EngineOptions
  readonly #turns: TurnOptions
  readonly #performer: Performer
  readonly #timers: Timers
  readonly #residents = new Map<string, Resident>()
  readonly #ready = new Set<Resident>()
  /** Those that wait and have nothing under way here, the longest untouched first: what may leave memory. */
  readonly #idle = new Set<Resident>()
  readonly #inbox: Inbox
  readonly #commits: GroupCommit
  readonly #stuck: Stuck
  readonly #showStuck: ShowStuck
  readonly #turnstile = new Turnstile()
  /** Shards about to be given up: no new calls; and those of them that take no more turns. */
  readonly #closing = new Set<number>()
  readonly #closed = new Set<number>()
  readonly #watch: Watch
  #lease: Lease
  #running = true
  #deciding: Promise<void> | null = null
  #backlog = { at: Number.NEGATIVE_INFINITY, ms: 0 }
  lastCommitAt: number | null = null
  lastError: string | null = null
  /** Why nothing can be stored or read just now; null while it can. */
  trouble: string | null = null

  constructor(options: EngineOptions, lease: Lease, performer: Performer) {
    const { clock, turnMax, snapshotEvery } = options
    this.#options = options
    this.#turns = { now: () => clock.now(), turnMax, snapshotEvery }
    this.#lease = lease
    this.#performer = performer
    this.#timers = new Timers(
      options,
      () => this.#lease,
      (entityId, timer) => this.deliver(entityId, { type: 'timer', timer }),
    )
    this.#inbox = new Inbox({
      ...options,
      max: options.batchMax * MAIL_COMMITS,
      lease: () => this.#lease,
      take: (message) => this.#take(message),
      read: () => {
        this.trouble = null
      },
      failed: (error) => this.#failed(error),
    })
    this.#commits = new GroupCommit({
      clock: options.clock,
      max: options.batchMax,
      send: (work) =>
        this.#turnstile.pass(() =>
          options.store.commit(
            this.#lease,
            work.map((one) => one.commit),
          ),
        ),
      committed: (work) => this.#committed(work),
      failed: (work, error) =>
        this.#retreat(
          work.map((one) => one.resident),
          error,
        ),
      settled: (work) => {
        for (const { resident } of work) this.#release(resident)
      },
      room: () => this.#pump(),
    })
    this.#watch = new Watch(options.clock)
    this.#stuck = new Stuck(
      options.clock,
      (sagaId) => void this.#tryAgain(sagaId),
      () => this.#showStuck.changed(),
    )
    this.#showStuck = new ShowStuck({
      ...options,
      lease: () => this.#lease,
      list: () => this.stuck,
    })
  }

  get resident(): number {
    return this.#residents.size
  }
  get busy(): number {
    let n = this.#ready.size
    for (const one of this.#residents.values()) if (one.busy) n++
    return n
  }
  get pending(): number {
    return this.#inbox.size
  }
  /** More mail waits in the store than fits in here: what is new has to queue up behind it. */
  get behind(): boolean {
    return this.#inbox.isBehind
  }
  /** Sagas of this worker that are left alone for now. */
  get stuck(): readonly StuckSaga[] {
    return this.#stuck.list
  }
  /** How long the oldest message has been waiting to be decided and stored. */
  get backlogMs(): number {
    if (!this.#running) return 0
    const now = monotonic(this.#options.clock)
    if (now - this.#backlog.at < BACKLOG_LOOK_MS) return this.#backlog.ms
    let oldest = now
    for (const { queue } of this.#residents.values())
      if (queue[0] && queue[0].since < oldest) oldest = queue[0].since
    this.#backlog = { at: now, ms: now - oldest }
    return this.#backlog.ms
  }

  /**
   * Takes shards over: their timers, their mail, and what was under way in them. By default all of the lease's. It goes on
   * until it has succeeded, or this engine stops.
   */
  async recover(lease: Lease, shards: readonly number[] = lease.shards): Promise<void> {
    this.#lease = lease
    const { store, clock, logger } = this.#options
    const gained = { ...lease, shards }
    // Timers and mail need not wait for the rest: each entity is loaded for its own turn.
    this.#timers.poll()
    this.hint()
    this.#inbox.poll()
    this.#showStuck.changed()
    for (let after: string | null = null; this.#running; )
      try {
        const ids = await store.active(gained, after, RECOVER_MAX)
        if (ids.length === 0) break
        await this.#bring(ids.filter((id) => this.owns(id) && !this.#residents.has(id)))
        after = ids[ids.length - 1] ?? null
      } catch (error) {
        this.#failed(error)
        logger.warn('Sagas could not be brought back yet; trying again', { error })
        await new Promise<void>((resolve) => clock.after(200, resolve))
      }
  }

  /** Changes the lease while no commit is under way. Shards that it does not have any more are dropped; drain them first. */
  relet(change: () => Promise<Lease>): Promise<Lease> {
    return this.#turnstile.alone(async () => {
      const before = this.#lease.shards
      const lease = await change()
      this.#lease = lease
      this.#drop(before.filter((shard) => !lease.shards.includes(shard)))
      for (const shard of lease.shards) if (!before.includes(shard)) this.#open(shard)
      // Shards that came bring mail of any age.
      this.#inbox.startOver()
      return lease
    })
  }

  /**
   * Prepares shards to be given up: no new calls in them, those under way may finish within `graceMs`; then no new turns.
   * True when nothing of them is under way any more. Then `relet`, or, if they are kept after all, `reopen`.
   */
  async drain(shards: readonly number[], graceMs: number): Promise<boolean> {
    const ours = new Set(shards)
    for (const shard of shards) this.#closing.add(shard)
    this.#performer.withdraw((sagaId) => ours.has(shardOf(sagaId)))
    const within = (resident: Resident) => ours.has(shardOf(resident.id))
    const settled = () =>
      !this.#performer.isBusy((sagaId) => ours.has(shardOf(sagaId))) &&
      !this.#some((one) => within(one) && one.queue.length > 0)
    if (graceMs > 0) await this.#watch.until(settled, graceMs)
    for (const shard of shards) this.#closed.add(shard)
    return this.#watch.until(() => !this.#some((one) => within(one) && one.busy), LAST_TURNS_MS)
  }

  /** Forgets everything of these shards: entities, calls, timers, mail. Call it when no turn of them is under way. */
  #drop(shards: readonly number[]): void {
    if (shards.length === 0) return
    const gone = new Set(shards)
    const within = (entityId: string) => gone.has(shardOf(entityId))
    this.#performer.abandon(within)
    this.#timers.drop(within)
    this.#stuck.drop(within)
    for (const resident of this.#residents.values()) {
      if (!within(resident.id)) continue
      this.#residents.delete(resident.id)
      this.#ready.delete(resident)
      this.#idle.delete(resident)
      for (const item of resident.queue) {
        if (item.position !== undefined) this.#inbox.release(item.position)
        item.settle?.(STOPPED)
      }
    }
    this.#inbox.startOver()
    for (const shard of shards) this.#open(shard)
  }

  #open(shard: number): void {
    this.#closing.delete(shard)
    this.#closed.delete(shard)
  }

  /**
   * Shards that were to be given up stay. Nothing is dropped, for turns of them may still be under way: what was held back
   * goes on, and what is not in memory is brought back.
   */
  async reopen(shards: readonly number[]): Promise<void> {
    for (const shard of shards) this.#open(shard)
    for (const resident of this.#residents.values()) {
      if (!shards.includes(shardOf(resident.id))) continue
      this.#performAgain(resident)
      if (!resident.busy && !resident.stuck && (resident.queue.length > 0 || resident.seq < 0))
        this.#ready.add(resident)
    }
    if (this.#ready.size > 0) this.#pump()
    await this.recover(this.#lease, shards)
  }

  owns(entityId: string): boolean {
    const shard = shardOf(entityId)
    return this.#lease.shards.includes(shard) && !this.#closing.has(shard)
  }

  /** Hands a message of this process's own making to an entity. Lost with the process, so only for what recovery repeats. */
  deliver(entityId: string, message: Message, statements?: PlainStatement[]): void {
    this.#enqueue(entityId, {
      message,
      since: monotonic(this.#options.clock),
      ...(statements ? { statements } : {}),
    })
  }

  /**
   * Hands over a message that needs no mailbox because its sender waits here until it is stored. Refused with
   * UNAVAILABLE when this engine stops first: then it may or may not have been stored.
   */
  submit(entityId: string, message: Message): Promise<Verdict> {
    return new Promise((settle) => {
      this.#enqueue(entityId, { message, settle, since: monotonic(this.#options.clock) })
    })
  }

  /** Something was posted: look at the mailbox now rather than at the next poll. */
  hint(): void {
    this.#inbox.hint()
  }

  /** Waits for the commit in flight and takes nothing more. */
  async stop(): Promise<void> {
    this.#halt()
    await this.#inbox.stop()
    await this.#deciding
    await this.#commits.stop()
    this.#tellStopped()
  }

  /** Stops at once, whatever is in flight: the lease is gone, and the database may never answer. */
  abandon(): void {
    this.#halt()
    this.#tellStopped()
  }

  #halt(): void {
    this.#running = false
    void this.#inbox.stop()
    void this.#commits.stop()
    this.#showStuck.stop()
    this.#stuck.drop(() => true)
    this.#timers.stop()
    this.#performer.stop()
    this.#watch.end()
  }

  #tellStopped(): void {
    for (const { queue } of this.#residents.values())
      for (const item of queue) item.settle?.(STOPPED)
  }

  #some(is: (resident: Resident) => boolean): boolean {
    for (const resident of this.#residents.values()) if (is(resident)) return true
    return false
  }

  #take({
    entityId,
    message,
    position,
    id,
    ageMs = 0,
  }: PendingMessage): ReturnType<InboxOptions['take']> {
    // Read under a lease that has changed since: its owner is another one, or reads it again.
    if (!this.#running || !this.#holds(entityId)) return 'elsewhere'
    if (this.#residents.get(entityId)?.stuck) {
      if (isEnding(message)) this.#stuck.hasten(entityId, position)
      return 'aside'
    }
    const since = monotonic(this.#options.clock) - ageMs
    this.#enqueue(entityId, { message, position, id, since })
    return 'taken'
  }

  /** Its shard is ours, also while that is being given up. */
  #holds(entityId: string): boolean {
    return this.#lease.shards.includes(shardOf(entityId))
  }

  #enqueue(entityId: string, item: Item): void {
    if (!this.#running || !this.#holds(entityId)) {
      item.settle?.(STOPPED)
      return
    }
    const resident = this.#residents.get(entityId) ?? this.#admit(entityId)
    if (resident.stuck)
      return item.settle?.(leftAlone(resident.id, this.#stuck.reason(resident.id)))
    this.#idle.delete(resident)
    resident.queue.push(item)
    if (!resident.busy) this.#ready.add(resident)
    this.#pump()
  }

  /** An entity to be loaded before its first turn. */
  #admit(id: string): Resident {
    const resident = emptyResident(id)
    this.#residents.set(id, resident)
    return resident
  }

  #pump(): void {
    if (this.#deciding || !this.#running) return
    // A turn of the microtask queue lets what arrives together be decided together.
    this.#deciding = Promise.resolve()
      .then(() => this.#decideReady())
      .finally(() => {
        this.#deciding = null
        if (this.#mayDecide()) this.#pump()
      })
  }

  #mayDecide(): boolean {
    return this.#running && this.#ready.size > 0 && !this.#commits.isFull
  }

  async #decideReady(): Promise<void> {
    while (this.#mayDecide()) {
      const batch = this.#nextBatch()
      for (const resident of batch) {
        this.#ready.delete(resident)
        resident.busy = true
      }
      try {
        const unloaded = batch.filter((resident) => resident.seq < 0)
        if (unloaded.length > 0) await this.#load(unloaded)
        for (const resident of batch)
          if (!resident.state && !resident.stuck) await this.#prepare(resident)
      } catch (error) {
        await this.#retreat(batch, error)
        for (const resident of batch) this.#release(resident)
        continue
      }
      for (const resident of batch) {
        const work = resident.stuck ? null : this.#decide(resident)
        if (work) this.#commits.add(work)
        else this.#release(resident)
      }
      this.#commits.flush()
    }
  }

  /** Leaves a saga alone for now. Who waits here is told; mail stays in the store. */
  #leave(resident: Resident, what: string, error: unknown): void {
    const reason = reasonOf(error)
    this.lastError = `${resident.id}: ${reason}`
    this.#options.logger.error(what, { sagaId: resident.id, error })
    for (const { position, settle } of resident.queue) {
      if (position !== undefined) this.#inbox.putAside(position)
      settle?.(leftAlone(resident.id, reason))
    }
    Object.assign(resident, unknownState(), { queue: [], stuck: true, alone: false, conflicts: 0 })
    this.#ready.delete(resident)
    this.#idle.delete(resident)
    this.#stuck.add(resident.id, reason)
  }

  /**
   * Reads its mail, then the saga afresh: its calls are performed again when its orders are here already, so that no result
   * that it cannot take comes before them.
   */
  async #tryAgain(sagaId: string): Promise<void> {
    if (!this.#running || !this.owns(sagaId)) return
    this.#residents.delete(sagaId)
    this.#inbox.startOver()
    await this.#inbox.look()
    // With mail it is loaded for its turn.
    if (!this.#running || !this.owns(sagaId) || this.#residents.has(sagaId)) return
    try {
      await this.#bring([sagaId])
    } catch (error) {
      this.#failed(error)
      const resident = this.#residents.get(sagaId) ?? this.#admit(sagaId)
      this.#leave(resident, 'A saga that was left alone could not be read', error)
    }
  }

  /**
   * Half of what is ready or being stored: while one half is stored, the other is decided. Otherwise a load that began
   * together would stay together, and the store and this process would wait for each other in turns.
   */
  #nextBatch(): Resident[] {
    const part = Math.ceil((this.#ready.size + this.#commits.size) / 2)
    const max = Math.min(this.#options.batchMax, Math.max(part, PART_MIN))
    const batch: Resident[] = []
    for (const resident of this.#ready) {
      if (this.#closed.size > 0 && this.#closed.has(shardOf(resident.id))) {
        this.#ready.delete(resident)
        continue
      }
      if (resident.alone && batch.length > 0) continue
      batch.push(resident)
      if (resident.alone || batch.length >= max) break
    }
    return batch
  }

  /** Decides the messages at the head of an entity's queue; the queue keeps them until they are stored. */
  #decide(resident: Resident): Work | null {
    if (this.#stuck.isTried(resident.id)) putOrdersFirst(resident)
    let turn: Turn
    try {
      turn = takeTurn(resident, this.#turns)
    } catch (error) {
      if (giveUpStart(resident, reasonOf(error))) return this.#decide(resident)
      this.#leave(resident, 'A saga could not decide; it is left alone for now', error)
      return null
    }
    for (const { timer, dueAt } of turn.early) this.#timers.set(resident.id, timer, dueAt)
    if (turn.work) return turn.work
    resident.queue.splice(0, turn.items.length)
    this.#acknowledge(turn.items, turn.verdicts)
    return null
  }

  /** A start learns here what it runs. */
  async #prepare(resident: Resident): Promise<void> {
    resident.saga = null
    const { definitions } = this.#options
    for (const item of resident.queue) {
      if (item.message.type !== 'start') continue
      try {
        const { saga, ...resolved } = await resolveStart(resident.id, item.message, definitions)
        resident.saga = saga
        Object.assign(item, resolved, { resolved: true })
      } catch (error) {
        if (isUnavailable(error)) throw error
        this.#leave(resident, 'A start could not be prepared; it is left alone for now', error)
      }
      return
    }
  }

  #committed(work: readonly Work[]): void {
    this.lastCommitAt = this.#options.clock.now()
    this.trouble = null
    const changed: string[] = []
    const posted: string[] = []
    for (const { resident, items, verdicts, state, commands, commit, entriesSize } of work) {
      resident.queue.splice(0, items.length)
      resident.alone = false
      resident.conflicts = 0
      resident.active = commit.active ?? resident.active
      if (commit.entries.length > 0) {
        resident.state = state
        resident.seq = commit.fromSeq + commit.entries.length
        resident.hash = commit.hashes[commit.hashes.length - 1] ?? resident.hash
        resident.entriesSize = entriesSize
        if (commit.snapshot) {
          resident.snapshotSeq = commit.snapshot.seq
          resident.snapshotSize = commit.snapshot.text?.length ?? 0
          resident.entriesSize = 0
        }
        changed.push(resident.id)
        const ended = endOf(commit.entries)
        if (ended) this.#options.onEnded(resident.id, ended)
      }
      this.#acknowledge(items, verdicts)
      for (const post of commit.posts) posted.push(post.entityId)
      this.#act(resident.id, commands)
    }
    if (changed.length > 0) this.#options.onCommit(changed)
    if (posted.length > 0) {
      this.hint()
      this.#options.onPosted(posted)
    }
  }

  #acknowledge(items: readonly Item[], verdicts: readonly Verdict[]): void {
    items.forEach((item, n) => {
      const verdict = verdicts[n]
      if (!verdict) return
      item.settle?.(verdict)
      if (item.position === undefined) return
      this.#inbox.release(item.position)
      if (item.id !== undefined) this.#options.onVerdict(item.id, verdict)
    })
  }

  #act(entityId: string, commands: readonly Command[]): void {
    for (const command of commands)
      switch (command.c) {
        case 'call':
          // A call started and settled within one batch is not outstanding any more; one in a shard that is being given
          // up is left to its next owner.
          if (
            this.#residents.get(entityId)?.state?.calls[command.call] &&
            !this.#closing.has(shardOf(entityId))
          )
            this.#performer.perform(entityId, command)
          break
        case 'setTimer':
          this.#timers.set(entityId, command.timer, command.dueAt)
          break
        case 'cancelTimer':
          this.#timers.cancel(entityId, command.timer)
          break
        case 'send':
          break
        default: {
          const never: never = command
          throw new Error(`Unknown command ${JSON.stringify(never)}`)
        }
      }
  }

  /** The commit failed, or may have: forget what we believe about these entities and read it back. */
  async #retreat(batch: readonly Resident[], error: unknown): Promise<void> {
    const { clock, logger, onFenced } = this.#options
    this.#failed(error)
    if (!this.#running) return
    if (isSagaError(error) && error.code === 'FENCED') {
      this.#running = false
      onFenced(error)
      return
    }
    logger.warn('A commit did not succeed; reading back and trying again', {
      entities: batch.length,
      error,
    })
    const { pauseMs, leave } = takeIn(batch, error)
    for (const resident of batch) Object.assign(resident, unknownState())
    if (leave && !giveUpStart(leave, reasonOf(error)))
      this.#leave(leave, 'What a saga decided cannot be stored; it is left alone', error)
    if (pauseMs > 0) await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    await this.#reconcile(batch)
  }

  /** Some of the mail may be acknowledged already: drop that, keep the rest. */
  async #reconcile(batch: readonly Resident[]): Promise<void> {
    const ids = batch.flatMap(({ queue }) =>
      queue.flatMap(({ id }) => (id === undefined ? [] : id)),
    )
    if (ids.length === 0) return
    try {
      const verdicts = await this.#options.store.verdicts(ids)
      for (const resident of batch)
        resident.queue = resident.queue.filter(({ id, position }) => {
          const verdict = id === undefined ? undefined : verdicts.get(id)
          if (!verdict || id === undefined) return true
          if (position !== undefined) this.#inbox.release(position)
          this.#options.onVerdict(id, verdict)
          return false
        })
    } catch (error) {
      this.#failed(error)
    }
  }

  #release(resident: Resident): void {
    resident.busy = false
    this.#watch.look()
    if (!this.#running || this.#residents.get(resident.id) !== resident) return
    // Also with nothing in its queue when it must be read back: its calls are still to be performed.
    if ((resident.queue.length > 0 || resident.seq < 0) && !resident.stuck)
      this.#ready.add(resident)
    else if (isDone(resident)) this.#residents.delete(resident.id)
    else this.#rest(resident)
  }

  /** It has no mail. Unless a call of it runs here, it may leave memory, and the longest untouched of its like do. */
  #rest(resident: Resident): void {
    if (resident.stuck) return
    for (const call in resident.state?.calls)
      if (this.#performer.isRunning(resident.id, call)) return
    this.#idle.delete(resident)
    this.#idle.add(resident)
    for (const oldest of this.#idle) {
      if (this.#idle.size <= this.#options.residentMax) return
      this.#idle.delete(oldest)
      this.#residents.delete(oldest.id)
    }
  }

  /** Brings back entities that are not in memory. What arrives for them meanwhile waits until they are there. */
  async #bring(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const residents = ids.map((id) => this.#admit(id))
    for (const resident of residents) resident.busy = true
    try {
      await this.#load(residents)
    } finally {
      for (const resident of residents) {
        resident.busy = false
        this.#watch.look()
        if (this.#residents.get(resident.id) !== resident) continue
        // Loaded or not: with mail it is loaded for its turn; without, it is not kept half known.
        if (resident.stuck) continue
        if (resident.queue.length > 0) this.#ready.add(resident)
        else if (resident.seq < 0 || isDone(resident)) this.#residents.delete(resident.id)
        else this.#rest(resident)
      }
      if (this.#ready.size > 0) this.#pump()
    }
  }

  /** From the store, and performs again what was under way. */
  async #load(residents: readonly Resident[]): Promise<void> {
    const { store, definitions } = this.#options
    await readBack(residents, {
      store,
      definitions,
      restored: (resident) => {
        this.#performAgain(resident)
      },
      leave: (resident, what, error) => this.#leave(resident, what, error),
    })
  }

  /** Calls whose result has not come back. Nothing happens to those under way here. */
  #performAgain(resident: Resident): void {
    const { id, queue, state } = resident
    // Dropped while it was read: its shard is another worker's, or about to be.
    if (this.#residents.get(id) !== resident || this.#closing.has(shardOf(id))) return
    const answered = new Set(
      queue.map(({ message }) => (message.type === 'result' ? message.call : null)),
    )
    for (const call of Object.values(state?.calls ?? {}))
      if (!call.pending && !call.answered && !answered.has(call.call))
        this.#performer.perform(id, call, true)
  }

  #failed(error: unknown): void {
    this.lastError = reasonOf(error)
    if (!isSagaError(error) || isUnavailable(error)) this.trouble = troubleOf(error)
  }
}

const isUnavailable = (error: unknown) => isSagaError(error) && error.code === 'UNAVAILABLE'

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const leftAlone = (sagaId: string, why = 'the health endpoint says why'): Verdict => ({
  accepted: false,
  code: 'UNAVAILABLE',
  reason: `Saga ${sagaId} cannot go on just now and is tried again: ${why}`,
})

/** A cause in a few words, fit for everybody's eyes. */
function troubleOf(error: unknown): string {
  const cause = isSagaError(error) ? error.details.cause : undefined
  return typeof cause === 'string' ? cause : 'the store does not answer as it should'
}

function endOf(entries: readonly Entry[]): Ended | undefined {
  for (const fact of entries[entries.length - 1]?.facts ?? [])
    if (fact.t === 'saga.ended') return fact
  return undefined
}
