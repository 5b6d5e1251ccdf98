/**
 * The loop that gives every entity its turn: take messages, decide, commit together, then act.
 *
 * 1. Commit, then act: commands are performed only after the entries that announce them are durable.
 * 2. Group commit: one commit is in flight at a time; what arrives meanwhile is decided at once and goes into the next.
 * 3. One entity, one turn: its messages are taken in arrival order, and never decided on a snapshot that was not stored.
 * 4. After a commit whose outcome is unknown, or that lost a race, the entities in it are read back from the store and
 *    their messages decided again; what was stored already is found to be stale and changes nothing.
 * 5. A fenced lease stops everything at once.
 * 6. An entity in memory is a cache of its journal: it can be dropped whenever nothing of it is under way.
 * 7. Shards come and go at any time. One that goes is drained first (no new calls, then no new turns); what is left of it
 *    is dropped, and results that come late are ignored: its next owner performs those calls again, with the same key.
 * 8. No commit is under way while the lease changes, so that none is sent under an epoch that has just become old.
 */

import { Turnstile } from '../cluster/turnstile'
import type { CompiledSaga } from '../compiler/compile'
import { isSagaError } from '../errors'
import type { Command, Entry, Fact, Message, Verdict } from '../journal/entry'
import type {
  CommitStatement,
  EntityCommit,
  Lease,
  PendingMessage,
  RefusedStatement,
  Store,
  StoredEntity,
} from '../journal/store'
import { shardOf } from '../journal/store'
import type { PlainStatement } from '../participant/statement'
import { type Clock, type Logger, monotonic } from '../ports'
import { chainHash, GENESIS } from '../security/chain'
import { decide } from './decide'
import type { Definitions } from './definitions'
import type { Performer } from './perform'
import { replay } from './replay'
import type { SagaState } from './state'
import { Timers } from './timers'
import { currentOf, isActive, isOpen, openSteps, toCommit, unchanged } from './to-commit'

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

type StartMessage = Extract<Message, { type: 'start' }>

/** How long a shard that is to be given up may take to finish the turns under way. */
const LAST_TURNS_MS = 5_000
/** How often the age of the backlog is worked out at most. */
const BACKLOG_LOOK_MS = 100

const ACCEPTED: Verdict = { accepted: true }
const STOPPED: Verdict = {
  accepted: false,
  code: 'UNAVAILABLE',
  reason: 'This worker stopped before the message was stored; send it again',
}

interface Item {
  message: Message
  /** Set when it came from the mailbox and must be acknowledged. */
  position?: bigint
  id?: string
  /** A start whose definition cannot be had. */
  refusal?: Extract<Verdict, { accepted: false }>
  /** The effect that a call's result brings with it: written by the commit that takes the result, or not at all. */
  statements?: PlainStatement[]
  /** Set when somebody in this process waits for it to be stored. */
  settle?: (verdict: Verdict) => void
  /** Since when it waits, on the monotonic clock. */
  since: number
}

interface Resident {
  id: string
  saga: CompiledSaga | null
  state: SagaState | null
  seq: number
  hash: string
  snapshotSeq: number
  /** Characters of the newest snapshot, and of the entries after it. */
  snapshotSize: number
  entriesSize: number
  /** Steps that run, wait or are being undone. */
  open: Set<string>
  /** As stored last. */
  active: boolean
  current: string | null
  queue: Item[]
  busy: boolean
  touchedAt: number
  /** Was in a commit that the store could not hold: its next one is its own. */
  alone: boolean
  /** Why its messages are left alone: a bug of ours, to be mended before they are taken. */
  broken: string | null
}

interface Work {
  resident: Resident
  items: Item[]
  /** One per item. */
  verdicts: Verdict[]
  commit: EntityCommit
  state: SagaState | null
  commands: Command[]
  entriesSize: number
}

