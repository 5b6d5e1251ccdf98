'use client'

/**
 * What happens in all sagas, as it happens, shared by every component on the page: a browser has six connections per
 * host, so however many listen, one stream is open, and none when nobody listens.
 */
import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { FeedEvent } from '@/server/api/contract'
import { useTRPCClient } from '../api'

export type Connection = 'connecting' | 'live' | 'lost'

interface FeedState {
  connection: Connection
  /** When the stream last said anything. */
  heardAt: number | null
}

const listeners = new Set<(event: FeedEvent) => void>()
const watchers = new Set<() => void>()
let state: FeedState = { connection: 'connecting', heardAt: null }
let stop: (() => void) | null = null

/** Calls `listener` for every event while mounted. */
export function useFeed(listener: (event: FeedEvent) => void): FeedState {
  const client = useTRPCClient()
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  useEffect(() => {
    const mine = (event: FeedEvent) => latest.current(event)
    listeners.add(mine)
    stop ??= open(client)
    return () => {
      listeners.delete(mine)
      if (listeners.size > 0) return
      stop?.()
      stop = null
    }
  }, [client])
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => state,
    () => state,
  )
}

function open(client: ReturnType<typeof useTRPCClient>): () => void {
  set({ connection: 'connecting', heardAt: null })
  const subscription = client.sagas.feed.subscribe(
    {},
    {
      onStarted: () => set({ connection: 'live', heardAt: Date.now() }),
      onData: (message) => {
        set({ connection: 'live', heardAt: Date.now() })
        for (const listener of listeners) listener(message.data)
      },
      onConnectionStateChange: (change) => {
        if (change.state === 'connecting' && change.error) set({ ...state, connection: 'lost' })
      },
      onError: () => set({ ...state, connection: 'lost' }),
    },
  )
  return () => subscription.unsubscribe()
}

function set(next: FeedState): void {
  state = next
  for (const watcher of watchers) watcher()
}
