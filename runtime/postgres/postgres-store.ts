/**
 * The store port on PostgreSQL through Prisma. Each statement is its own transaction, and each method one statement but for
 * those of leases: no client that can pause while it holds a lock, no session state, no NOTIFY.
 *
 * - lease.ts: who may write. - commit.ts: the group commit. - mailbox.ts: messages in. - read.ts: everything else out.
 * - What they call lives in the migration `store`; errors are translated in database-error.ts.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import type { Store } from '../journal/store'
import { commit } from './commit'
import { acquire, RESTART_GRACE_MS, reassign, release, renew } from './lease'
import { createMailbox } from './mailbox'
import { active, feed, load, read, starts, timers } from './read'
import { showStuck, stuckSagas } from './stuck'

export interface PostgresStoreOptions {
  /** For leases alone, so that a pool busy with other work cannot starve a renewal; default: the same client. */
  leases?: PrismaClient
  /** For how long after the server started a lease that ran out while it was down still counts; default 3,000 ms. */
  restartGraceMs?: number
}

export function createPostgresStore(
  prisma: PrismaClient,
  { leases = prisma, restartGraceMs = RESTART_GRACE_MS }: PostgresStoreOptions = {},
): Store {
  const mailbox = createMailbox(prisma)
  return {
    acquire: (workerId, ttlMs, address) => acquire(leases, workerId, ttlMs, address ?? null),
    renew: (lease, ttlMs, backlogMs = 0) => renew(leases, lease, ttlMs, backlogMs, restartGraceMs),
    reassign: (lease, moves) => reassign(leases, lease, moves),
    showStuck: (lease, sagas) => showStuck(leases, lease, sagas),
    stuck: (limit) => stuckSagas(prisma, limit),
    release: (lease) => release(leases, lease),
    commit: (lease, commits) => commit(prisma, lease, commits),
    load: (entityIds) => load(prisma, entityIds),
    active: (lease, afterId, limit) => active(prisma, lease, afterId, limit),
    timers: (lease, until, limit) => timers(prisma, lease, until, limit),
    pending: mailbox.pending,
    post: mailbox.post,
    verdicts: mailbox.verdicts,
    posted: mailbox.posted,
    starts: (ids) => starts(prisma, ids),
    read: (entityId, afterSeq, limit) => read(prisma, entityId, afterSeq, limit),
    feed: (after, limit) => feed(prisma, after, limit),
  }
}
