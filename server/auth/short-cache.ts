/**
 * A bounded map whose values live for a moment: keeps a burst of calls from asking the database the same thing each
 * time, and is short enough that a change elsewhere counts almost at once.
 */
export class ShortCache<T> {
  readonly #entries = new Map<string, { value: Promise<T>; until: number }>()
  readonly #ttlMs: number
  readonly #max: number

  constructor({ ttlMs, max }: { ttlMs: number; max: number }) {
    this.#ttlMs = ttlMs
    this.#max = max
  }

  /** The cached value, or `load`'s, which callers at the same time share. A failed load is not kept. */
  get(key: string, load: () => Promise<T>): Promise<T> {
    const now = performance.now()
    const found = this.#entries.get(key)
    if (found && found.until > now) return found.value
    const value = load()
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: now + this.#ttlMs })
    value.catch(() => this.#entries.delete(key))
    // the oldest go first: a Map keeps insertion order
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) break
      this.#entries.delete(oldest)
    }
    return value
  }

  forget(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
