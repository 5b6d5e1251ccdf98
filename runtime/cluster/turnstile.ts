/**
 * Many may pass at once; one may ask to be alone. Commits pass; a change of the lease is alone, so that no commit is under
 * way under an epoch that has just become old.
 *
 * 1. Whoever wants to be alone keeps new ones out and waits for those inside.
 * 2. Several who want to be alone take turns.
 */
export class Turnstile {
  #inside = 0
  #closed: Promise<void> | null = null
  #emptied: (() => void) | null = null

  async pass<T>(run: () => Promise<T>): Promise<T> {
    while (this.#closed) await this.#closed
    this.#inside++
    try {
      return await run()
    } finally {
      this.#inside--
      if (this.#inside === 0) this.#emptied?.()
    }
  }

  async alone<T>(run: () => Promise<T>): Promise<T> {
    while (this.#closed) await this.#closed
    let open = () => {}
    this.#closed = new Promise<void>((resolve) => {
      open = resolve
    })
    try {
      if (this.#inside > 0)
        await new Promise<void>((resolve) => {
          this.#emptied = resolve
        })
      return await run()
    } finally {
      this.#emptied = null
      this.#closed = null
      open()
    }
  }
}
