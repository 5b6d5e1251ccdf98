/**
 * What the engine must hold to when it hands commits to a store; every store asks `checkCommits` before it writes.
 * A breach is a bug of ours: INVALID_INPUT, for no repetition would mend it. An entity of a shard that the lease lacks means FENCED.
 *
 * 1. An entity is in a commit at most once.
 * 2. Its entries are its own and count on from `fromSeq` without a gap; one hash goes with each.
 * 3. A snapshot is of a seq that exists after the commit.
 * 4. An entity is created by a commit with entries; whatever hangs on it (timers, gates, …) waits for that.
 */
import { SagaError } from '../errors'
import { type EntityCommit, type Lease, shardOf } from './store'

/** Throws unless every rule above holds and the lease owns every entity's shard. */
export function checkCommits(lease: Lease, commits: readonly EntityCommit[]): void {
  const seen = new Set<string>()
  const owned = new Set(lease.shards)
  for (const commit of commits) {
    const { entityId, fromSeq, entries, hashes, snapshot } = commit
    rule(!seen.has(entityId), `entity ${entityId} is twice in one commit`)
    seen.add(entityId)
    entries.forEach((entry, i) => {
      rule(
        entry.entityId === entityId && entry.seq === fromSeq + 1 + i,
        `entry ${entry.entityId}/${entry.seq} does not follow ${entityId}/${fromSeq + i}`,
      )
    })
    rule(hashes.length === entries.length, `entity ${entityId} lacks a hash for each entry`)
    const seq = fromSeq + entries.length
    rule(!snapshot || snapshot.seq <= seq, `snapshot of ${entityId} is ahead of entry ${seq}`)
    rule(seq > 0 || hangsNothingOn(commit), `entity ${entityId} does not exist yet`)
    if (!owned.has(shardOf(entityId)))
      throw new SagaError(
        'FENCED',
        `Worker ${lease.workerId} does not own shard ${shardOf(entityId)} of entity ${entityId}; renew the lease and look again`,
        { workerId: lease.workerId, entityId },
      )
  }
}

function rule(holds: boolean, message: string): void {
  if (!holds) throw new SagaError('INVALID_INPUT', `Broken invariant: ${message}`)
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
