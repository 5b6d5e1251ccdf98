'use client'

/**
 * Who is signed in and what they may do. The server decides on every call; this only lets the page say so beforehand.
 */
import { useQuery } from '@tanstack/react-query'
import type { Permission } from '@/server/auth/permissions'
import { useTRPC } from '../api'

export function useMe() {
  const trpc = useTRPC()
  return useQuery(trpc.users.me.queryOptions(undefined, { staleTime: 60_000 }))
}

/** Why not, or null when it is allowed (or not yet known: the server has the last word). */
export function useRefusal(): (permission: Permission) => string | null {
  const { data: me } = useMe()
  return (permission) => {
    if (!me || me.permissions.includes(permission)) return null
    return `Your roles (${me.roles.join(', ').toLowerCase() || 'none'}) lack ${permission}. Ask an admin for it.`
  }
}
