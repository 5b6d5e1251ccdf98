/**
 * The last net under every route of /api: whatever a handler throws, and whenever a request comes, the answer is typed JSON.
 * A server that starts has a host from the first request on, one that stops says so until its last.
 */
import { isSagaError, SagaError } from '@/runtime/errors'
import { type Host, hostIfStarted } from '../host'
import { problem, stoppingError, toTRPCError } from './errors'

/** A route handler with this process's host; what it throws becomes a problem in JSON. */
export function answering<Rest extends unknown[]>(
  handle: (host: Host, ...rest: Rest) => Promise<Response> | Response,
): (...rest: Rest) => Promise<Response> {
  return async (...rest) => {
    const host = hostIfStarted()
    if (!host) return problem(new SagaError('UNAVAILABLE', 'This server is starting.'))
    if (host.closing.aborted) return problem(stoppingError())
    return host.working(async () => {
      try {
        return await handle(host, ...rest)
      } catch (error) {
        const { cause } = toTRPCError(error)
        if (isSagaError(cause)) return problem(cause)
        host.log.error('A request failed', { error })
        return Response.json(
          { code: 'INTERNAL', message: 'Something went wrong on the server. Its log says what.' },
          { status: 500 },
        )
      }
    })
  }
}

/** The answer at an address of /api that nobody has. */
export const nothingThere = (request: Request): Response =>
  problem(new SagaError('NOT_FOUND', `There is nothing at ${new URL(request.url).pathname}.`))
