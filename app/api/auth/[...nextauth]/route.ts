import type { NextRequest } from 'next/server'
import NextAuth from 'next-auth'
import { authOptions } from '@/server/auth/next-auth'
import { theHost } from '@/server/host'

export const dynamic = 'force-dynamic'

const handler = (request: NextRequest, context: { params: Promise<{ nextauth: string[] }> }) =>
  NextAuth(request, context, authOptions(theHost()))

export { handler as GET, handler as POST }
