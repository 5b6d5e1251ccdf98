/**
 * What the engine must hold to when it hands commits to a store; every store asks `checkCommits` before it writes.
 * A breach is a bug of ours: INVALID_INPUT, for no repetition would mend it, and `details.entityId` says whose it is, so that
 * nobody else's commit is held up. An entity of a shard that the lease lacks means FENCED.
 *
 * 1. An entity is in a commit at most once.
 * 2. Its entries are its own and count on from `fromSeq` without a gap; one hash goes with each.
 * 3. A snapshot is of a seq that exists after the commit.
 * 4. An entity is created by a commit with entries, which says whether it is active; whatever hangs on it (timers, gates, …) waits for that.
 * 5. Every instant is a whole number of milliseconds that every store and every JavaScript date can hold.
 */
import { SagaError } from '../errors'
import { type EntityCommit, type Lease, shardOf } from './store'

/** JavaScript's dates end here, before PostgreSQL's do. */
export const INSTANT_MAX = 8.64e15
/** 4713 BC, where PostgreSQL's begin. */
export const INSTANT_MIN = -210_866_803_200_000

/** Throws unless every rule above holds and the lease owns every entity's shard. */
export function checkCommits(lease: Lease, commits: readonly EntityCommit[]): void {
  const seen = new Set<string>()
  const owned = new Set(lease.shards)
  for (const commit of commits) {
    const { entityId, fromSeq, entries, hashes, snapshot } = commit
    if (seen.has(entityId)) broken(entityId, `entity ${entityId} is twice in one commit`)
    seen.add(entityId)
    let seq = fromSeq
    for (const entry of entries) {
      seq++
      if (entry.entityId !== entityId || entry.seq !== seq)
        broken(
          entityId,
          `entry ${entry.entityId}/${entry.seq} does not follow ${entityId}/${seq - 1}`,
        )
    }
    if (hashes.length !== entries.length)
      broken(entityId, `entity ${entityId} lacks a hash for each entry`)
    if (snapshot && snapshot.seq > seq)
      broken(entityId, `snapshot of ${entityId} is ahead of entry ${seq}`)
    if (seq === 0 && !hangsNothingOn(commit))
      broken(entityId, `entity ${entityId} does not exist yet`)
    if (fromSeq === 0 && seq > 0 && commit.active === null)
      broken(entityId, `entity ${entityId} is new, and nothing says whether it is active`)
    checkInstants(commit)
    if (!owned.has(shardOf(entityId)))
      throw new SagaError(
        'FENCED',
        `Worker ${lease.workerId} does not own shard ${shardOf(entityId)} of entity ${entityId}; renew the lease and look again`,
        { workerId: lease.workerId, entityId },
      )
  }
}

/** Throws INVALID_INPUT that names the entity and the value unless rule 5 holds. */
export function checkInstants(commit: EntityCommit): void {
  const { entityId, entries, timersSet, gatesOpened, decisions, saga } = commit
  for (const { at } of entries) checkInstant(entityId, 'an entry', at)
  for (const { timer, dueAt } of timersSet) checkInstant(entityId, `timer ${timer}`, dueAt)
  for (const { step, openedAt, dueAt } of gatesOpened) {
    checkInstant(entityId, `the opening of gate ${step}`, openedAt)
    checkInstant(entityId, `the end of gate ${step}`, dueAt)
  }
  for (const { at } of decisions) checkInstant(entityId, 'a decision', at)
  if (!saga) return
  checkInstant(entityId, 'its start', saga.startedAt)
  checkInstant(entityId, 'its end', saga.endedAt)
  checkInstant(entityId, 'its time limit', saga.timeoutAt)
}

function checkInstant(entityId: string, what: string, ms: number | null | undefined): void {
  if (ms === null || ms === undefined || isInstant(ms)) return
  throw new SagaError(
    'INVALID_INPUT',
    `Saga ${entityId} sets ${what} at ${ms}, which is no instant in whole milliseconds between the years -4712 and 275760; cancel the saga, or roll it back`,
    { entityId },
  )
}

/** Whether every store can hold it. */
export function isInstant(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= INSTANT_MIN && ms <= INSTANT_MAX
}

function broken(entityId: string, message: string): never {
  throw new SagaError('INVALID_INPUT', `Broken invariant: ${message}`, { entityId })
}

function hangsNothingOn(commit: EntityCommit): boolean {
  return (
    !commit.saga &&
    !commit.snapshot &&
    !commit.timersSet.length &&
    !commit.gatesOpened.length &&
    !commit.decisions.length
  )
}
