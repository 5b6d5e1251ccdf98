/**
 * Takes and gives up shards for one tenant. What should move is ownership.ts; whether it may is the store's to say.
 *
 * 1. A shard is given up after its entities are drained, and no commit is under way while the lease changes.
 * 2. What a dead worker leaves is taken at once: neither shards that are being drained nor those that are still being brought
 *    back hold up the taking of others.
 * 3. A change whose outcome is unknown is found out by the next renewal, and until then nothing is committed.
 * 4. What ends with its tenant ends without a word: the next renewal says what holds, and the next tenant waits for nothing
 *    that this one still does.
 */
import { isSagaError, SagaError } from '../errors'
import type { Lease, Store } from '../journal/store'
import type { Logger } from '../ports'
import type { Moves } from './ownership'
import type { Tenant } from './tenant'

/** Changes of a lease: those ever asked of the store, and those not answered yet. It outlives a tenant, as they may. */
export interface Changes {
  asked: number
  open: number
}

export interface ShardMovesOptions {
  store: Pick<Store, 'reassign'>
  logger: Logger
  /** How long calls under way may go on before a shard changes hands. */
  drainMs: number
  changes: Changes
  lease(): Lease
  /** The store's answer, which may come after the tenant has ended. */
  changed(lease: Lease): void
  /** What holds, by the next renewal. */
  nextRenewal(): Promise<Lease>
  /** Shards were given up: others should look. */
  freed(): void
  fenced(error: unknown): void
}

export class ShardMoves {
  readonly #options: ShardMovesOptions
  readonly #tenant: Tenant
  #taking = false
  #giving = false
  #ended = false

  constructor(options: ShardMovesOptions, tenant: Tenant) {
    this.#options = options
    this.#tenant = tenant
  }

  /** Begins to carry a plan out, as far as the one before is not under way yet. */
  move({ take, give }: Moves): void {
    if (take.length > 0 && !this.#taking) {
      this.#taking = true
      this.#take(take)
        .catch((error) => this.#failed(error))
        .finally(() => {
          this.#taking = false
        })
    }
    if (give.length > 0 && !this.#giving) {
      this.#giving = true
      this.#give(give)
        .catch((error) => this.#failed(error))
        .finally(() => {
          this.#giving = false
        })
    }
  }

  end(): void {
    this.#ended = true
  }

  /** Nobody waits for it: it goes on until it has succeeded, and other shards move meanwhile. */
  #bringBack(recovery: Promise<void>): void {
    recovery.catch((error) => {
      this.#options.logger.error('Shards could not be brought back', { error })
    })
  }

  async #take(take: number[]): Promise<void> {
    const { lease, logger } = this.#options
    const before = await this.#change({ take, give: [] })
    if (this.#ended) return
    const { shards } = lease()
    const gained = shards.filter((shard) => !before.shards.includes(shard))
    if (gained.length === 0) return
    logger.info('Took shards over', { gained: gained.length, shards: shards.length })
    this.#bringBack(this.#tenant.recover(lease(), gained))
  }

  async #give(give: number[]): Promise<void> {
    const { logger, drainMs, lease, freed } = this.#options
    const drained = await this.#tenant.drain(give, drainMs)
    if (this.#ended) return
    if (!drained) {
      logger.warn('Shards are still at work and are kept for now', { shards: give })
      this.#bringBack(this.#tenant.reopen(give))
      return
    }
    try {
      await this.#change({ take: [], give })
    } catch (error) {
      if (!this.#ended) this.#bringBack(this.#tenant.reopen(give))
      throw error
    }
    if (this.#ended) return
    const kept = give.filter((shard) => lease().shards.includes(shard))
    if (kept.length > 0) this.#bringBack(this.#tenant.reopen(kept))
    if (kept.length < give.length) freed()
  }

  /** Resolves with the lease as it was before. The tenant lets one change in at a time. */
  async #change(moves: Moves): Promise<Lease> {
    const { store, changes, lease, changed, nextRenewal } = this.#options
    let before = lease()
    await this.#tenant.relet(async () => {
      if (this.#ended)
        throw new SagaError('UNAVAILABLE', 'The lease was lost before its shards were changed')
      before = lease()
      changes.asked++
      changes.open++
      try {
        const after = await store.reassign(before, moves).catch((error) => {
          if (this.#ended || !isUnknown(error)) throw error
          return nextRenewal()
        })
        changed(after)
        return after
      } finally {
        changes.open--
      }
    })
    return before
  }

  #failed(error: unknown): void {
    if (this.#ended) return
    this.#options.logger.warn('Shards could not be moved; trying again', { error })
    if (isSagaError(error) && error.code === 'FENCED') this.#options.fenced(error)
  }
}

function isUnknown(error: unknown): boolean {
  return (
    !isSagaError(error) || (error.code === 'UNAVAILABLE' && error.details.outcomeUnknown !== false)
  )
}
