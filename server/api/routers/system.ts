import type { Health } from '@/runtime/runtime'
import type { Shell } from '../contract'
import { procedure, publicProcedure, router } from '../trpc'

export interface SystemHealth {
  status: 'ok' | 'degraded' | 'down'
  runtime: Health
  database: { ok: boolean; latencyMs: number | null; error: string | null }
  serverNow: number
}

export const systemRouter = router({
  health: publicProcedure.query(async (): Promise<SystemHealth> => {
    throw new Error('unwritten')
  }),
  shell: procedure('system:read').query(async (): Promise<Shell> => {
    throw new Error('unwritten')
  }),
})
