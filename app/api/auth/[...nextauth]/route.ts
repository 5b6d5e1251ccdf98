import type { NextRequest } from 'next/server'
import { answering } from '@/server/api/route'
import { handleAuth } from '@/server/auth/next-auth'

export const dynamic = 'force-dynamic'

const handler = answering(
  (host, request: NextRequest, context: { params: Promise<{ nextauth: string[] }> }) =>
    handleAuth(host, request, context),
)

export { handler as GET, handler as POST }
