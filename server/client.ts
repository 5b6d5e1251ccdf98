/**
 * The typed client for Node services: every procedure of the API with an API key, live subscriptions included.
 *
 * Errors are `TRPCClientError<AppRouter>`; `error.data` holds `sagaCode`, `issues` and `requestId`, typed. The example is
 * tests/examples/start-100.ts.
 */
import {
  createTRPCClient,
  httpBatchLink,
  httpSubscriptionLink,
  isTRPCClientError,
  retryLink,
  splitLink,
  type TRPCClient,
} from '@trpc/client'
import { EventSource } from 'eventsource'
import type { AppRouter } from './api/root'
import { wireFormat } from './api/wire-format'

export interface SagawrightClientOptions {
  /** The server's address, such as http://127.0.0.1:3000. */
  url: string
  /** `sgw_…`, made on the page “Keys”. */
  apiKey: string
}

export type SagawrightClient = TRPCClient<AppRouter>

/** A client. Subscriptions resume after the last event when the connection was lost. */
export function createSagawrightClient({ url, apiKey }: SagawrightClientOptions): SagawrightClient {
  const api = new URL('/api/trpc', url).href
  const headers = { authorization: `Bearer ${apiKey}` }
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: [
          retryLink({
            retry: ({ error }) => (error.data?.httpStatus ?? 503) >= 500,
            retryDelayMs: (attempt) => Math.min(500 * 2 ** attempt, 15_000),
          }),
          httpSubscriptionLink({
            url: api,
            transformer: wireFormat,
            // Node 20 has no EventSource, and browsers' cannot send headers
            EventSource,
            eventSourceOptions: {
              fetch: (input, init) =>
                fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
            },
          }),
        ],
        false: httpBatchLink({
          url: api,
          transformer: wireFormat,
          headers,
          maxItems: 20,
          // a query's input may be a saga's text, longer than an address may be
          methodOverride: 'POST',
        }),
      }),
    ],
  })
}

/** What an API error says, typed; null when the error is not one of the API's. */
export function apiErrorData(error: unknown) {
  return isTRPCClientError<AppRouter>(error) ? (error.data ?? null) : null
}
