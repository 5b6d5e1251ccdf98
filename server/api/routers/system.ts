/**
 * How the system is doing: one answer for load balancers, one for the navigation's badges.
 */

import { type SystemHealth, systemHealth } from '../../product/health'
import type { Shell } from '../contract'
import { healthProcedure, procedure, router } from '../trpc'

export const systemRouter = router({
  health: healthProcedure.query(
    ({ ctx }): Promise<SystemHealth> =>
      systemHealth(ctx.host, { inDetail: ctx.principal !== null }),
  ),

  shell: procedure('system:read').query(async ({ ctx }): Promise<Shell> => {
    const { db, runtime } = ctx.host
    const [row] = await db.$queryRaw<Omit<Shell, 'health'>[]>`
      SELECT
        (SELECT count(*)::int FROM saga_execution WHERE status IN ('PENDING', 'RUNNING') AND parent_id IS NULL) AS running,
        (SELECT count(*)::int FROM saga_execution WHERE status = 'COMPENSATING' AND parent_id IS NULL) AS compensating,
        (SELECT count(*)::int FROM saga_execution WHERE status IN ('PAUSED', 'QUARANTINED'))
          AS "needsAttention",
        (SELECT count(*)::int FROM gate WHERE status = 'OPEN') AS "openGates",
        (SELECT coalesce(sum(jsonb_array_length(stuck -> 'sagas')), 0)::int FROM worker
          WHERE live AND (stuck ->> 'session')::bigint = session) AS stuck`
    const counts = row ?? { running: 0, compensating: 0, needsAttention: 0, openGates: 0, stuck: 0 }
    return { ...counts, health: runtime.health() }
  }),
})
