/**
 * Stores with a bug in them, for planted-bugs.ts. Each is the simulated store but for one promise of the port.
 */
import { SagaError } from '@/runtime/errors'
import type { EntityCommit, Lease, PendingMessage } from '@/runtime/journal/store'
import { type Carried, SimulatedStore } from './simulated-store'

/**
 * `WHERE EXISTS (lease)`: true when the statement began, and a takeover does not wait for it. The memory store below has
 * its own fence taken out.
 */
export class FencedByExists extends SimulatedStore {
  protected override async write(lease: Lease, commits: EntityCommit[]): Promise<void> {
    if (!this.witness.leases.isCurrent(lease)) throw new SagaError('FENCED', 'No such lease')
    if (!this.world.healed && this.random.chance(0.3))
      await this.world.sleep(this.random.between(0, 8_000))
    await super.write(lease, commits)
  }
}

export class NewestFirst extends SimulatedStore {
  protected override ordered(messages: PendingMessage[]): PendingMessage[] {
    return messages.reverse()
  }
}

/** Two transactions, acknowledgements first; the connection may break between them. */
export class AcksFirst extends SimulatedStore {
  protected override async write(lease: Lease, commits: EntityCommit[]): Promise<void> {
    const acks = commits
      .filter((one) => one.acks.length > 0 && one.fromSeq > 0)
      .map((one) => ({ ...bare(one), acks: one.acks }))
    if (acks.length > 0) {
      await super.write(lease, acks)
      const { era } = this.server
      await this.world.sleep(1)
      if (this.server.era !== era || this.random.chance(this.world.swarm.store.lostBefore))
        throw new Error('the connection was lost between the two')
    }
    const written = new Set(acks.map(({ entityId }) => entityId))
    await super.write(
      lease,
      commits.map((one) => (written.has(one.entityId) ? { ...one, acks: [] } : one)),
    )
  }
}

function bare(commit: EntityCommit): EntityCommit {
  const { saga: _, snapshot: __, texts: ___, ...rest } = commit
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
  protected override async write(lease: Lease, commits: EntityCommit[]): Promise<void> {
    await super.write(
      lease,
      commits.map((one) => ({ ...one, posts: [] })),
    )
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
  protected override async write(lease: Lease, commits: EntityCommit[]): Promise<void> {
    const stored = await this.inner.load(commits.map((one) => one.entityId))
    const seqs = new Map(stored.map((one) => [one.entityId, one.seq]))
    const moved = commits.map((one) => {
      const fromSeq = seqs.get(one.entityId) ?? 0
      if (one.fromSeq === fromSeq || one.entries.length === 0) return one
      const entries = one.entries.map((entry, n) => ({ ...entry, seq: fromSeq + 1 + n }))
      const { snapshot: _, ...rest } = one
      return { ...rest, fromSeq, entries }
    })
    await super.write(lease, moved)
  }
}

/** Statements in a transaction of their own, before the one that records their results. */
export class StatementsFirst extends SimulatedStore {
  protected override async write(lease: Lease, commits: EntityCommit[]): Promise<void> {
    this.bank.carryOut(commits)
    await super.write(
      lease,
      commits.map(({ statements: _, ...one }) => one),
    )
  }

  protected override async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    await this.write(lease, commits)
  }
}

/** Statements in a transaction of their own, after that one, and lost with the connection. */
export class StatementsLater extends SimulatedStore {
  protected override async commit(lease: Lease, commits: EntityCommit[]): Promise<void> {
    await this.write(lease, commits)
    if (!this.random.chance(this.world.swarm.store.lostAfter)) this.bank.carryOut(commits)
  }
}

/** No bug, but what makes one show: the answer to whoever gave shards away takes long, and meanwhile they are another's. */
export class AnswersLate extends SimulatedStore {
  protected override async run(carried: Carried): Promise<unknown> {
    const answer = await super.run(carried)
    if (carried.name === 'reassign' && !this.world.healed)
      await this.world.sleep(this.random.between(0, 2_000))
    return answer
  }
}
