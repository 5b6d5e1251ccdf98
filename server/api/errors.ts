/**
 * The one table in which the runtime's error codes meet tRPC and HTTP, and the shape in which clients get them.
 *
 * 1. Every SagaError keeps its code, details and issues on the way to the client, typed, in `error.data`. What is refused
 *    only for now says when to try again: `error.data.retryAfterMs`, and `Retry-After` on the answer.
 * 2. Input that zod refused becomes INVALID_INPUT with one issue per finding, as the runtime's own refusals.
 * 3. A database that is away is UNAVAILABLE and worth another try, whoever met it.
 * 4. Anything else is our fault: logged with the request's id, and the client learns the id and nothing more.
 */
import { getTRPCErrorFromUnknown, TRPCError } from '@trpc/server'
import { z } from 'zod'
import type { Issue } from '@/runtime/definition/issue'
import { type ErrorCode, isSagaError, SagaError } from '@/runtime/errors'
import { databaseAway } from '@/runtime/postgres/database-error'

export const ERROR_TABLE = {
  INVALID_INPUT: { trpc: 'BAD_REQUEST', http: 400 },
  INVALID_DEFINITION: { trpc: 'UNPROCESSABLE_CONTENT', http: 422 },
  NOT_FOUND: { trpc: 'NOT_FOUND', http: 404 },
  ALREADY_EXISTS: { trpc: 'CONFLICT', http: 409 },
  CONFLICT: { trpc: 'CONFLICT', http: 409 },
  MOVED_ON: { trpc: 'CONFLICT', http: 409 },
  WRONG_STATE: { trpc: 'PRECONDITION_FAILED', http: 412 },
  FORBIDDEN: { trpc: 'FORBIDDEN', http: 403 },
  OVERLOADED: { trpc: 'TOO_MANY_REQUESTS', http: 429 },
  FENCED: { trpc: 'SERVICE_UNAVAILABLE', http: 503 },
  UNAVAILABLE: { trpc: 'SERVICE_UNAVAILABLE', http: 503 },
  LIMIT_EXCEEDED: { trpc: 'PAYLOAD_TOO_LARGE', http: 413 },
  UNSUPPORTED: { trpc: 'NOT_IMPLEMENTED', http: 501 },
} as const satisfies Record<ErrorCode, { trpc: TRPCError['code']; http: number }>

/** What every tRPC error carries in `error.data` beside tRPC's own fields. */
export interface ErrorData {
  /** Null when the error did not come from the runtime or from input checking: signed out, forbidden, internal. */
  sagaCode: ErrorCode | null
  details: Record<string, unknown>
  issues: Issue[]
  /** After how many milliseconds the same may be tried again; null where nothing says so. */
  retryAfterMs: number | null
  requestId: string | null
}

/** The tRPC error for anything thrown; the SagaError or ZodError stays its `cause`. */
export function toTRPCError(thrown: unknown): TRPCError {
  const error = getTRPCErrorFromUnknown(thrown)
  const cause = isSagaError(error.cause) ? error.cause : databaseAway(error.cause)
  if (!cause) return error
  return new TRPCError({ code: ERROR_TABLE[cause.code].trpc, message: cause.message, cause })
}

/** The typed part of an error as clients see it. */
export function errorData(error: TRPCError, requestId: string | null): ErrorData {
  const { cause } = error
  const nothing = { sagaCode: null, details: {}, issues: [], retryAfterMs: null, requestId }
  if (isSagaError(cause)) {
    const { code, details } = cause
    const retryAfterMs = retryAfterMsOf(cause)
    return { ...nothing, sagaCode: code, details, issues: issuesOf(cause), retryAfterMs }
  }
  if (error.code === 'BAD_REQUEST' && cause instanceof z.ZodError)
    return { ...nothing, sagaCode: 'INVALID_INPUT', issues: zodIssues(cause) }
  return nothing
}

/** The header for an answer with these errors: the longest wait that any of them asks for, in whole seconds. */
export function retryAfterHeader(errors: readonly unknown[]): Record<string, string> {
  const waits = errors.map((error) => (isSagaError(error) ? retryAfterMsOf(error) : null) ?? 0)
  const longest = Math.max(0, ...waits)
  return longest > 0 ? { 'retry-after': String(Math.ceil(longest / 1000)) } : {}
}

/** What the client reads: never the inside of an unforeseen error. */
export function errorMessage(error: TRPCError, requestId: string | null): string {
  if (error.code === 'BAD_REQUEST' && error.cause instanceof z.ZodError)
    return zodIssues(error.cause)
      .slice(0, 3)
      .map((issue) => (issue.path.length ? `${issue.path.join('.')}: ` : '') + issue.message)
      .join('; ')
  if (error.code !== 'INTERNAL_SERVER_ERROR') return error.message
  return `Something went wrong on the server. Try again; if it stays, look for request ${requestId ?? 'without an id'} in the server's log.`
}

/** The answer to a request that came while this server stops. */
export const stoppingError = () =>
  new SagaError('UNAVAILABLE', 'This server is stopping. Try again in a moment.')

/** A problem in JSON, for addresses outside tRPC. */
export function problem(error: SagaError): Response {
  const { code, message } = error
  return Response.json(
    { code, message },
    {
      status: ERROR_TABLE[code].http,
      headers: { 'cache-control': 'no-store', ...retryAfterHeader([error]) },
    },
  )
}

/** zod's findings as issues: path kept, one sentence each. */
export function zodIssues(error: z.ZodError): Issue[] {
  return error.issues.slice(0, 100).map((issue) => ({
    code: `input/${issue.code.replaceAll('_', '-')}`,
    severity: 'error',
    path: issue.path.filter((key) => typeof key !== 'symbol'),
    message: issue.message,
  }))
}

/** What is away comes back: without another word, in about a second. */
const AWAY_RETRY_MS = 1_000

function retryAfterMsOf({ code, details }: SagaError): number | null {
  if (typeof details.retryAfterMs === 'number') return details.retryAfterMs
  return ERROR_TABLE[code].http === 503 ? AWAY_RETRY_MS : null
}

function issuesOf(error: SagaError): Issue[] {
  const { issues } = error.details
  return Array.isArray(issues) ? (issues as Issue[]) : []
}
