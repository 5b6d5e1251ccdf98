'use client'

/**
 * The browser's end of the API: one TanStack Query client, batched HTTP for queries and mutations, SSE for
 * subscriptions. Components call `useTRPC()` and know the router by its type alone.
 *
 * 1. HTTP/1.1 gives a browser six connections per host and every subscription holds one: a page opens one
 *    subscription (`sagas.live` for a run, `sagas.feed` for lists) and shares it.
 * 2. A lost stream is resumed after the last event; only UNAUTHORIZED and FORBIDDEN end it for good.
 */
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import {
  createTRPCClient,
  httpBatchLink,
  httpSubscriptionLink,
  isTRPCClientError,
  retryLink,
  splitLink,
} from '@trpc/client'
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import { type ReactNode, useState } from 'react'
import type { AppRouter } from '@/server/api/root'
import { wireFormat } from '@/server/api/wire-format'

const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>()

export { useTRPC, useTRPCClient }

export type RouterInputs = inferRouterInputs<AppRouter>
export type RouterOutputs = inferRouterOutputs<AppRouter>

/** Gives everything below it `useTRPC()`. Mount it once, in the root layout. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient)
  const [client] = useState(makeClient)
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  )
}

/** What an API error says, typed; null when it is not one (a bug, a lost network). */
export function apiErrorData(error: unknown) {
  return isTRPCClientError<AppRouter>(error) ? (error.data ?? null) : null
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // refused is refused; only what may be different next time is asked again
        retry: (count, error) => count < 3 && (apiErrorData(error)?.httpStatus ?? 503) >= 500,
      },
    },
  })
}

// a session that ended elsewhere (12 h, disabled, signed out in another tab) leads back to the sign-in page
function leaveWhenSignedOut(error: unknown) {
  if (apiErrorData(error)?.code !== 'UNAUTHORIZED') return
  const { pathname, search } = window.location
  if (pathname.startsWith('/sign-in')) return
  window.location.assign(`/sign-in?callbackUrl=${encodeURIComponent(pathname + search)}`)
}

function makeClient() {
  const url = typeof window === 'undefined' ? 'http://127.0.0.1/api/trpc' : '/api/trpc'
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: [
          // EventSource retries lost connections itself but gives up on an HTTP error; this keeps the last event id too
          retryLink({
            retry: ({ error }) => error.data?.httpStatus !== 401 && error.data?.httpStatus !== 403,
            retryDelayMs: (attempt) => Math.min(500 * 2 ** attempt, 15_000),
          }),
          httpSubscriptionLink({ url, transformer: wireFormat }),
        ],
        false: httpBatchLink({ url, transformer: wireFormat, maxItems: 20, maxURLLength: 8_000 }),
      }),
    ],
  })
}
