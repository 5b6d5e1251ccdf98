import { completeByCallback } from '@/server/api/callback'
import { theHost } from '@/server/host'

export const dynamic = 'force-dynamic'

export async function POST(request: Request, context: { params: Promise<{ token: string }> }) {
  const { token } = await context.params
  return completeByCallback(theHost(), request, token)
}
