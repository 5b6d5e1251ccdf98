'use client'

/** What one visit to the designer holds: the document, its saving, and the tab's name for backups. */
import type { TRPCClient } from '@trpc/client'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { z } from 'zod'
import { layoutSchema } from '@/runtime/definition/schema'
import type { DefinitionDetail } from '@/server/api/contract'
import type { AppRouter } from '@/server/api/root'
import { apiErrorData } from '../api'
import { type DesignerState, DocumentStore, type Timing } from './document-store'
import { type Backup, type Draft, DraftSaver, findBackups, type SaveResult } from './draft-saver'

export interface Session {
  store: DocumentStore
  saver: DraftSaver
  /** Found in this browser when the page was opened: texts the server never got. */
  backups: Backup[]
}

/** Lives from the first render that has the definition until the page is left. */
export function useSession(
  detail: DefinitionDetail | undefined,
  client: TRPCClient<AppRouter>,
): Session | null {
  const [session, setSession] = useState<Session | null>(null)
  const name = detail?.name
  // biome-ignore lint/correctness/useExhaustiveDependencies: later answers of the query go through `saver.adopt`
  useEffect(() => {
    if (!detail) return
    const { draft } = detail
    const store = new DocumentStore(draft, TIMING)
    const storage = storageOf('localStorage')
    const backups = storage
      ? findBackups(storage, detail.name).filter((one) => one.source !== draft.source)
      : []
    const saver = new DraftSaver({
      name: detail.name,
      tab: tabName(),
      store,
      draft,
      timing: TIMING,
      storage,
      save: (next) => save(client, detail.name, next),
    })
    const keep = () => saver.keep()
    const retry = () => saver.retryNow()
    window.addEventListener('pagehide', keep)
    window.addEventListener('online', retry)
    setSession({ store, saver, backups })
    return () => {
      window.removeEventListener('pagehide', keep)
      window.removeEventListener('online', retry)
      void saver.flush()
      saver.dispose()
      store.dispose()
    }
  }, [name, client])
  return session
}

/** Rerenders when the selected part of the document's state changes. The selector returns parts of the state as they are. */
export function useDesigner<T>(store: DocumentStore, select: (state: DesignerState) => T): T {
  const read = () => select(store.getState())
  return useSyncExternalStore(store.subscribe, read, read)
}

const TIMING: Timing = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

async function save(
  client: TRPCClient<AppRouter>,
  name: string,
  draft: Draft,
): Promise<SaveResult> {
  try {
    const { revision } = await client.definitions.saveDraft.mutate({ name, ...draft })
    return { kind: 'saved', revision }
  } catch (error) {
    const data = apiErrorData(error)
    if (!data || data.httpStatus >= 500 || data.httpStatus === 429) return { kind: 'unreachable' }
    if (data.sagaCode === 'CONFLICT') return conflict(client, name, data.details)
    return { kind: 'refused', message: error instanceof Error ? error.message : String(error) }
  }
}

const theirDraft = z.object({
  source: z.string(),
  layout: layoutSchema,
  revision: z.int(),
  updatedBy: z.string(),
})

async function conflict(
  client: TRPCClient<AppRouter>,
  name: string,
  details: Record<string, unknown>,
): Promise<SaveResult> {
  const told = theirDraft.safeParse(details.draft)
  if (told.success) return { kind: 'conflict', theirs: told.data }
  const { draft } = await client.definitions.get.query({ name })
  return { kind: 'conflict', theirs: draft }
}

/** Kept over a reload of the tab, different in every other one. */
function tabName(): string {
  const storage = storageOf('sessionStorage')
  const known = storage?.getItem('sagawright.tab')
  if (known) return known
  const made = Math.random().toString(36).slice(2, 10)
  storage?.setItem('sagawright.tab', made)
  return made
}

function storageOf(kind: 'localStorage' | 'sessionStorage'): Storage | null {
  try {
    return window[kind]
  } catch {
    return null
  }
}
