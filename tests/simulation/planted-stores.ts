/**
 * Stores with a bug in them, for planted-bugs.ts. Each is the simulated store but for one promise of the port.
 */
import { isSagaError } from '@/runtime/errors'
import { type EntityCommit, type Lease, type PendingMessage, SHARDS } from '@/runtime/journal/store'
import { SimulatedStore } from './simulated-store'

const ALL = Array.from({ length: SHARDS }, (_, n) => n)

/** `WHERE EXISTS (lease)`: true when the statement began, and a takeover does not wait for it. */
export class FencedByExists extends SimulatedStore {
  protected override async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    // An empty commit throws FENCED when the lease is not live.
    await this.inner.commit(lease, [])
    if (!this.world.healed && this.random.chance(0.3))
      await this.world.sleep(this.random.between(0, 8_000))
    await writeAnyway(this, lease, commits)
    this.witness.committed(lease, commits)
  }
}

export class NotFenced extends SimulatedStore {
  protected override async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    await writeAnyway(this, lease, commits)
    this.witness.committed(lease, commits)
  }
}

/** Writes with a lease of its own making. */
async function writeAnyway(
  store: SimulatedStore,
  lease: Lease,
  commits: EntityCommit[],
): Promise<void> {
  try {
    await store.inner.commit(lease, commits)
  } catch (error) {
    if (!isSagaError(error) || error.code !== 'FENCED') throw error
    const { epoch } = await store.inner.acquire('planted', 0)
    await store.inner.commit({ workerId: 'planted', epoch, shards: ALL }, commits)
  }
}

export class NewestFirst extends SimulatedStore {
  protected override ordered(messages: PendingMessage[]): PendingMessage[] {
    return messages.reverse()
  }
}

/** Two transactions, acknowledgements first; the connection may break between them. */
export class AcksFirst extends SimulatedStore {
  protected override async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    const acks = commits
      .filter((one) => one.acks.length > 0 && one.fromSeq >= 0)
      .map((one) => ({ ...bare(one), acks: one.acks }))
    if (acks.length > 0) {
      await this.inner.commit(lease, acks)
      this.witness.committed(lease, acks)
      const { era } = this.server
      await this.world.sleep(1)
      if (this.server.era !== era || this.random.chance(this.world.swarm.store.lostBefore))
        throw new Error('the connection was lost between the two')
    }
    const rest = commits.map((one) => ({ ...one, acks: [] }))
    await this.inner.commit(lease, rest)
    this.witness.committed(lease, rest)
  }
}

function bare(commit: EntityCommit): EntityCommit {
  const { saga: _, snapshot: __, ...rest } = commit
  return {
    ...rest,
    entries: [],
    hashes: [],
    gatesOpened: [],
    gatesClosed: [],
    decisions: [],
    timersSet: [],
    timersCancelled: [],
    posts: [],
    acks: [],
  }
}

/** Posts go out when the commit is done, if the connection is still there then. */
export class OrphanedPosts extends SimulatedStore {
  protected override async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    const silent = commits.map((one) => ({ ...one, posts: [] }))
    await this.inner.commit(lease, silent)
    this.witness.committed(lease, silent)
    if (this.random.chance(this.world.swarm.store.lostAfter)) return
    const posts = commits.flatMap((one) => one.posts)
    await this.inner.post(posts)
    for (const envelope of posts) this.witness.posted(envelope, 0)
  }
}

/** Only what lies behind the newest position that was read. */
export class ForgetsLateMail extends SimulatedStore {
  protected override settled(newest: bigint): bigint {
    return newest
  }
}

/** Whoever comes second continues from wherever the entity is by then. */
export class SecondEnd extends SimulatedStore {
  protected override async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    const stored = await this.inner.load(commits.map((one) => one.entityId))
    const seqs = new Map(stored.map((one) => [one.entityId, one.seq]))
    const moved = commits.map((one) => {
      const fromSeq = seqs.get(one.entityId) ?? 0
      if (one.fromSeq === fromSeq || one.entries.length === 0) return one
      const entries = one.entries.map((entry, n) => ({ ...entry, seq: fromSeq + 1 + n }))
      const { snapshot: _, ...rest } = one
      return { ...rest, fromSeq, entries }
    })
    await super.commit(lease, moved)
  }
}
