/**
 * One run as the page sees it: its journal folded as far as it is known, and the state of the stream that brings more.
 * Framework-free; `use-run.ts` connects it to React.
 *
 * 1. Entries are folded in order and once; a stream that repeats itself changes nothing.
 * 2. Listeners are told at most once per frame, however fast entries arrive.
 * 3. At most `KEPT_ENTRIES` entries stay in memory; older ones are read again when the journal is scrolled up.
 */
import type { SagaDocument } from '@/runtime/definition/schema'
import type { Entry } from '@/runtime/journal/entry'
import { emptyRunView, foldEntry, type RunView } from '@/runtime/projection/run-view'

export const KEPT_ENTRIES = 20_000

export interface RunState {
  view: RunView
  entries: readonly Entry[]
  connection: 'connecting' | 'live' | 'lost'
  heardAt: number | null
  /** The journal is being read up to now. */
  catchingUp: boolean
}

export class RunStore {
  #state: RunState = {
    view: emptyRunView(),
    entries: [],
    connection: 'connecting',
    heardAt: null,
    catchingUp: true,
  }
  #waiting: Entry[] = []
  #scheduled = false
  readonly #listeners = new Set<() => void>()
  readonly #frame: (run: () => void) => void

  constructor(frame: (run: () => void) => void) {
    this.#frame = frame
  }

  get state(): RunState {
    return this.#state
  }

  /** The last entry taken, folded or not. */
  get seq(): number {
    return this.#waiting.at(-1)?.seq ?? this.#state.view.seq
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Says what is drawn, before the first entry. */
  open(document: SagaDocument): void {
    if (this.seq === 0) this.#state = { ...this.#state, view: emptyRunView(document) }
  }

  take(entries: readonly Entry[]): void {
    for (const entry of entries) if (entry.seq > this.seq) this.#waiting.push(entry)
    this.#schedule()
  }

  /** Puts entries before the oldest one kept. */
  takeOlder(entries: readonly Entry[]): void {
    const first = this.#state.entries[0]?.seq ?? Number.POSITIVE_INFINITY
    const older = entries.filter((entry) => entry.seq < first)
    this.set({ entries: [...older, ...this.#state.entries] })
  }

  set(patch: Partial<RunState>): void {
    this.#state = { ...this.#state, ...patch }
    for (const listener of this.#listeners) listener()
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return
    this.#scheduled = true
    this.#frame(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** Folds what waits. */
  flush(): void {
    if (this.#waiting.length === 0) return
    const arrived = this.#waiting
    this.#waiting = []
    let { view } = this.#state
    for (const entry of arrived) view = foldEntry(view, entry)
    const entries = [...this.#state.entries, ...arrived]
    this.set({
      view,
      entries: entries.length > KEPT_ENTRIES ? entries.slice(-KEPT_ENTRIES) : entries,
    })
  }
}
