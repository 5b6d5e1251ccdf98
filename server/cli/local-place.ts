/**
 * Sagas on this machine's database, with a runtime of our own. When `npm start` runs on the same database its worker does
 * the work and ours stands by; else ours works for as long as the command runs.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseDefinition } from '@/runtime/definition/parse'
import type { Actor } from '@/runtime/journal/entry'
import { readEnv } from '@/server/env'
import { openInstance } from '@/server/launch/environment'
import { openHost } from '@/server/open-host'
import { output } from './output'
import type { Place } from './run'

const BY: Actor = { kind: 'system', id: 'cli', name: 'sagawright command' }
const POLL_MS = 300

/** Starts the database when it does not run. */
export async function openLocalPlace(): Promise<Place> {
  const instance = await openInstance()
  const quiet = () => {}
  const warn = (message: string) => output.error(output.dim(message))
  const opened = openHost(readEnv(instance.env), {
    log: { info: quiet, warn, error: warn },
    address: process.env.NEXTAUTH_URL ? 'own' : 'learned',
  })
  const { runtime } = opened.host
  const close = async () => {
    await opened.stop()
    await instance.close()
  }
  try {
    await opened.start()
  } catch (error) {
    await close()
    throw error
  }

  return {
    async publish(_name, source) {
      const { document } = parseDefinition(source)
      if (!document) throw new Error('The file was checked before; it cannot be published now')
      return runtime.publish({ document, source, by: BY })
    },
    start: (request) => runtime.startSaga({ ...request, by: BY }),
    async *follow(sagaId, signal) {
      let wake = () => {}
      const off = runtime.onCommit((ids) => ids.includes(sagaId) && wake())
      try {
        for (let after = 0; !signal.aborted; ) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve
          })
          const entries = await runtime.journal(sagaId, after)
          yield* entries
          after = entries.at(-1)?.seq ?? after
          // another worker's commits do not wake us
          if (entries.length === 0)
            await Promise.race([woken, delay(POLL_MS, undefined, { signal })])
        }
      } finally {
        off()
      }
    },
    // all shards are ours: there is no other worker
    unattended: () => runtime.health().status === 'active',
    close,
  }
}
