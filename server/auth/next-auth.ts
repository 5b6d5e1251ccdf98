/**
 * How people sign in: e-mail and password, a one-time link, and an OpenID Connect provider when the environment names
 * one. next-auth keeps the session (an encrypted cookie); who may do what is read from the database on every request.
 */
import type { NextRequest } from 'next/server'
import NextAuth, { type NextAuthOptions, type User } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import type { OAuthConfig } from 'next-auth/providers/oauth'
import { z } from 'zod'
import { isSagaError, type SagaError } from '@/runtime/errors'
import type { Actor } from '@/runtime/journal/entry'
import { problem, toTRPCError } from '../api/errors'
import { audit } from '../audit'
import type { Host } from '../host'
import { verifyPassword } from './passwords'
import { SESSION_SECONDS } from './sessions'
import { redeemSignInLink } from './sign-in-links'

const passwordForm = z.object({ email: z.email().max(320), password: z.string().min(1).max(256) })
const linkForm = z.object({ token: z.string().min(1).max(200) })
const claims = z.object({
  sub: z.string().min(1),
  email: z.email().max(320),
  email_verified: z.boolean().optional(),
  name: z.string().max(120).optional(),
})

/**
 * One request to next-auth. It turns whatever a provider throws into words for the address bar; a database that is away is
 * 503 instead, and nobody's password is called wrong.
 */
export async function handleAuth(
  host: Host,
  request: NextRequest,
  context: { params: Promise<{ nextauth: string[] }> },
): Promise<Response> {
  let away: SagaError | null = null
  const options = authOptions(host, (error) => {
    away = error
  })
  const response = await NextAuth(request, context, options)
  return away ? problem(away) : response
}

/**
 * The options of next-auth. `onAway` hears that the database is away or the server too busy. Errors reach /sign-in as `?error=`: CredentialsSignin, TooManyTries, LinkUsed, AccessDenied.
 */
export function authOptions(
  host: Host,
  onAway: (error: SagaError) => void = () => {},
): NextAuthOptions {
  const { env, db } = host
  /** The same function, whose refusals for now are told. */
  const told =
    <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) =>
    async (...args: Args) => {
      try {
        return await work(...args)
      } catch (error) {
        const { cause } = toTRPCError(error)
        if (isSagaError(cause)) onAway(cause)
        throw error
      }
    }
  return {
    secret: env.NEXTAUTH_SECRET,
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
    pages: { signIn: '/sign-in', signOut: '/sign-in', error: '/sign-in' },
    providers: [passwords(host, told), links(host, told), ...oidc(host)],
    callbacks: {
      signIn: told(async ({ user, account, profile }) =>
        account?.type === 'oauth' ? admit(host, user, profile) : true,
      ),
      jwt: told(async ({ token, user, account }) => {
        if (!user) return token
        // an OIDC subject is not our id: the person is found by e-mail
        const found = await db.user.findUnique({
          where: account?.type === 'oauth' ? { email: lower(user.email) } : { id: user.id },
        })
        return {
          ...token,
          uid: found?.id ?? '',
          since: Math.floor(Date.now() / 1000),
          generation: found?.sessionGeneration ?? 0,
          vouchers: user.vouchers ?? [],
        }
      }),
      session({ session, token }) {
        session.user = { ...session.user, id: token.uid }
        return session
      },
    },
    events: {
      signIn: told(async ({ user, account }) => {
        const email = lower(user.email)
        await audit(db, {
          by: await actorOf(host, email),
          action: 'session.signed-in',
          subject: `user/${email}`,
          details: {
            by: account?.provider ?? 'unknown',
            ...(user.vouchers?.length ? { vouchers: user.vouchers } : {}),
          },
        })
      }),
      // without it the cookie, copied before, would go on to work
      signOut: told(async ({ token }) => {
        if (token?.uid) await host.people.endSessions(token.uid, token.generation ?? 0)
      }),
    },
    logger: {
      error: (code, metadata) => host.log.warn('Sign-in failed', { code, metadata }),
      warn: (code) => host.log.warn('next-auth warns', { code }),
      debug: () => {},
    },
  }
}

