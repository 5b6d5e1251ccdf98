'use client'

/** True below 768 px, where lists become cards and rails become sheets. */
import { useSyncExternalStore } from 'react'

const QUERY = '(max-width: 767.98px)'

export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(QUERY)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => matchMedia(QUERY).matches,
    () => false,
  )
}
