/**
 * A worker's right to write: one `worker` row, fenced by its epoch. The SQL functions are in the migration `store`.
 *
 * 1. Expiry is judged by the database's clock alone; no time of ours is ever compared with it.
 * 2. Ending a lease waits for the commits that hold its row, and every later commit finds it ended.
 * 3. Extending and claiming are two transactions: a claim may wait for another worker's last commit, and must not hold up
 *    our own commits meanwhile.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import { SagaError } from '../errors'
import type { Lease } from '../journal/store'
import { translating } from './database-error'

export async function acquire(
  prisma: PrismaClient,
  workerId: string,
  ttlMs: number,
): Promise<Lease> {
  const [row] = await translating(
    `acquire a lease for worker ${workerId}`,
    prisma.$queryRaw<{ epoch: bigint; shards: number[] }[]>`
      SELECT epoch, shards FROM lease_acquire(${workerId}, ${ttlMs}::int)`,
  )
  return { workerId, epoch: Number(row?.epoch), shards: row?.shards ?? [] }
}

export async function renew(prisma: PrismaClient, lease: Lease, ttlMs: number): Promise<Lease> {
  const { workerId, epoch } = lease
  const what = `renew the lease of worker ${workerId}`
  const extended = await translating(
    what,
    prisma.$executeRaw`
      UPDATE worker SET lease_expires_at = clock_timestamp() + ${ttlMs}::int * interval '1 ms'
      WHERE id = ${workerId} AND epoch = ${epoch}::bigint AND live`,
  )
  if (!extended) throw fenced(lease)
  const [row] = await translating(
    what,
    prisma.$queryRaw<{ shards: number[] | null }[]>`
      SELECT lease_reclaim(${workerId}, ${epoch}::bigint) AS shards`,
  )
  if (!row?.shards) throw fenced(lease)
  return { workerId, epoch, shards: row.shards }
}

/** Its shards are free with that: a shard counts as owned only while its worker is live. */
export async function release(prisma: PrismaClient, { workerId, epoch }: Lease): Promise<void> {
  await translating(
    `release the lease of worker ${workerId}`,
    prisma.$executeRaw`
      UPDATE worker SET live = false, stopped_at = clock_timestamp()
      WHERE id = ${workerId} AND epoch = ${epoch}::bigint AND live`,
  )
}

function fenced({ workerId, epoch }: Lease): SagaError {
  return new SagaError(
    'FENCED',
    `Worker ${workerId} (epoch ${epoch}) lost its lease; stop it and acquire a new one`,
    { workerId, epoch },
  )
}
