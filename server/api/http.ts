/**
 * The API over HTTP: one request to tRPC's fetch adapter, with its body bounded, its caller known, its id on the
 * answer, and what went wrong on our side in the log. Nothing is awaited outside tRPC, so every answer has its shape.
 */
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Host } from '../host'
import { boundedRequest } from './body'
import { createContext } from './context'
import { retryAfterHeader } from './errors'
import { appRouter } from './root'

/** Calls in one batch; the browser's client sends at most 20. */
const BATCH_MAX = 50

export function handleApi(host: Host, request: Request): Promise<Response> {
  return host.working(() => answer(host, request))
}

async function answer(host: Host, request: Request): Promise<Response> {
  const context = await createContext(host, request)
  const response = await fetchRequestHandler({
    endpoint: '/api/trpc',
    req: boundedRequest(request),
    router: appRouter,
    maxBatchSize: BATCH_MAX,
    // A query with a long input, such as a saga's text, fits no address. It stays a query: it changes nothing.
    allowMethodOverride: true,
    createContext: () => context,
    responseMeta: ({ errors }) => ({ headers: retryAfterHeader(errors.map(({ cause }) => cause)) }),
    onError({ path, error }) {
      if (error.code === 'INTERNAL_SERVER_ERROR' && error.cause?.name !== 'AbortError')
        host.log.error('A call failed', {
          path,
          requestId: context.requestId,
          caller: context.principal?.actor,
          error: error.cause ?? error,
        })
    },
  })
  response.headers.set('x-request-id', context.requestId)
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
  return response
}
