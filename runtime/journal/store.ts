/**
 * The store port: all that the engine asks of durability. One commit takes what many entities decided, all or nothing.
 *
 * 1. `commit` is atomic and fenced: with a lease that is no longer live it writes nothing and throws FENCED.
 * 2. An entity's entries are gapless; a commit whose `fromSeq` is not the stored `seq` throws CONFLICT, nothing written.
 * 3. `post` is idempotent by message id; a posted message stays until a commit acknowledges it.
 * 4. A connection lost during `commit` is an unknown outcome (UNAVAILABLE with `details.outcomeUnknown`): the engine
 *    reads back before it decides anything.
 * 5. A message is consumed once: acknowledging it a second time throws CONFLICT, nothing written.
 * 6. What comes back is the JSON that went in, key order included: replay sees what the first run saw.
 * 7. An epoch stands for one worker and one set of shards. It is new whenever either changes, and grows: along an entity's
 *    entries it never goes back, and a commit that arrives late under an older one is refused.
 * 8. The statements of a commit are part of it. One that fails throws CONFLICT with `details.statement`, nothing written.
 *
 * Implementations: memory-store.ts (reference), ../postgres/postgres-store.ts; both pass
 * tests/runtime/journal/conformance.ts. What a commit must look like: commit-rules.ts.
 */
import type { ClusterView, Moves } from '../cluster/ownership'
import type { PlainStatement } from '../participant/statement'
import type { StuckSaga } from '../runtime'
import type { DefinitionRef, Entry, Message, SagaStatus, Verdict } from './entry'

/** Fixed number of virtual shards; an entity's shard is fnv1a(id) mod this. */
export const SHARDS = 64

/** A worker's right to write. Its epoch is in every commit (DESIGN: fence the worker, not each shard). */
export interface Lease {
  workerId: string
  /** New whenever `shards` changes. */
  epoch: number
  shards: readonly number[]
  /** The epoch with which it was acquired: names this lease through all changes of its shards. Default: `epoch`. */
  session?: number
}

/** A lease extended, and the cluster as the store saw it then. */
export interface Renewal extends Lease {
  view: ClusterView
}

export interface Envelope {
  /** Unique for ever; chosen by the sender, so sending twice is harmless. */
  id: string
  entityId: string
  message: Message
  /** Where the sender is one: W3C trace context. */
  traceparent?: string
}

export interface PendingMessage extends Envelope {
  /** Arrival order within the store. */
  position: bigint
  at: number
  /** How long it has been waiting, by the store's clock. */
  ageMs?: number
}

/** From where the mailbox has to be looked at again; what else is in it is the store's own business. */
export interface MailCursor {
  /** No message that the reader has not been given can be at, or appear at, a position up to here. */
  settled: bigint
}

export interface Mail {
  messages: PendingMessage[]
  cursor: MailCursor
}

/** What lists show about a saga; written when it starts and when a field changes, never per step. */
export interface SagaRow {
  id: string
  definition: DefinitionRef
  title: string
  ventureId: string | null
  parentId: string | null
  parentStep: string | null
  status: SagaStatus
  totalSteps: number
  input: unknown
  output?: unknown
  startedBy: string | null
  startedAt: number
  endedAt: number | null
  timeoutAt: number | null
  requiresApproval: boolean
  failureCode: string | null
  failureReason: string | null
}

export interface GateRow {
  id: string
  sagaId: string
  step: string
  question: string
  context: unknown
  roles: string[]
  openedAt: number
  openedSeq: number
  dueAt: number | null
}

export interface DecisionRow {
  id: string
  sagaId: string
  gateId: string
  decision: string
  reasoning: string
  conditions: string[]
  decidedBy: string
  decidedByName: string
  at: number
  seenSeq: number
  previewDigest: string | null
}

/** What one entity decided; an entity is in a commit at most once. */
export interface EntityCommit {
  entityId: string
  kind: 'saga'
  /** The digest its behaviour is compiled from. */
  digest: string
  /** The entity's seq before this commit. 0 creates it; with no entries (a refused first message) nothing is created. */
  fromSeq: number
  entries: Entry[]
  /** The hash chain after each entry, hex; the last is the new head. As many as entries. */
  hashes: string[]
  /** Each entry's message and facts as JSON, where the engine has it already: that is what it hashed. As many as entries. */
  texts?: { message: string; facts: string }[]
  /** Written when the engine chooses to; entries after `snapshotSeq` are replayed on load. */
  snapshot?: { seq: number; data: unknown; text?: string }
  /** Work is outstanding that only a running engine can finish: recovery must load it. Null: as it was; never of a new one. */
  active: boolean | null
  /** Short text for lists, e.g. the running step's title. It goes with the last of the entries. */
  current: string | null
  /** Whole in the commit that creates the entity; afterwards a field left out keeps its value, null clears it. */
  saga?: Partial<SagaRow> & { id: string }
  gatesOpened: GateRow[]
  gatesClosed: { id: string; how: 'DECIDED' | 'EXPIRED' | 'CANCELLED'; at: number }[]
  decisions: DecisionRow[]
  /** Replaces a timer of the same name. Cancelling comes first: a timer in both lists ends up set. */
  timersSet: { timer: string; dueAt: number }[]
  timersCancelled: string[]
  posts: Envelope[]
  acks: { position: bigint; verdict: Verdict }[]
  /** Effects of transactional steps, carried out in order with this commit. */
  statements?: CommitStatement[]
}

