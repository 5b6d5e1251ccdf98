/**
 * Keeps the draft on the server in step with the document, and never loses a keystroke.
 *
 * 1. Saved a moment after the last change, with the revision it is based on. The server refuses a stale revision; then
 *    both versions are shown, and nothing is overwritten until somebody has chosen.
 * 2. Until the server has it, the newest text is kept in this browser under a key of this tab.
 * 3. Without a connection it is tried again, slower each time, and at once when the browser is back online.
 * 4. One save is under way at a time. Framework-free; time and storage come from outside.
 */
import type { Layout } from '@/runtime/definition/schema'
import type { DocumentStore, Timing } from './document-store'

export interface Draft {
  source: string
  layout: Layout
  revision: number
}

export type SaveResult =
  | { kind: 'saved'; revision: number }
  /** Another revision was saved first; this is it. */
  | { kind: 'conflict'; theirs: Draft & { updatedBy: string } }
  | { kind: 'unreachable' }
  /** The server has understood and will not: too large, not allowed. */
  | { kind: 'refused'; message: string }

export type SaverState =
  | { status: 'saved' }
  | { status: 'dirty' }
  | { status: 'saving' }
  | { status: 'offline' }
  | { status: 'refused'; message: string }
  | { status: 'conflict'; base: string; theirs: Draft & { updatedBy: string } }

export interface Backup extends Draft {
  key: string
  at: number
}

const SAVE_MS = 800
const BACKUP_MS = 250
const RETRY_MS = [2_000, 4_000, 8_000, 15_000, 30_000] as const
const PREFIX = 'sagawright.draft.'

export class DraftSaver {
  readonly #store: DocumentStore
  readonly #timing: Timing
  readonly #save: (draft: Draft) => Promise<SaveResult>
  readonly #storage: Storage | null
  readonly #key: string
  #state: SaverState = { status: 'saved' }
  #revision: number
  /** What the server has, as far as we know: the common text of a merge. */
  #base: { source: string; layout: Layout }
  #savedVersion: number
  /** The newest change we have heard of; selecting and checking are no changes. */
  #seenVersion: number
  #failures = 0
  #cancel: (() => void) | null = null
  #cancelBackup: (() => void) | null = null
  #listeners = new Set<() => void>()
  #unsubscribe: () => void

  constructor(given: {
    name: string
    tab: string
    store: DocumentStore
    draft: Draft
    timing: Timing
    storage: Storage | null
    save: (draft: Draft) => Promise<SaveResult>
  }) {
    this.#store = given.store
    this.#timing = given.timing
    this.#save = given.save
    this.#storage = given.storage
    this.#key = `${PREFIX}${given.name}.${given.tab}`
    this.#revision = given.draft.revision
    this.#base = { source: given.draft.source, layout: given.draft.layout }
    this.#savedVersion = given.store.getState().version
    this.#seenVersion = this.#savedVersion
    this.#unsubscribe = given.store.subscribe(() => this.#changed())
  }

  readonly getState = (): SaverState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  get revision(): number {
    return this.#revision
  }

  get clean(): boolean {
    return this.#savedVersion === this.#store.getState().version
  }

