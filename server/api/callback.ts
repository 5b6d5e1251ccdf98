/**
 * POST /api/callback/<token>: a participant that answered 202 delivers the outcome. The token is the permission: it was
 * made for exactly one call. Sending it twice is harmless, sending it late is the saga's to refuse.
 */
import { isSagaError, SagaError } from '@/runtime/errors'
import { parseCallback } from '@/runtime/participant/wire'
import type { Host } from '../host'
import { boundedRequest } from './body'
import { problem, toTRPCError } from './errors'

const BYTES_MAX = 1_000_000

/** 204 when taken; else a problem in JSON: 400 unfit body, 403 not our token, 413 too long, 429 and 503 try again. */
export async function completeByCallback(
  host: Host,
  request: Request,
  token: string,
): Promise<Response> {
  try {
    const parsed = parseCallback(await boundedRequest(request, BYTES_MAX).text())
    if (!parsed.ok) return problem(new SagaError('INVALID_INPUT', parsed.reason))
    await host.runtime.completeCall(token, parsed.outcome)
    return new Response(null, { status: 204 })
  } catch (error) {
    const { cause } = toTRPCError(error)
    if (isSagaError(cause)) return problem(cause)
    host.log.error('A callback failed', { error })
    return problem(new SagaError('UNAVAILABLE', 'The result was not stored. Send it again.'))
  }
}
