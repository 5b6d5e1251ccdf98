import { completeByCallback } from '@/server/api/callback'
import { answering } from '@/server/api/route'

export const dynamic = 'force-dynamic'

export const POST = answering(
  async (host, request: Request, context: { params: Promise<{ token: string }> }) =>
    completeByCallback(host, request, (await context.params).token),
)
