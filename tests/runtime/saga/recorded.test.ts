/**
 * Journals that released versions wrote are decided alike by this one: same facts, same snapshot.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileSaga } from '@/runtime/compiler/compile'
import type { SagaDocument } from '@/runtime/definition/schema'
import type { Entry } from '@/runtime/journal/entry'
import { replay } from '@/runtime/saga/replay'
import type { SagaState } from '@/runtime/saga/state'
import { canonicalJson } from '@/runtime/security/digest'

interface Recorded {
  document: SagaDocument
  entities: { id: string; entries: Entry[]; state: SagaState }[]
}

const folder = path.join(import.meta.dirname, 'recorded')
const files = readdirSync(folder).filter((file) => file.endsWith('.json'))

describe('recorded journals', () => {
  it.each(files)('%s replays to the snapshots it was recorded with', (file) => {
    const sagas = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Recorded[]
    expect(sagas.length).toBeGreaterThan(20)
    for (const { document, entities } of sagas) {
      const saga = compileSaga(document)
      for (const { id, entries, state } of entities) {
        const again = replay(saga, {
          entityId: id,
          kind: 'saga',
          seq: entries.length,
          hash: '',
          digest: saga.digest,
          snapshot: null,
          entries,
        })
        expect(canonicalJson(again)).toBe(canonicalJson(state))
      }
    }
  })
})
