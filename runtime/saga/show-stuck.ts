/**
 * Lets everybody see, in the store, which sagas this worker leaves alone. What is shown follows what is so: changes that come
 * while it is being written go together into the next, and what could not be written is tried again.
 */
import { isSagaError } from '../errors'
import type { Lease, Store } from '../journal/store'
import type { Clock, Logger } from '../ports'
import type { StuckSaga } from '../runtime'

/** Sagas that one worker shows; there may be more. */
const SHOWN_MAX = 100
const AGAIN_MS = 1_000

export interface ShowStuckOptions {
  store: Pick<Store, 'showStuck'>
  clock: Clock
  logger: Logger
  lease(): Lease
  list(): readonly StuckSaga[]
}

export class ShowStuck {
  readonly #options: ShowStuckOptions
  #shown = ''
  #writing = false
  #stopped = false

  constructor(options: ShowStuckOptions) {
    this.#options = options
  }

  /** The list has changed, or may have. */
  changed(): void {
    if (this.#writing || this.#stopped) return
    this.#writing = true
    void this.#write()
  }

  stop(): void {
    this.#stopped = true
  }

  async #write(): Promise<void> {
    const { store, clock, logger, lease, list } = this.#options
    while (!this.#stopped) {
      const sagas = list().slice(0, SHOWN_MAX)
      const text = JSON.stringify(sagas)
      if (text === this.#shown) break
      try {
        await store.showStuck(lease(), sagas)
        this.#shown = text
      } catch (error) {
        if (isSagaError(error) && error.code === 'FENCED') break
        logger.warn('Stuck sagas could not be shown; trying again', { error })
        await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve))
      }
    }
    this.#writing = false
  }
}
