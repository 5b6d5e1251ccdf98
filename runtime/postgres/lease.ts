/**
 * A worker's right to write: one `worker` row, fenced by its epoch, and how long it lasts: one `heartbeat` row. The SQL
 * functions are in the migrations `cluster` and `heartbeat`.
 *
 * 1. Expiry is judged by the database's clock alone; no time of ours is ever compared with it.
 * 2. Ending a lease, and changing its shards, waits for the commits that hold its row, and every later commit under the
 *    old epoch finds it gone.
 * 3. Extending a lease waits for no commit, and for nobody else's lease: ending other workers' leases and moving shards are
 *    statements of their own.
 * 4. While the server was down nobody could renew. A lease that ran out then counts for `restartGraceMs` more.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import { type ClusterView, type Moves, planMoves } from '../cluster/ownership'
import { SagaError } from '../errors'
import type { Lease, Renewal } from '../journal/store'
import { translating } from './database-error'

export const RESTART_GRACE_MS = 3_000

export async function acquire(
  prisma: PrismaClient,
  workerId: string,
  ttlMs: number,
  address: string | null,
): Promise<Lease> {
  const what = `acquire a lease for worker ${workerId}`
  const [row] = await translating(
    what,
    prisma.$queryRaw<LeaseRow[]>`
      SELECT epoch, shards FROM lease_acquire(${workerId}, ${ttlMs}::int, ${address})`,
  )
  const lease = leaseOf(workerId, row)
  if (!lease) throw new Error(`Broken invariant: worker ${workerId} joined without an epoch`)
  await endOverdue(prisma, what, workerId)
  const { take } = planMoves(await survey(prisma, what), workerId, ttlMs)
  return take.length > 0 ? reassign(prisma, lease, { take, give: [] }) : lease
}

export async function renew(
  prisma: PrismaClient,
  lease: Lease,
  ttlMs: number,
  backlogMs: number,
  restartGraceMs: number,
): Promise<Renewal> {
  const { workerId } = lease
  const session = sessionOf(lease)
  const what = `renew the lease of worker ${workerId}`
  const [row] = await translating(
    what,
    prisma.$queryRaw<(LeaseRow & { view: string })[]>`
      SELECT epoch, shards, view::text FROM lease_renew(${workerId}, ${session}::bigint, ${ttlMs}::int,
        ${Math.min(backlogMs, 2 ** 31 - 1)}::int)`,
  )
  const now = leaseOf(workerId, row, session)
  if (!row || !now) throw fenced(lease)
  const view: Survey = JSON.parse(row.view)
  const overdue = view.overdue.some((id) => id !== workerId)
  if (!overdue || view.upMs < restartGraceMs) return { ...now, view }
  await endOverdue(prisma, what, workerId)
  return { ...now, view: await survey(prisma, what) }
}

export async function reassign(prisma: PrismaClient, lease: Lease, moves: Moves): Promise<Lease> {
  const { workerId } = lease
  const session = sessionOf(lease)
  const [row] = await translating(
    `change the shards of worker ${workerId}`,
    prisma.$queryRaw<LeaseRow[]>`
      SELECT epoch, shards FROM lease_reassign(${workerId}, ${session}::bigint,
        ${moves.take}::int[], ${moves.give}::int[])`,
  )
  const now = leaseOf(workerId, row, session)
  if (!now) throw fenced(lease)
  return now
}

/** Its shards are free with that: a shard counts as owned only while its worker is live. */
export async function release(prisma: PrismaClient, lease: Lease): Promise<void> {
  await translating(
    `release the lease of worker ${lease.workerId}`,
    prisma.$executeRaw`
      SELECT lease_release(${lease.workerId}, ${sessionOf(lease)}::bigint)`,
  )
}

interface LeaseRow {
  epoch: bigint
  shards: number[]
}

interface Survey extends ClusterView {
  upMs: number
  overdue: string[]
}

const sessionOf = ({ session, epoch }: Lease) => session ?? epoch

function leaseOf(
  workerId: string,
  row: LeaseRow | undefined,
  session = Number(row?.epoch),
): Lease | null {
  return row ? { workerId, epoch: Number(row.epoch), shards: row.shards, session } : null
}

async function survey(prisma: PrismaClient, what: string): Promise<Survey> {
  const [row] = await translating(
    what,
    prisma.$queryRaw<{ view: string }[]>`SELECT cluster_view()::text AS view`,
  )
  return JSON.parse(row?.view ?? '{}')
}

async function endOverdue(prisma: PrismaClient, what: string, except: string): Promise<void> {
  await translating(what, prisma.$executeRaw`SELECT lease_end_overdue(${except})`)
}

function fenced({ workerId, epoch }: Lease): SagaError {
  return new SagaError(
    'FENCED',
    `Worker ${workerId} (epoch ${epoch}) lost its lease; stop it and acquire a new one`,
    { workerId, epoch },
  )
}
