/**
 * The sagas that each worker leaves alone for now: a list in its own row, replaced whole, that ends with its lease.
 */
import type { PrismaClient } from '../../prisma/generated/client'
import { SagaError } from '../errors'
import type { Lease } from '../journal/store'
import type { StuckSaga } from '../runtime'
import { translating } from './database-error'

export async function showStuck(
  prisma: PrismaClient,
  lease: Lease,
  sagas: readonly StuckSaga[],
): Promise<void> {
  const { workerId, session = lease.epoch } = lease
  const stuck = sagas.length > 0 ? JSON.stringify({ session, sagas }) : null
  const shown = await translating(
    `show the stuck sagas of worker ${workerId}`,
    prisma.$executeRaw`
      UPDATE worker SET stuck = ${stuck}::jsonb
      WHERE id = ${workerId} AND session = ${session}::bigint AND live`,
  )
  if (!shown)
    throw new SagaError('FENCED', `Worker ${workerId} lost its lease; it has nothing to show`, {
      workerId,
    })
}

export async function stuckSagas(
  prisma: PrismaClient,
  limit: number,
): Promise<(StuckSaga & { workerId: string })[]> {
  const rows = await translating(
    'read which sagas are stuck',
    prisma.$queryRaw<{ worker_id: string; saga: StuckSaga }[]>`
      SELECT id AS worker_id, saga FROM worker, jsonb_array_elements(stuck -> 'sagas') AS saga
      WHERE live AND (stuck ->> 'session')::bigint = session
      ORDER BY (saga ->> 'since')::bigint, saga ->> 'sagaId' LIMIT ${limit}::int`,
  )
  return rows.map(({ worker_id, saga }) => ({ ...saga, workerId: worker_id }))
}
