'use client'

/** The counts and the health that the navigation shows; refreshed every few seconds while the tab is visible. */
import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '../api'

export function useShell() {
  const trpc = useTRPC()
  return useQuery(
    trpc.system.shell.queryOptions(undefined, { refetchInterval: 5_000, staleTime: 2_000 }),
  )
}