  /** Saves now. Resolves once the server has everything, or cannot have it for the moment. */
  async flush(): Promise<SaverState> {
    this.#cancel?.()
    this.#cancel = null
    if (this.clean && this.#state.status !== 'saving') return this.#state
    if (this.#state.status === 'conflict') return this.#state
    if (this.#state.status !== 'saving') await this.#run()
    else await new Promise<void>((done) => this.#whenIdle(done))
    return this.clean || this.#state.status !== 'dirty' ? this.#state : this.flush()
  }

  /** The browser is back online. */
  retryNow(): void {
    if (this.#state.status === 'offline') void this.flush()
  }

  /** The server's draft has moved on while nothing was changed here: take it. */
  adopt(draft: Draft, label: string): void {
    if (draft.revision <= this.#revision || !this.clean) return
    this.#revision = draft.revision
    this.#base = { source: draft.source, layout: draft.layout }
    this.#store.replace({ source: draft.source, layout: draft.layout }, label)
    this.#savedVersion = this.#store.getState().version
    this.#set({ status: 'saved' })
  }

  /** Somebody has chosen what becomes of a conflict; the other side stays one undo away. */
  resolve(theirs: Draft, chosen: { source: string; layout: Layout }): void {
    this.#revision = theirs.revision
    this.#base = { source: theirs.source, layout: theirs.layout }
    this.#set({ status: 'dirty' })
    this.#store.replace({ source: theirs.source, layout: theirs.layout }, 'Take the other version')
    const took = chosen.source === theirs.source
    if (took) this.#savedVersion = this.#store.getState().version
    else this.#store.replace(chosen, 'Merge')
    if (took) {
      this.#forgetBackup()
      this.#set({ status: 'saved' })
    } else this.#soon(0)
  }

  /** Writes the backup at once: the page may be going away. */
  keep(): void {
    this.#cancelBackup?.()
    this.#cancelBackup = null
    if (!this.clean) this.#writeBackup()
  }

  dispose(): void {
    this.keep()
    this.#cancel?.()
    this.#unsubscribe()
    this.#listeners.clear()
  }

  #changed(): void {
    const { version } = this.#store.getState()
    if (version === this.#seenVersion) return
    this.#seenVersion = version
    if (this.clean) return
    this.#cancelBackup ??= this.#timing.after(BACKUP_MS, () => {
      this.#cancelBackup = null
      if (!this.clean) this.#writeBackup()
    })
    const { status } = this.#state
    if (status === 'conflict' || status === 'saving' || status === 'offline') return
    if (status !== 'dirty') this.#set({ status: 'dirty' })
    this.#soon(SAVE_MS)
  }

  #soon(ms: number): void {
    this.#cancel?.()
    this.#cancel = this.#timing.after(ms, () => {
      this.#cancel = null
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    if (this.#state.status === 'saving' || this.#state.status === 'conflict') return
    const { text, layout, version } = this.#store.getState()
    this.#set({ status: 'saving' })
    const sent = { source: text, layout, revision: this.#revision }
    let result: SaveResult
    try {
      result = await this.#save(sent)
    } catch {
      result = { kind: 'unreachable' }
    }
    switch (result.kind) {
      case 'saved':
        this.#saved(sent, result.revision, version)
        break
      case 'conflict':
        this.#met(result.theirs, version)
        break
      case 'unreachable': {
        const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 30_000
        this.#failures += 1
        this.#writeBackup()
        this.#set({ status: 'offline' })
        this.#soon(wait)
        break
      }
      case 'refused':
        this.#writeBackup()
        this.#set({ status: 'refused', message: result.message })
        break
      default:
        result satisfies never
    }
  }

  #saved(sent: Draft, revision: number, version: number): void {
    this.#failures = 0
    this.#revision = revision
    this.#base = { source: sent.source, layout: sent.layout }
    this.#savedVersion = version
    if (this.clean) {
      this.#forgetBackup()
      this.#set({ status: 'saved' })
    } else {
      this.#set({ status: 'dirty' })
      this.#soon(SAVE_MS)
    }
  }

  #met(theirs: Draft & { updatedBy: string }, version: number): void {
    const { text, layout } = this.#store.getState()
    const same = theirs.source === text && JSON.stringify(theirs.layout) === JSON.stringify(layout)
    if (same) {
      this.#saved(theirs, theirs.revision, version)
      return
    }
    this.#writeBackup()
    this.#set({ status: 'conflict', base: this.#base.source, theirs })
  }

  #whenIdle(done: () => void): void {
    const stop = this.subscribe(() => {
      if (this.#state.status === 'saving') return
      stop()
      done()
    })
  }

  #writeBackup(): void {
    const { text, layout } = this.#store.getState()
    const value = { source: text, layout, revision: this.#revision, at: this.#timing.now() }
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(value))
    } catch {
      // the browser's storage is full or forbidden: saving to the server goes on all the same
    }
  }

  #forgetBackup(): void {
    this.#cancelBackup?.()
    this.#cancelBackup = null
    this.#storage?.removeItem(this.#key)
  }

  #set(state: SaverState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

/** Texts that some tab kept because the server did not get them; newest first. */
export function findBackups(storage: Storage, name: string): Backup[] {
  const found: Backup[] = []
  for (let n = 0; n < storage.length; n++) {
    const key = storage.key(n)
    if (!key?.startsWith(`${PREFIX}${name}.`)) continue
    try {
      const value = JSON.parse(storage.getItem(key) ?? '') as Omit<Backup, 'key'>
      if (typeof value.source === 'string' && typeof value.revision === 'number') {
        found.push({ ...value, key })
      }
    } catch {
      storage.removeItem(key)
    }
  }
  return found.sort((a, b) => b.at - a.at)
}
