'use client'

/** What sagas can call: registered participants with their operations, and other definitions. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { VerifyOptions } from '@/runtime/verifier/rule'
import { useTRPC } from '../api'
import type { Catalog } from '../canvas/step-picker'

/** Empty until known; the verifier is told nothing before both lists are there. */
export function useCatalog(name: string): { catalog: Catalog; knowledge: VerifyOptions | null } {
  const trpc = useTRPC()
  const participants = useQuery(trpc.participants.list.queryOptions({ limit: 200 }))
  const definitions = useQuery(trpc.definitions.list.queryOptions({ limit: 200 }))
  return useMemo(() => {
    const services = participants.data?.items ?? []
    const sagas = (definitions.data?.items ?? []).filter((item) => item.version !== null)
    const catalog: Catalog = {
      participants: services
        .filter((item) => !item.disabled)
        .map((item) => ({ name: item.name, title: item.title, operations: item.operations })),
      sagas: sagas
        .filter((item) => item.name !== name)
        .map((item) => ({ name: item.name, title: item.title })),
    }
    const whole = (list: { nextCursor: string | null } | undefined) => list?.nextCursor === null
    // a list of which only a part is known would make the verifier call the rest unknown
    const knowledge: VerifyOptions = {
      name,
      ...(whole(participants.data) ? { participants: services } : {}),
      ...(whole(definitions.data)
        ? {
            sagas: (definitions.data?.items ?? []).map((item) => ({
              name: item.name,
              versions: Array.from({ length: item.version ?? 0 }, (_, n) => n + 1),
            })),
          }
        : {}),
    }
    return { catalog, knowledge: participants.data && definitions.data ? knowledge : null }
  }, [participants.data, definitions.data, name])
}
