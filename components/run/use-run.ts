'use client'

/**
 * A run, live: its details once, its journal up to now in pages, then every new entry as it is committed. A lost
 * stream resumes after the last entry taken.
 */
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { useTRPC, useTRPCClient } from '../api'
import { RunStore } from './run-store'

const PAGE = 1000

export function useRun(sagaId: string) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const detail = useQuery(
    trpc.sagas.get.queryOptions(
      { sagaId },
      // The journal brings the rest; asking again would only repeat it.
      { staleTime: Number.POSITIVE_INFINITY, refetchOnMount: 'always' },
    ),
  )
  // A store belongs to one run; the page is keyed by the run's id.
  const [store] = useState(() => new RunStore((run) => requestAnimationFrame(run)))
  const state = useSyncExternalStore(
    store.subscribe,
    () => store.state,
    () => store.state,
  )

  const first = detail.data
  useEffect(() => {
    if (!first) return
    let stopped = false
    let unsubscribe = () => {}
    store.open(first.document)
    store.take(first.entries)
    const catchUp = async () => {
      for (let more = first.hasMoreEntries; more && !stopped; ) {
        const page = await client.sagas.journal.query({
          sagaId,
          afterSeq: store.seq,
          limit: PAGE,
        })
        store.take(page.entries)
        more = page.hasMore && page.entries.length > 0
      }
      store.flush()
      store.set({ catchingUp: false })
    }
    catchUp()
      .catch(() => store.set({ connection: 'lost' }))
      .finally(() => {
        if (stopped) return
        const subscription = client.sagas.live.subscribe(
          { sagaId, afterSeq: store.seq },
          {
            onStarted: () => store.set({ connection: 'live', heardAt: Date.now() }),
            onData: (message) => {
              store.take([message.data])
              if (store.state.connection !== 'live') store.set({ connection: 'live' })
              store.set({ heardAt: Date.now() })
            },
            onConnectionStateChange: (change) => {
              if (change.state === 'connecting' && change.error) store.set({ connection: 'lost' })
            },
            onError: () => store.set({ connection: 'lost' }),
          },
        )
        unsubscribe = () => subscription.unsubscribe()
      })
    return () => {
      stopped = true
      unsubscribe()
    }
  }, [first, client, sagaId, store])

  const loadOlder = useCallback(async () => {
    const oldest = store.state.entries[0]?.seq ?? 1
    if (oldest <= 1) return
    const afterSeq = Math.max(0, oldest - 1 - PAGE)
    const page = await client.sagas.journal.query({ sagaId, afterSeq, limit: PAGE })
    store.takeOlder(page.entries)
  }, [client, sagaId, store])

  return { detail, state, loadOlder }
}
