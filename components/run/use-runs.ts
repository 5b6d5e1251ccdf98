'use client'

/**
 * The runs that a filter matches: paged from the server, patched in place while they run.
 *
 * 1. An event for a loaded row changes its status at once; the rest of the row follows within two seconds.
 * 2. Rows never move or vanish by themselves. New ones are counted in `fresh` and come with `showFresh`.
 */
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { SagaListItem } from '@/server/api/contract'
import { useTRPC, useTRPCClient } from '../api'
import { useFeed } from '../shell/feed'
import { countNew, patchRuns } from './merge-runs'
import { type RunFilters, scopeOf, statusesOf } from './run-filters'

const PAGE = 100
const REFRESH_MS = 2_000

export function useRuns(filters: RunFilters) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queryClient = useQueryClient()
  const { tab, definition, venture, q, since } = filters
  const scope = useMemo(
    () => scopeOf({ tab, definition, venture, q, since }, Date.now()),
    [tab, definition, venture, q, since],
  )
  const input = useMemo(() => {
    const status = statusesOf(tab)
    return { ...scope, ...(status.length > 0 ? { status } : {}), limit: PAGE }
  }, [scope, tab])

  const options = trpc.sagas.list.infiniteQueryOptions(input, {
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    // Patched by hand; a refetch of every page would move rows.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
  })
  const list = useInfiniteQuery(options)
  const counts = useQuery(
    trpc.sagas.counts.queryOptions(scope, { placeholderData: keepPreviousData, staleTime: 0 }),
  )
  const [fresh, setFresh] = useState(0)

  const refresh = useRef(async () => {})
  useEffect(() => {
    refresh.current = async () => {
      if (document.hidden) return
      const newest = await client.sagas.list.query(input)
      const known = queryClient.getQueryData(options.queryKey)
      if (!known) return
      setFresh(countNew(known.pages, newest.items))
      queryClient.setQueryData(options.queryKey, {
        ...known,
        pages: patchRuns(known.pages, newest.items),
      })
      await queryClient.invalidateQueries({ queryKey: trpc.sagas.counts.queryKey(scope) })
    }
  })
  const schedule = useThrottle(() => refresh.current(), REFRESH_MS)

  const feed = useFeed((event) => {
    const { status } = event
    if (status) {
      queryClient.setQueryData(options.queryKey, (known) => {
        if (!known) return known
        const row = known.pages
          .flatMap((page) => page.items)
          .find((item) => item.sagaId === event.sagaId)
        if (!row || row.status === status) return known
        return { ...known, pages: patchRuns(known.pages, [{ ...row, status }]) }
      })
    }
    schedule()
  })

  const rows = useMemo(
    () => (list.data?.pages ?? []).flatMap((page): SagaListItem[] => page.items),
    [list.data],
  )
  return {
    rows,
    list,
    counts: counts.data,
    fresh,
    connection: feed.connection,
    /** Starts over at the newest run. */
    showFresh: async () => {
      setFresh(0)
      await queryClient.resetQueries({ queryKey: options.queryKey })
    },
  }
}

/** Runs at once, then at most every `ms`, and never loses the last call. */
function useThrottle(run: () => Promise<void>, ms: number): () => void {
  const state = useRef<{ timer: ReturnType<typeof setTimeout> | null; again: boolean }>({
    timer: null,
    again: false,
  })
  const latest = useRef(run)
  useEffect(() => {
    latest.current = run
  })
  useEffect(() => {
    const { current } = state
    return () => {
      if (current.timer) clearTimeout(current.timer)
      current.timer = null
    }
  }, [])
  const fire = useRef(() => {
    const { current } = state
    if (current.timer) {
      current.again = true
      return
    }
    current.timer = setTimeout(() => {
      current.timer = null
      if (!current.again) return
      current.again = false
      fire.current()
    }, ms)
    // A failed refresh is not news: the list shows what it has, the feed says whether the server is there.
    latest.current().catch(() => {})
  })
  return fire.current
}
