import { hostIfStarted } from '@/server/host'
import { systemHealth } from '@/server/product/health'

export const dynamic = 'force-dynamic'

export async function GET() {
  const host = hostIfStarted()
  if (!host) return Response.json({ status: 'down' }, { status: 503 })
  const health = await systemHealth(host, { inDetail: false })
  return Response.json(health, {
    status: health.status === 'down' ? 503 : 200,
    headers: { 'cache-control': 'no-store' },
  })
}
