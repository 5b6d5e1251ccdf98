import { describe, expect, it } from 'vitest'
import { DocumentStore } from '@/components/designer/document-store'
import {
  type Draft,
  DraftSaver,
  findBackups,
  type SaveResult,
} from '@/components/designer/draft-saver'
import { SOURCE } from '../canvas/fixture'
import { ManualTiming } from './manual-timing'
import { MemoryStorage } from './memory-storage'

const LAYOUT = { positions: {}, notes: [] }

/** A server that keeps one draft, as the real one does, and can be cut off. */
class DraftServer {
  draft: Draft = { source: SOURCE, layout: LAYOUT, revision: 1 }
  reachable = true
  refusal: string | null = null
  saves = 0

  save = async (draft: Draft): Promise<SaveResult> => {
    if (!this.reachable) throw new TypeError('Failed to fetch')
    if (this.refusal !== null) return { kind: 'refused', message: this.refusal }
    if (draft.revision !== this.draft.revision) {
      return { kind: 'conflict', theirs: { ...this.draft, updatedBy: 'Ada' } }
    }
    this.saves += 1
    this.draft = { ...draft, revision: draft.revision + 1 }
    return { kind: 'saved', revision: this.draft.revision }
  }
}

function open(server = new DraftServer(), tab = 'a', storage = new MemoryStorage()) {
  const timing = new ManualTiming()
  const draft = server.draft
  const store = new DocumentStore(draft, timing)
  const saver = new DraftSaver({ name: 'x', tab, store, draft, timing, storage, save: server.save })
  return { server, timing, store, saver, storage }
}

const settle = async () => {
  for (let n = 0; n < 10; n++) await Promise.resolve()
}

describe('the draft saver', () => {
  it('saves once, a moment after the last change', async () => {
    const { server, timing, store, saver } = open()
    store.typed(`${SOURCE}# 1\n`)
    timing.advance(500)
    store.typed(`${SOURCE}# 12\n`)
    expect(saver.getState().status).toBe('dirty')
    timing.advance(799)
    expect(server.saves).toBe(0)
    timing.advance(1)
    await settle()
    expect(server.saves).toBe(1)
    expect(server.draft.source).toBe(`${SOURCE}# 12\n`)
    expect(saver.getState().status).toBe('saved')
    expect(saver.revision).toBe(2)
  })

  it('saves again what was changed while it was saving', async () => {
    const { server, timing, store, saver } = open()
    store.typed(`${SOURCE}# 1\n`)
    timing.advance(800)
    store.typed(`${SOURCE}# 2\n`)
    await settle()
    expect(saver.getState().status).toBe('dirty')
    timing.advance(800)
    await settle()
    expect(server.draft.source).toBe(`${SOURCE}# 2\n`)
    expect(saver.clean).toBe(true)
  })

  it('keeps the text in the browser until the server has it', async () => {
    const { timing, store, storage, server, saver } = open()
    server.reachable = false
    store.typed(`${SOURCE}# 1\n`)
    timing.advance(800)
    await settle()
    expect(saver.getState().status).toBe('offline')
    expect(findBackups(storage, 'x')[0]?.source).toBe(`${SOURCE}# 1\n`)
    server.reachable = true
    timing.advance(2000)
    await settle()
    expect(saver.getState().status).toBe('saved')
    expect(findBackups(storage, 'x')).toEqual([])
  })

  it('shows both versions when another tab was first, and overwrites neither', async () => {
    const server = new DraftServer()
    const one = open(server, 'a')
    const two = open(server, 'b')
    one.store.typed(SOURCE.replace('operation: pay', 'operation: payOne'))
    one.timing.advance(800)
    await settle()
    two.store.typed(`${SOURCE}# two\n`)
    two.timing.advance(800)
    await settle()
    const state = two.saver.getState()
    if (state.status !== 'conflict') throw new Error(state.status)
    expect(state.theirs.source).toContain('payOne')
    expect(server.draft.source).toContain('payOne')
    two.store.typed(`${SOURCE}# two and more\n`)
    two.timing.advance(5000)
    await settle()
    expect(server.draft.source).toContain('payOne')

    const chosen = { source: `${state.theirs.source}# two and more\n`, layout: LAYOUT }
    two.saver.resolve(state.theirs, chosen)
    two.timing.advance(1000)
    await settle()
    expect(server.draft.source).toBe(chosen.source)
    expect(two.saver.getState().status).toBe('saved')
    // what was not taken is still one undo away
    expect(two.store.undo()).toBe('Merge')
    expect(two.store.getState().text).toBe(state.theirs.source)
    expect(two.store.undo()).toBe('Take the other version')
    expect(two.store.getState().text).toBe(`${SOURCE}# two and more\n`)
  })

  it('takes no conflict where both have written the same', async () => {
    const server = new DraftServer()
    const one = open(server, 'a')
    const two = open(server, 'b')
    for (const { store, timing } of [one, two]) {
      store.typed(`${SOURCE}# same\n`)
      timing.advance(800)
      await settle()
    }
    expect(two.saver.getState().status).toBe('saved')
    expect(two.saver.revision).toBe(2)
  })

  it('takes a newer draft over only while nothing is unsaved', async () => {
    const { store, saver } = open()
    const newer = { source: `${SOURCE}# newer\n`, layout: LAYOUT, revision: 5 }
    store.typed(`${SOURCE}# mine\n`)
    saver.adopt(newer, 'Take over')
    expect(store.getState().text).toBe(`${SOURCE}# mine\n`)
    store.undo()
    const clean = open()
    clean.saver.adopt(newer, 'Take over')
    expect(clean.store.getState().text).toBe(newer.source)
    expect(clean.saver.revision).toBe(5)
    expect(clean.saver.clean).toBe(true)
  })

  it('says why when the server will not have it', async () => {
    const { server, timing, store, saver, storage } = open()
    server.refusal = 'Too long.'
    store.typed(`${SOURCE}# 1\n`)
    timing.advance(800)
    await settle()
    expect(saver.getState()).toEqual({ status: 'refused', message: 'Too long.' })
    expect(findBackups(storage, 'x')).toHaveLength(1)
  })

  it('has everything saved once a flush resolves', async () => {
    const { server, store, saver } = open()
    store.typed(`${SOURCE}# 1\n`)
    expect(await saver.flush()).toEqual({ status: 'saved' })
    expect(server.draft.source).toBe(`${SOURCE}# 1\n`)
  })
})
