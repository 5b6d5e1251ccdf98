/**
 * What the engine must hold to when it hands commits to a store; every store asks `checkCommits` before it writes.
 * A breach is a bug of ours: INVALID_INPUT, for no repetition would mend it. An entity of a shard that the lease lacks means FENCED.
 *
 * 1. An entity is in a commit at most once.
 * 2. Its entries are its own and count on from `fromSeq` without a gap; one hash goes with each.
 * 3. A snapshot is of a seq that exists after the commit.
 * 4. An entity is created by a commit with entries, which says whether it is active; whatever hangs on it (timers, gates, …) waits for that.
 */
import { SagaError } from '../errors'
import { type EntityCommit, type Lease, shardOf } from './store'

/** Throws unless every rule above holds and the lease owns every entity's shard. */
export function checkCommits(lease: Lease, commits: readonly EntityCommit[]): void {
  const seen = new Set<string>()
  const owned = new Set(lease.shards)
  for (const commit of commits) {
    const { entityId, fromSeq, entries, hashes, snapshot } = commit
    if (seen.has(entityId)) broken(`entity ${entityId} is twice in one commit`)
    seen.add(entityId)
    let seq = fromSeq
    for (const entry of entries) {
      seq++
      if (entry.entityId !== entityId || entry.seq !== seq)
        broken(`entry ${entry.entityId}/${entry.seq} does not follow ${entityId}/${seq - 1}`)
    }
    if (hashes.length !== entries.length) broken(`entity ${entityId} lacks a hash for each entry`)
    if (snapshot && snapshot.seq > seq) broken(`snapshot of ${entityId} is ahead of entry ${seq}`)
    if (seq === 0 && !hangsNothingOn(commit)) broken(`entity ${entityId} does not exist yet`)
    if (fromSeq === 0 && seq > 0 && commit.active === null)
      broken(`entity ${entityId} is new, and nothing says whether it is active`)
    if (!owned.has(shardOf(entityId)))
      throw new SagaError(
        'FENCED',
        `Worker ${lease.workerId} does not own shard ${shardOf(entityId)} of entity ${entityId}; renew the lease and look again`,
        { workerId: lease.workerId, entityId },
      )
  }
}

function broken(message: string): never {
  throw new SagaError('INVALID_INPUT', `Broken invariant: ${message}`)
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
