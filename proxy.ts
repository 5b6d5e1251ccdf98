/**
 * Every page request passes here: signed-out visitors are led to the sign-in page, and each answer gets its security
 * headers. While the server starts, every page is one that says so and comes again by itself. Pages and procedures still check the session themselves; this only saves a round trip.
 */
import { type NextRequest, NextResponse } from 'next/server'
import { getToken } from 'next-auth/jwt'
import { contentSecurityPolicy, SECURITY_HEADERS } from './server/auth/security-headers'
import { hostIfStarted } from './server/host'
import { startingPage } from './server/starting-page'

export async function proxy(request: NextRequest) {
  const starting = hostIfStarted()?.starting
  if (starting) return withHeaders(startingPage(starting))
  const { pathname, search } = request.nextUrl
  if (!pathname.startsWith('/sign-in') && !(await isSignedIn(request))) {
    const target = new URL('/sign-in', request.url)
    if (pathname !== '/') target.searchParams.set('callbackUrl', pathname + search)
    return withHeaders(NextResponse.redirect(target))
  }
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === 'development')
  const headers = new Headers(request.headers)
  // Next reads the nonce for its own scripts from this header, our layout from the other
  headers.set('content-security-policy', policy)
  headers.set('x-nonce', nonce)
  const response = withHeaders(NextResponse.next({ request: { headers } }))
  response.headers.set('content-security-policy', policy)
  return response
}

export const config = {
  // not the API (it answers for itself), nor the bundles, nor our files, by name: a run's id may look like a file's
  matcher: ['/((?!api/|_next/|icon\\.svg$|screenshot\\.png$).*)'],
}

async function isSignedIn(request: NextRequest): Promise<boolean> {
  const secret = process.env.NEXTAUTH_SECRET ?? ''
  const secureCookie = (process.env.NEXTAUTH_URL ?? '').startsWith('https:')
  return Boolean((await getToken({ req: request, secret, secureCookie }))?.uid)
}

function withHeaders(response: NextResponse): NextResponse {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value)
  return response
}