/** Wraps a function so that its refusals for now are told. */
type Told = <Args extends unknown[], T>(
  work: (...args: Args) => Promise<T>,
) => (...args: Args) => Promise<T>

function passwords(host: Host, told: Told) {
  return Credentials({
    id: 'password',
    name: 'E-mail and password',
    credentials: { email: { type: 'email' }, password: { type: 'password' } },
    authorize: told(async (input: unknown) => {
      const form = passwordForm.safeParse(input)
      if (!form.success) return null
      const { email, password } = form.data
      if (host.signInLimit.waitMs(email) > 0) throw new Error('TooManyTries')
      const user = await host.db.user.findUnique({ where: { email: lower(email) } })
      const right = await verifyPassword(password, user?.passwordHash ?? null)
      if (user && right && !user.disabledAt) {
        host.signInLimit.succeeded(email)
        return { ...person(user), vouchers: user.passwordVouchers }
      }
      host.signInLimit.failed(email)
      await audit(host.db, {
        by: user ? { kind: 'user', id: user.id, name: user.name } : NOBODY,
        action: 'session.refused',
        subject: `user/${lower(email)}`,
        details: { by: 'password', disabled: Boolean(user?.disabledAt) },
      })
      return null
    }),
  })
}

function links(host: Host, told: Told) {
  return Credentials({
    id: 'link',
    name: 'Sign-in link',
    credentials: { token: { type: 'text' } },
    authorize: told(async (input: unknown) => {
      const form = linkForm.safeParse(input)
      const user = form.success ? await redeemSignInLink(host.db, form.data.token) : null
      if (!user) throw new Error('LinkUsed')
      return { ...person(user), vouchers: user.vouchers }
    }),
  })
}

function oidc({ env }: Host): OAuthConfig<unknown>[] {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = env
  if (!OIDC_ISSUER || !OIDC_CLIENT_ID || !OIDC_CLIENT_SECRET) return []
  return [
    {
      id: 'oidc',
      name: env.OIDC_NAME,
      type: 'oauth',
      wellKnown: `${OIDC_ISSUER.replace(/\/$/, '')}/.well-known/openid-configuration`,
      authorization: { params: { scope: 'openid email profile' } },
      clientId: OIDC_CLIENT_ID,
      clientSecret: OIDC_CLIENT_SECRET,
      idToken: true,
      checks: ['pkce', 'state', 'nonce'],
      profile(raw) {
        const { sub, email, name } = claims.parse(raw)
        return { id: sub, email: lower(email), name: name ?? email }
      },
    },
  ]
}

/** Lets in whom an admin added, and, when the environment says so, anybody the provider vouches for. */
async function admit({ db, env, log }: Host, user: User, profile: unknown): Promise<boolean> {
  const parsed = claims.safeParse(profile)
  if (!parsed.success || parsed.data.email_verified === false) return false
  const email = lower(parsed.data.email)
  const known = await db.user.findUnique({ where: { email } })
  if (known) return known.disabledAt === null
  if (!env.OIDC_NEW_USER_ROLE) return false
  const created = await db.user.create({
    data: { email, name: user.name ?? email, roles: [env.OIDC_NEW_USER_ROLE] },
  })
  log.info('Added a user on first sign-in', { userId: created.id, role: env.OIDC_NEW_USER_ROLE })
  await audit(db, {
    by: { kind: 'user', id: created.id, name: created.name },
    action: 'user.created',
    subject: `user/${created.id}`,
    details: { by: 'oidc', roles: created.roles },
  })
  return true
}

async function actorOf({ db }: Host, email: string): Promise<Actor> {
  const user = await db.user.findUnique({ where: { email } })
  return user ? { kind: 'user', id: user.id, name: user.name } : NOBODY
}

const NOBODY: Actor = { kind: 'system', id: 'nobody', name: 'Somebody unknown' }
const lower = (email: string | null | undefined) => (email ?? '').trim().toLowerCase()
const person = ({ id, email, name }: { id: string; email: string; name: string }) => ({
  id,
  email,
  name,
})