export interface CommitStatement extends PlainStatement {
  /** The call whose effect it is. */
  call: string
}

/** In the `details.statement` of a CONFLICT: nothing was written, because this call's effect cannot be. */
export interface RefusedStatement {
  entityId: string
  call: string
  kind: 'terminal' | 'retryable'
  code: string
  message: string
}

export interface StoredEntity {
  entityId: string
  kind: 'saga'
  seq: number
  hash: string
  /** The digest its behaviour is compiled from. */
  digest: string
  snapshot: { seq: number; data: unknown } | null
  /** Entries after the snapshot, in order. */
  entries: Entry[]
  /** Characters of their JSON, where the store knows. */
  size?: { snapshot: number; entries: number }
}

export interface DueTimer {
  entityId: string
  timer: string
  dueAt: number
}

export interface FeedItem {
  /** Opaque, totally ordered; resume after it. */
  cursor: string
  entry: Entry
}

export interface Store {
  /**
   * Registers this worker and takes its share of the shards whose owner is gone. `shards` is empty while others hold them.
   * An older lease of the same `workerId` is fenced. `address`: where it hears wake-ups.
   */
  acquire(workerId: string, ttlMs: number, address?: string): Promise<Lease>
  /**
   * Extends the lease, ends those of others that ran out, and tells who is there; throws FENCED when this one was ended.
   * It changes no shard of its own: the answer's epoch and shards are those that hold now, also after a `reassign` whose
   * outcome was unknown. `backlogMs` is shown to the others.
   */
  renew(lease: Lease, ttlMs: number, backlogMs?: number): Promise<Renewal>
  /**
   * Gives shards up and takes others that have no live owner, in one step under a new epoch. What somebody else took
   * first is simply not in the answer. No commit may be under way: the old epoch ends with this.
   */
  reassign(lease: Lease, moves: Moves): Promise<Lease>
  /** Lets everybody see these, in place of those it showed before, for as long as its lease lives. Throws FENCED. */
  showStuck(lease: Lease, sagas: readonly StuckSaga[]): Promise<void>
  /** What live workers show, longest first. */
  stuck(limit: number): Promise<(StuckSaga & { workerId: string })[]>
  /** Gives everything back at once (drained shutdown). */
  release(lease: Lease): Promise<void>

  commit(lease: Lease, commits: EntityCommit[]): Promise<void>
  load(entityIds: string[]): Promise<StoredEntity[]>
  /** Owned entities whose `active` is set, in id order (time order for generated ids); at most `limit` after `afterId`. */
  active(lease: Lease, afterId: string | null, limit: number): Promise<string[]>
  /** Owned timers due at or before `until`, soonest first. */
  timers(lease: Lease, until: number, limit: number): Promise<DueTimer[]>
  /**
   * Owned, unacknowledged messages but those at the positions in `have`, oldest first; and a cursor with which the next
   * look is cheaper, for as long as the shards are the same. With `null` it looks at all there are.
   */
  pending(
    lease: Lease,
    cursor: MailCursor | null,
    have: readonly bigint[],
    limit: number,
  ): Promise<Mail>

  /** Returns the ids that were new. */
  post(envelopes: Envelope[]): Promise<string[]>
  /** The verdicts of those messages that have been acknowledged. */
  verdicts(messageIds: string[]): Promise<Map<string, Verdict>>
  /** The messages as they were first posted under these ids, as far as they are remembered. */
  posted(messageIds: string[]): Promise<Map<string, Message>>
  /** The first message of each of these entities that exists: its start. */
  starts(entityIds: string[]): Promise<Map<string, Message>>

  read(entityId: string, afterSeq: number, limit: number): Promise<Entry[]>
  /** Entries of all entities in commit order, never skipping one that commits late. */
  feed(after: string | null, limit: number): Promise<FeedItem[]>
}

/** FNV-1a over UTF-16 code units, 32 bit. */
export function shardOf(entityId: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < entityId.length; i++) {
    hash ^= entityId.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return (hash >>> 0) % SHARDS
}
