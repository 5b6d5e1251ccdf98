import { hostIfStarted } from '@/server/host'
import { systemHealth } from '@/server/product/health'

export const dynamic = 'force-dynamic'

export async function GET() {
  const host = hostIfStarted()
  if (!host) return answer({ status: 'starting' }, 503)
  const health = await systemHealth(host, { inDetail: false })
  return answer(health, health.status === 'ok' || health.status === 'degraded' ? 200 : 503)
}

const answer = (body: object, status: number) =>
  Response.json(body, {
    status,
    headers: { 'cache-control': 'no-store', ...(status === 503 ? { 'retry-after': '1' } : {}) },
  })
