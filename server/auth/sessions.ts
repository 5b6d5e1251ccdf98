/**
 * From a session cookie to the caller. Sessions are next-auth's encrypted JWTs; the token says who signed in and when,
 * the database says whether they still may.
 */
import { NextRequest } from 'next/server'
import { getToken } from 'next-auth/jwt'
import type { Host } from '../host'
import type { Principal } from './principal'

/** Twelve hours after signing in a session is over, however busy it was. */
export const SESSION_SECONDS = 12 * 3600

type Outcome = { principal: Principal | null; refusal: string | null }

/** The signed-in person of a request's cookies; `refusal` says why a session that is there does not count. */
export async function sessionPrincipal(host: SessionHost, headers: Headers): Promise<Outcome> {
  if (!headers.get('cookie')) return { principal: null, refusal: null }
  const { NEXTAUTH_URL, NEXTAUTH_SECRET } = host.env
  const token = await getToken({
    req: new NextRequest(NEXTAUTH_URL, { headers: { cookie: headers.get('cookie') ?? '' } }),
    secret: NEXTAUTH_SECRET,
    secureCookie: NEXTAUTH_URL.startsWith('https:'),
  })
  if (!token?.uid) return { principal: null, refusal: null }
  if (Date.now() / 1000 - token.since > SESSION_SECONDS)
    return { principal: null, refusal: 'Your session is over. Sign in again.' }
  const { uid, generation = 0, vouchers = [] } = token
  return host.people.principal({ userId: uid, generation, vouchers })
}

export type SessionHost = Pick<Host, 'env' | 'people'>
