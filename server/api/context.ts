/**
 * What a procedure is given: the process's host and whoever calls.
 *
 * 1. A bearer token wins over a cookie, and a bad one is refused rather than overlooked.
 * 2. A request that changes something by a session's right must come from our own pages (`crossSite`): browsers attach
 *    cookies to other sites' requests too. Tokens are attached by nobody but their holder.
 */
import { randomUUID } from 'node:crypto'
import type { TRPCError } from '@trpc/server'
import type { Principal } from '../auth/principal'
import { sessionPrincipal } from '../auth/sessions'
import type { Host } from '../host'
import { stoppingError, toTRPCError } from './errors'

export interface Context {
  host: Host
  /** Null when signed out, or when the key or session was refused; `refusal` then says why. */
  principal: Principal | null
  refusal: string | null
  /** Why nobody can be told who calls: the database is away, or this server stops. Null while all is well. */
  unavailable: TRPCError | null
  /** Why a change is refused that rides on a cookie; null when it may pass. */
  crossSite: string | null
  /** Names this request in the log and in errors. */
  requestId: string
  /** Who calls, asked again: a stream that stays open must not outlive its caller's rights. */
  reauthenticate: () => Promise<Principal | null>
}

/** The context of a procedure that only signed-in callers reach. */
export type CallerContext = Context & { principal: Principal }

/** The context of one HTTP request, or of one page that calls procedures in this process. Never rejects. */
export async function createContext(
  host: Host,
  { headers, method = 'GET' }: { headers: Headers; method?: string },
): Promise<Context> {
  const caller = await callerOf(host, headers)
  return {
    host,
    ...caller,
    crossSite: method === 'POST' ? crossSiteProblem(host.env.NEXTAUTH_URL, headers) : null,
    requestId: requestIdOf(headers),
    reauthenticate: async () => (await authenticate(host, headers)).principal,
  }
}

async function callerOf(
  host: Host,
  headers: Headers,
): Promise<Pick<Context, 'principal' | 'refusal' | 'unavailable'>> {
  const nobody = { principal: null, refusal: null }
  if (host.closing.aborted) return { ...nobody, unavailable: toTRPCError(stoppingError()) }
  try {
    return { ...(await authenticate(host, headers)), unavailable: null }
  } catch (error) {
    return { ...nobody, unavailable: toTRPCError(error) }
  }
}

function authenticate(host: Host, headers: Headers) {
  const authorization = headers.get('authorization')
  if (!authorization) return sessionPrincipal(host, headers)
  const [, token] = /^Bearer\s+(\S{1,200})$/i.exec(authorization) ?? []
  return host.apiKeys.authenticate(token ?? '')
}

/** Null when the request comes from our own pages, or carries no cookie to misuse. */
function crossSiteProblem(ourUrl: string, headers: Headers): string | null {
  if (headers.get('authorization') || !headers.get('cookie')) return null
  const contentType = headers.get('content-type') ?? ''
  if (!/^application\/json\b/i.test(contentType))
    return `Send changes as application/json, not ${contentType || 'without a content type'}.`
  const site = headers.get('sec-fetch-site')
  if (site !== null)
    return site === 'same-origin' ? null : `Changes from another site (${site}) are refused.`
  // browsers leave Sec-Fetch-Site out on plain http to anything but this machine; Origin they always send
  const origin = headers.get('origin')
  if (origin === null) return 'Changes by a session need an Origin header; services use an API key.'
  return isOurs(origin, ourUrl)
    ? null
    : `Changes from another site (${origin.slice(0, 200)}) are refused. This one is ${new URL(ourUrl).origin}.`
}

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost']

/** The same scheme, host and port; this machine's own names are one host. */
function isOurs(origin: string, ourUrl: string): boolean {
  if (!URL.canParse(origin)) return false
  const [theirs, ours] = [new URL(origin), new URL(ourUrl)]
  const onlyByName =
    LOOPBACK.includes(theirs.hostname) &&
    LOOPBACK.includes(ours.hostname) &&
    theirs.protocol === ours.protocol &&
    theirs.port === ours.port
  return theirs.origin === ours.origin || onlyByName
}

function requestIdOf(headers: Headers): string {
  const given = headers.get('x-request-id') ?? ''
  return /^[A-Za-z0-9._-]{8,64}$/.test(given) ? given : randomUUID()
}