export class Engine {
  readonly #options: EngineOptions
  readonly #performer: Performer
  readonly #timers: Timers
  readonly #residents = new Map<string, Resident>()
  readonly #ready = new Set<Resident>()
  readonly #fetched = new Set<bigint>()
  readonly #turnstile = new Turnstile()
  /** Shards about to be given up: no new calls; and those of them that take no more turns. */
  readonly #closing = new Set<number>()
  readonly #closed = new Set<number>()
  readonly #watchers = new Set<() => void>()
  #lease: Lease
  #running = true
  /** Decided and not yet handed to the store. */
  #decided: Work[] = []
  #deciding: Promise<void> | null = null
  #committing: Promise<void> | null = null
  #polling: Promise<void> | null = null
  #pollAgain = false
  #cancelPoll = () => {}
  #after = 0n
  #behind = false
  #backlog = { at: Number.NEGATIVE_INFINITY, ms: 0 }
  lastCommitAt: number | null = null
  lastError: string | null = null
  /** Why nothing can be stored or read just now; null while it can. */
  trouble: string | null = null

  constructor(options: EngineOptions, lease: Lease, performer: Performer) {
    this.#options = options
    this.#lease = lease
    this.#performer = performer
    this.#timers = new Timers(
      options,
      () => this.#lease,
      (entityId, timer) => this.deliver(entityId, { type: 'timer', timer }),
    )
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
    return this.#fetched.size
  }
  /** More mail waits in the store than fits in here: what is new has to queue up behind it. */
  get behind(): boolean {
    return this.#behind
  }
  /** How long the oldest message has been waiting to be decided and stored. */
  get backlogMs(): number {
    if (!this.#running) return 0
    const now = monotonic(this.#options.clock)
    if (now - this.#backlog.at < BACKLOG_LOOK_MS) return this.#backlog.ms
    let oldest = now
    for (const { queue, broken } of this.#residents.values())
      if (queue[0] && !broken && queue[0].since < oldest) oldest = queue[0].since
    this.#backlog = { at: now, ms: now - oldest }
    return this.#backlog.ms
  }

  /**
   * Takes shards over: brings back what was under way in them, then timers and mail. By default all of the lease's. It goes
   * on until it has succeeded, or this engine stops.
   */
  async recover(lease: Lease, shards: readonly number[] = lease.shards): Promise<void> {
    this.#lease = lease
    const { store, clock, logger } = this.#options
    const gained = { ...lease, shards }
    for (let after: string | null = null; this.#running; )
      try {
        const ids = await store.active(gained, after, 500)
        if (ids.length === 0) break
        await this.#bring(ids.filter((id) => this.owns(id) && !this.#residents.has(id)))
        after = ids[ids.length - 1] ?? null
      } catch (error) {
        this.#failed(error)
        logger.warn('Sagas could not be brought back yet; trying again', { error })
        await new Promise<void>((resolve) => clock.after(200, resolve))
      }
    this.#timers.poll()
    this.hint()
    this.#schedulePoll()
  }

  /** Changes the lease while no commit is under way. Shards that it does not have any more are dropped; drain them first. */
  relet(change: () => Promise<Lease>): Promise<Lease> {
    return this.#turnstile.alone(async () => {
      const before = this.#lease.shards
      const lease = await change()
      this.#lease = lease
      this.#drop(before.filter((shard) => !lease.shards.includes(shard)))
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
      !this.#some((one) => within(one) && one.queue.length > 0 && !one.broken)
    if (graceMs > 0) await this.#until(settled, graceMs)
    for (const shard of shards) this.#closed.add(shard)
    return this.#until(() => !this.#some((one) => within(one) && one.busy), LAST_TURNS_MS)
  }

  /** Forgets everything of these shards: entities, calls, timers, mail. Call it when no turn of them is under way. */
  #drop(shards: readonly number[]): void {
    if (shards.length === 0) return
    const gone = new Set(shards)
    const within = (entityId: string) => gone.has(shardOf(entityId))
    this.#performer.abandon(within)
    this.#timers.drop(within)
    for (const resident of this.#residents.values()) {
      if (!within(resident.id)) continue
      this.#residents.delete(resident.id)
      this.#ready.delete(resident)
      for (const item of resident.queue) {
        if (item.position !== undefined) this.#fetched.delete(item.position)
        item.settle?.(STOPPED)
      }
    }
    for (const shard of shards) {
      this.#closing.delete(shard)
      this.#closed.delete(shard)
    }
  }

  /** Shards that were to be given up stay: goes on as if they had just been taken over. */
  async reopen(shards: readonly number[]): Promise<void> {
    this.#drop(shards)
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
    if (!this.#running) return
    if (this.#polling) {
      this.#pollAgain = true
      return
    }
    this.#polling = this.#poll().finally(() => {
      this.#polling = null
      if (this.#pollAgain) {
        this.#pollAgain = false
        this.hint()
      }
    })
  }

  /** Waits for the commit in flight and takes nothing more. */
  async stop(): Promise<void> {
    this.#halt()
    await this.#polling?.catch(() => {})
    await this.#deciding
    await this.#committing
    this.#tellStopped()
  }

  /** Stops at once, whatever is in flight: the lease is gone, and the database may never answer. */
  abandon(): void {
    this.#halt()
    this.#tellStopped()
  }

  #halt(): void {
    this.#running = false
    this.#cancelPoll()
    this.#timers.stop()
    this.#performer.stop()
    this.#watched()
  }

  #tellStopped(): void {
    for (const { queue } of this.#residents.values())
      for (const item of queue) item.settle?.(STOPPED)
  }

  #some(is: (resident: Resident) => boolean): boolean {
    for (const resident of this.#residents.values()) if (is(resident)) return true
    return false
  }

  /** Waits until it holds, looking whenever a turn or a call has ended; false when it does not in time. */
  #until(holds: () => boolean, withinMs: number): Promise<boolean> {
    if (holds() || !this.#running) return Promise.resolve(holds())
    return new Promise((resolve) => {
      const finish = (held: boolean) => {
        cancel()
        this.#watchers.delete(look)
        resolve(held)
      }
      const look = () => {
        if (holds() || !this.#running) finish(holds())
      }
      const cancel = this.#options.clock.after(withinMs, () => finish(holds()))
      this.#watchers.add(look)
    })
  }

  #watched(): void {
    for (const look of this.#watchers) look()
  }

  #schedulePoll(): void {
    if (!this.#running) return
    this.#cancelPoll()
    this.#cancelPoll = this.#options.clock.after(this.#options.pollMs, () => {
      this.hint()
      this.#schedulePoll()
    })
  }

  async #poll(): Promise<void> {
    const { store, logger, batchMax } = this.#options
    const limit = batchMax * 4
    try {
      for (;;) {
        if (!this.#running) return
        if (this.#fetched.size >= limit) {
          this.#behind = true
          return
        }
        const messages = await store.pending(this.#lease, this.#after, limit)
        this.trouble = null
        for (const message of messages) this.#fetch(message)
        this.#behind = messages.length >= limit
        if (!this.#behind) return
      }
    } catch (error) {
      this.#failed(error)
      logger.warn('The mailbox could not be read; trying again', { error })
    }
  }

  #fetch(message: PendingMessage): void {
    if (message.position > this.#after) this.#after = message.position
    // Read under a lease that has changed since: its owner is another one, or reads it again.
    if (this.#fetched.has(message.position) || !this.#holds(message.entityId)) return
    this.#fetched.add(message.position)
    this.#enqueue(message.entityId, {
      message: message.message,
      position: message.position,
      id: message.id,
      since: monotonic(this.#options.clock) - (message.ageMs ?? 0),
    })
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

  /** Deciding further ahead than one commit would only make entities wait longer for it. */
  #mayDecide(): boolean {
    return this.#running && this.#ready.size > 0 && this.#decided.length < this.#options.batchMax
  }

  async #decideReady(): Promise<void> {
    while (this.#mayDecide()) {
      const batch = this.#nextBatch()
      for (const resident of batch) {
        this.#ready.delete(resident)
        resident.busy = true
      }
      try {
        const unloaded = batch.filter((resident) => resident.seq < 0).map((resident) => resident.id)
        if (unloaded.length > 0) await this.#load(unloaded)
        for (const resident of batch) if (!resident.state) await this.#prepare(resident)
      } catch (error) {
        await this.#retreat(batch, error)
        for (const resident of batch) this.#release(resident)
        continue
      }
      for (const resident of batch) {
        const work = this.#decide(resident)
        if (work) this.#decided.push(work)
        else this.#release(resident)
      }
      this.#flush()
    }
  }

  /** Hands to the store what is decided, unless it is still busy with what was decided before. */
  #flush(): void {
    if (this.#committing || this.#decided.length === 0 || !this.#running) return
    const work = this.#decided.splice(0, this.#togetherMax())
    const committing = this.#commit(work).then(() => {
      if (this.#committing === committing) this.#committing = null
      this.#flush()
      this.#pump()
    })
    this.#committing = committing
  }

  /** A saga that must be alone is first and last in its commit. */
  #togetherMax(): number {
    const alone = this.#decided.findIndex((one) => one.resident.alone)
    return alone < 0 ? this.#options.batchMax : Math.max(1, alone)
  }

  /** Leaves a saga alone. Who waits here is told; mail is kept for when the cause is mended. */
  #giveUp(resident: Resident, what: string, error: unknown): void {
    resident.broken = error instanceof Error ? error.message : String(error)
    this.lastError = `${resident.id}: ${resident.broken}`
    this.#options.logger.error(what, { sagaId: resident.id, error })
    const reason = `Saga ${resident.id} cannot go on: ${resident.broken}`
    resident.queue = resident.queue.filter((item) => {
      item.settle?.({ accepted: false, code: 'UNAVAILABLE', reason })
      return !item.settle
    })
  }

  #nextBatch(): Resident[] {
    const batch: Resident[] = []
    for (const resident of this.#ready) {
      if (this.#closed.size > 0 && this.#closed.has(shardOf(resident.id))) {
        this.#ready.delete(resident)
        continue
      }
      if (resident.alone && batch.length > 0) continue
      batch.push(resident)
      if (resident.alone || batch.length >= this.#options.batchMax) break
    }
    return batch
  }

  /** Decides the messages at the head of an entity's queue; the queue keeps them until they are stored. */
  #decide(resident: Resident): Work | null {
    const { clock, turnMax } = this.#options
    if (resident.broken) return null
    const items = headOf(resident, turnMax)
    const { id: entityId, open } = resident
    const entries: Entry[] = []
    const hashes: string[] = []
    const texts: NonNullable<EntityCommit['texts']> = []
    const commands: Command[] = []
    const acks: EntityCommit['acks'] = []
    const statements: CommitStatement[] = []
    let { state, seq, hash, entriesSize } = resident
    const orphans: string[] = []
    const verdicts: Verdict[] = []
    for (const item of items) {
      const { message } = item
      let verdict: Verdict = ACCEPTED
      try {
        const at = clock.now()
        const due = message.type === 'timer' ? state?.timers[message.timer] : undefined
        if (message.type === 'timer' && due !== undefined && due > at) {
          // Armed for an earlier setting of the same timer: its time has not come.
          this.#timers.set(resident.id, message.timer, due)
          verdicts.push(verdict)
          continue
        }
        const decided =
          item.refusal ??
          (resident.saga
            ? decide(resident.saga, state, message, { entityId, at, seq: seq + 1, owned: true })
            : unknown(resident.id))
        if (!decided.accepted)
          verdict = { accepted: false, code: decided.code, reason: decided.reason }
        else if (decided.changed) {
          seq++
          state = decided.state
          const { facts } = decided
          for (const step of decided.touched)
            if (isOpen(state.steps[step])) open.add(step)
            else open.delete(step)
          const text = { message: JSON.stringify(message), facts: JSON.stringify(facts) }
          hash = chainHash(hash, { entityId, seq, at, ...text })
          entriesSize += text.message.length + text.facts.length
          entries.push({ entityId, seq, at, message, facts })
          texts.push(text)
          hashes.push(hash)
          commands.push(...decided.commands)
          if (item.statements && message.type === 'result')
            for (const one of item.statements) statements.push({ ...one, call: message.call })
        } else if (message.type === 'timer') orphans.push(message.timer)
      } catch (error) {
        this.#giveUp(resident, 'A saga could not decide; its messages are kept', error)
        return null
      }
      verdicts.push(verdict)
      if (item.position !== undefined) acks.push({ position: item.position, verdict })
    }
    if (entries.length === 0 && acks.length === 0 && orphans.length === 0) {
      resident.queue.splice(0, items.length)
      this.#acknowledge(items, verdicts)
      return null
    }
    const { saga } = resident
    const parts =
      saga && state && entries.length > 0
        ? toCommit(saga, state, entries, commands, open)
        : unchanged(resident.active, resident.current)
    if (orphans.length > 0)
      parts.timersCancelled = [
        ...parts.timersCancelled,
        ...orphans.filter((timer) => !parts.timersSet.some((set) => set.timer === timer)),
      ]
    const snapshot = state && this.#isSnapshotDue(resident, seq, entriesSize)
    const commit: EntityCommit = {
      entityId,
      kind: 'saga',
      digest: saga?.digest ?? '',
      fromSeq: resident.seq,
      entries,
      hashes,
      texts,
      ...parts,
      acks,
    }
    if (statements.length > 0) commit.statements = statements
    if (snapshot) commit.snapshot = { seq, data: state, text: JSON.stringify(state) }
    return { resident, items, verdicts, state, commands, commit, entriesSize }
  }

  /**
   * Not before the entries since the last one weigh as much as that did: so snapshots cost a constant part of what entries
   * cost, however large the state has grown, and a load reads at most about twice the state.
   */
  #isSnapshotDue({ snapshotSeq, snapshotSize }: Resident, seq: number, size: number): boolean {
    return seq - snapshotSeq >= this.#options.snapshotEvery && size >= snapshotSize
  }

  /** A start learns its version and digest here, so that its entry says exactly what runs. */
  async #prepare(resident: Resident): Promise<void> {
    resident.saga = null
    const item = resident.queue.find(({ message }) => message.type === 'start')
    if (item?.message.type !== 'start') return
    try {
      item.message = await this.#resolve(resident, item.message)
    } catch (error) {
      if (!isSagaError(error) || error.code === 'UNAVAILABLE') throw error
      item.refusal = { accepted: false, code: error.code, reason: error.message }
    }
  }

  async #resolve(resident: Resident, message: StartMessage): Promise<Message> {
    const { definitions } = this.#options
    if (message.definition.digest !== '') {
      resident.saga =
        definitions.known(message.definition.digest) ??
        (await definitions.byDigest(message.definition.digest))
      return message
    }
    const { name, version } = message.definition
    const found = await definitions.byName(name, version)
    if (found) {
      resident.saga = found.saga
      return { ...message, definition: found.ref }
    }
    if (message.parent)
      await this.#options.store.post([
        {
          id: `child:${resident.id}:0:0`,
          entityId: message.parent.sagaId,
          message: {
            type: 'child',
            step: message.parent.step,
            sagaId: resident.id,
            status: 'ROLLED_BACK',
            error: {
              kind: 'terminal',
              code: 'CHILD_UNKNOWN',
              message: `No definition ${name}${version ? `@${version}` : ''} is published`,
            },
          },
        },
      ])
    return message
  }

  async #commit(work: Work[]): Promise<void> {
    try {
      await this.#turnstile.pass(() =>
        this.#options.store.commit(
          this.#lease,
          work.map((one) => one.commit),
        ),
      )
      // The store takes the next while this process performs what follows from these.
      this.#committing = null
      this.#flush()
      this.#committed(work)
    } catch (error) {
      await this.#retreat(
        work.map((one) => one.resident),
        error,
      )
    }
    for (const { resident } of work) this.#release(resident)
  }

  #committed(work: readonly Work[]): void {
    this.lastCommitAt = this.#options.clock.now()
    this.trouble = null
    const changed: string[] = []
    const posted: string[] = []
    for (const { resident, items, verdicts, state, commands, commit, entriesSize } of work) {
      resident.queue.splice(0, items.length)
      resident.alone = false
      resident.active = commit.active
      resident.current = commit.current
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
      this.#fetched.delete(item.position)
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
    for (const resident of batch) Object.assign(resident, emptyState())
    const code = isSagaError(error) ? error.code : null
    if (code !== 'CONFLICT') await new Promise<void>((resolve) => clock.after(200, resolve))
    if (code === 'INVALID_INPUT') this.#isolate(batch, error)
    const statement = isSagaError(error) ? (error.details.statement as RefusedStatement) : undefined
    if (statement) refuse(batch, statement)
    for (const resident of batch) await this.#reconcile(resident)
  }

  /** The store cannot hold what one of these decided: commit each alone, and leave the one alone that fails again. */
  #isolate(batch: readonly Resident[], error: unknown): void {
    if (batch.length > 1) {
      for (const resident of batch) resident.alone = true
      return
    }
    for (const resident of batch)
      this.#giveUp(resident, 'What a saga decided cannot be stored; its messages are kept', error)
  }

  /** After an unknown commit some of the mail may be acknowledged already: drop that, keep the rest. */
  async #reconcile(resident: Resident): Promise<void> {
    const ids = resident.queue.flatMap((item) => (item.id === undefined ? [] : [item.id]))
    if (ids.length === 0) return
    try {
      const verdicts = await this.#options.store.verdicts(ids)
      resident.queue = resident.queue.filter((item) => {
        const verdict = item.id === undefined ? undefined : verdicts.get(item.id)
        if (!verdict || item.id === undefined) return true
        if (item.position !== undefined) this.#fetched.delete(item.position)
        this.#options.onVerdict(item.id, verdict)
        return false
      })
    } catch (error) {
      this.#failed(error)
    }
  }

  #release(resident: Resident): void {
    resident.busy = false
    resident.touchedAt = this.#options.clock.now()
    if (this.#watchers.size > 0) this.#watched()
    if (!this.#running || this.#residents.get(resident.id) !== resident) return
    // Also with nothing in its queue when it must be read back: its calls are still to be performed.
    if ((resident.queue.length > 0 || resident.seq < 0) && !resident.broken)
      this.#ready.add(resident)
    else if (this.#isDone(resident)) this.#residents.delete(resident.id)
    else if (this.#residents.size > this.#options.residentMax) this.#evict()
  }

  #isDone({ state, broken }: Resident): boolean {
    if (broken) return false
    return !state || ['COMPLETED', 'ROLLED_BACK', 'FAILED'].includes(state.status)
  }

  /** Lets the longest untouched entities go that wait for nothing in this process. */
  #evict(): void {
    for (const resident of this.#residents.values()) {
      if (this.#residents.size <= this.#options.residentMax) return
      if (resident.busy || this.#ready.has(resident) || resident.broken) continue
      const calls = Object.keys(resident.state?.calls ?? {})
      if (calls.some((call) => this.#performer.isRunning(resident.id, call))) continue
      this.#residents.delete(resident.id)
    }
  }

  /** Brings back entities that are not in memory. What arrives for them meanwhile waits until they are there. */
  async #bring(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const residents = ids.map((id) => this.#admit(id))
    for (const resident of residents) resident.busy = true
    try {
      await this.#load(ids)
    } finally {
      for (const resident of residents) {
        resident.busy = false
        if (this.#watchers.size > 0) this.#watched()
        if (this.#residents.get(resident.id) !== resident) continue
        // Loaded or not: with mail it is loaded for its turn; without, it is not kept half known.
        if (resident.queue.length > 0) this.#ready.add(resident)
        else if (resident.seq < 0 || this.#isDone(resident)) this.#residents.delete(resident.id)
      }
      if (this.#ready.size > 0) this.#pump()
    }
  }

  /** Reads snapshots and the entries after them, decided again. */
  async #load(ids: readonly string[]): Promise<void> {
    const stored = await this.#options.store.load([...ids])
    const found = new Map(stored.map((entity) => [entity.entityId, entity]))
    for (const id of ids) {
      const entity = found.get(id)
      const resident = this.#residents.get(id)
      if (!resident) continue
      if (entity) await this.#restore(entity, resident)
      else Object.assign(resident, { ...emptyState(), seq: 0 })
    }
  }

  async #restore(entity: StoredEntity, resident: Resident): Promise<void> {
    if (resident.seq >= entity.seq) return
    let saga: CompiledSaga
    try {
      saga = await this.#options.definitions.byDigest(entity.digest)
    } catch (error) {
      if (!isSagaError(error) || error.code !== 'NOT_FOUND') throw error
      resident.seq = entity.seq
      this.#giveUp(resident, 'The definition of a saga is missing; its messages are kept', error)
      return
    }
    resident.saga = saga
    resident.seq = entity.seq
    resident.hash = entity.hash
    resident.snapshotSeq = entity.snapshot?.seq ?? 0
    resident.snapshotSize = entity.size?.snapshot ?? 0
    resident.entriesSize = entity.size?.entries ?? 0
    resident.touchedAt = this.#options.clock.now()
    try {
      const state = replay(saga, entity)
      resident.state = state
      resident.active = state !== null && isActive(state)
      resident.open = state ? openSteps(state) : new Set()
      resident.current = state && currentOf(saga, state, resident.open)
    } catch (error) {
      this.#giveUp(resident, 'A saga could not be replayed; its messages are kept', error)
    }
    if (this.#closing.has(shardOf(entity.entityId))) return
    const answered = new Set(
      resident.queue.map(({ message }) => (message.type === 'result' ? message.call : null)),
    )
    for (const call of Object.values(resident.state?.calls ?? {}))
      if (!call.pending && !call.answered && !answered.has(call.call))
        this.#performer.perform(entity.entityId, call, true)
  }

  #failed(error: unknown): void {
    this.lastError = error instanceof Error ? error.message : String(error)
    if (!isSagaError(error) || error.code === 'UNAVAILABLE') this.trouble = troubleOf(error)
  }
}

/** A cause in a few words, fit for everybody's eyes. */
function troubleOf(error: unknown): string {
  const cause = isSagaError(error) ? error.details.cause : undefined
  return typeof cause === 'string' ? cause : 'the store does not answer as it should'
}

/** The effect cannot be written: then the step did not happen, and that is its result. */
function refuse(batch: readonly Resident[], refused: RefusedStatement): void {
  const { entityId, call, kind, code, message } = refused
  const resident = batch.find(({ id }) => id === entityId)
  for (const item of resident?.queue ?? []) {
    if (item.message.type !== 'result' || item.message.call !== call) continue
    item.message = { type: 'result', call, outcome: { ok: false, kind, code, message } }
    delete item.statements
  }
}

function endOf(entries: readonly Entry[]): Ended | undefined {
  for (const fact of entries[entries.length - 1]?.facts ?? [])
    if (fact.t === 'saga.ended') return fact
  return undefined
}

function emptyResident(id: string): Resident {
  return {
    id,
    saga: null,
    ...emptyState(),
    queue: [],
    busy: false,
    touchedAt: 0,
    alone: false,
    broken: null,
  }
}

/** What is read back, before it has been. */
function emptyState() {
  return {
    state: null,
    seq: -1,
    hash: GENESIS,
    snapshotSeq: 0,
    snapshotSize: 0,
    entriesSize: 0,
    open: new Set<string>(),
    active: false,
    current: null,
  }
}

/** What one turn takes. It ends before a second start: that may be of another definition, should the first be refused. */
function headOf({ queue, state }: Resident, turnMax: number): Item[] {
  const items = queue.slice(0, turnMax)
  if (state !== null) return items
  const first = items.findIndex(({ message }) => message.type === 'start')
  const second = items.findIndex(({ message }, n) => n > first && message.type === 'start')
  return first < 0 || second < 0 ? items : items.slice(0, second)
}

function unknown(sagaId: string) {
  return { accepted: false, code: 'NOT_FOUND', reason: `There is no saga ${sagaId}` } as const
}
