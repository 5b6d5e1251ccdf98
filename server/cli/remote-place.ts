/**
 * Sagas on a server, over its API, with a key of the scopes definition:read, definition:write, definition:publish,
 * saga:start and saga:read.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { apiErrorData, createSagawrightClient } from '@/server/client'
import type { Place } from './run'

const POLL_MS = 300
const PAGE = 500

/** Nothing is asked of the server before the first call. */
export function openRemotePlace(url: string, key: string): Place {
  const api = createSagawrightClient({ url, apiKey: key })
  return {
    async publish(name, source) {
      const { draft, published } = await api.definitions.get.query({ name }).catch((error) => {
        if (apiErrorData(error)?.code !== 'NOT_FOUND') throw error
        return api.definitions.create.mutate({ name, source })
      })
      if (published?.source === source) return { version: published.version, unchanged: true }
      const { layout } = draft
      const { revision } = await api.definitions.saveDraft.mutate({
        name,
        source,
        layout,
        revision: draft.revision,
      })
      const { version, unchanged } = await api.definitions.publish.mutate({ name, revision })
      return { version, unchanged }
    },
    start: (request) => api.sagas.start.mutate({ ...request, input: request.input as never }),
    async *follow(sagaId, signal) {
      for (let afterSeq = 0; !signal.aborted; ) {
        const request = { sagaId, afterSeq, limit: PAGE }
        const { entries, hasMore } = await api.sagas.journal.query(request, { signal })
        yield* entries
        afterSeq = entries.at(-1)?.seq ?? afterSeq
        if (!hasMore) await delay(POLL_MS, undefined, { signal })
      }
    },
    unattended: () => false,
    close: async () => {},
  }
}
