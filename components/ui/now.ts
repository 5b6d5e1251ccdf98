'use client'

/**
 * The current time for components, from one shared timer. Ticks once a second while anything listens, and not while
 * the tab is hidden. On the server and during hydration it is the time the module was loaded, then corrects itself.
 */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
let current = Date.now()
let timer: ReturnType<typeof setInterval> | null = null

function tick() {
  if (document.hidden) return
  current = Date.now()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (!timer) {
    current = Date.now()
    timer = setInterval(tick, 1000)
    document.addEventListener('visibilitychange', tick)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0 && timer) {
      clearInterval(timer)
      timer = null
      document.removeEventListener('visibilitychange', tick)
    }
  }
}

/** Milliseconds since the epoch, refreshed every second. */
export function useNow(): number {
  return useSyncExternalStore(
    subscribe,
    () => current,
    () => current,
  )
}
