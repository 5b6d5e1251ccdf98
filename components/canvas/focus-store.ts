/** Which step is the canvas's one tab stop, and what a search has found. Kept out of the node array. */
export class FocusStore {
  #current: string | null = null
  #pulled: string | null = null
  #listeners = new Map<string, Set<() => void>>()
  #found: ReadonlySet<string> | null = null
  #searchListeners = new Set<() => void>()

  get current(): string | null {
    return this.#current
  }

  move(step: string | null): void {
    if (step === this.#current) return
    const before = this.#current
    this.#current = step
    for (const id of [before, step]) {
      if (id !== null) for (const listener of this.#listeners.get(id) ?? []) listener()
    }
  }

  /** Also gives it the keyboard, as soon as it is drawn. */
  pull(step: string): void {
    this.#pulled = step
    this.move(step)
  }

  /** True once for the step that was pulled. */
  takePull(step: string): boolean {
    if (this.#pulled !== step) return false
    this.#pulled = null
    return true
  }

  subscribe(step: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(step) ?? new Set()
    this.#listeners.set(step, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(step)
    }
  }

  /** Null ends the search. */
  search(found: ReadonlySet<string> | null): void {
    this.#found = found
    for (const listener of this.#searchListeners) listener()
  }

  searchMark(step: string): 'found' | 'dimmed' | null {
    if (this.#found === null) return null
    return this.#found.has(step) ? 'found' : 'dimmed'
  }

  subscribeSearch(listener: () => void): () => void {
    this.#searchListeners.add(listener)
    return () => this.#searchListeners.delete(listener)
  }
}
