/**
 * Keeps this worker's place in the cluster: renews its lease, takes and gives up shards, and stops in time when it cannot
 * renew. Who works under the lease is the tenant (the engine); who should own what is ownership.ts.
 *
 *   joining ──► held ◄──────────── renewed ─────────────┐
 *                │  ╲ not renewed in time ──► lapsed ───┤   lapsed: the tenant has gone, the lease may still be ours
 *                │   ╲ fenced ──────────────► lost ──► joining under another name
 *                └── stop ──► released
 *
 * 1. Renewals take turns: the next begins when the last has been answered.
 * 2. The tenant is gone, by this process's monotonic clock, before the store's clock lets others take over: the time counts
 *    from when a renewal was asked for, and ends a tenth early.
 * 3. A tenant that was late for that, if only for a moment, does not go on: a new one starts from the store, under a new
 *    epoch, so that nothing of the old one is carried out behind its back.
 * 4. Whoever is silent is looked at again the moment its lease runs out.
 * 5. What becomes of the shards is carried out by shard-moves.ts, for as long as the tenant stays.
 */
import { isSagaError, SagaError } from '../errors'
import type { Lease, Store } from '../journal/store'
import { type Clock, type Logger, monotonic } from '../ports'
import { type ClusterView, isSilent, planMoves } from './ownership'
import { type Changes, ShardMoves } from './shard-moves'
import type { Tenant } from './tenant'

export interface LeaseKeeperOptions {
  store: Pick<Store, 'acquire' | 'renew' | 'reassign' | 'release'>
  clock: Clock
  logger: Logger
  workerId: string
  /** The name to join under after the lease was lost: never one that another process may have. */
  nextWorkerId(): string
  leaseMs: number
  /** How long calls under way may go on before a shard changes hands. */
  drainMs: number
  /** A tenant for a lease; the one before has been abandoned. */
  open(lease: Lease): Tenant
  /** Others should look at once: shards are free. */
  onFreed(view: ClusterView): void
  /** The lease was taken over. True: join again; false: stay out. */
  onLost(error: unknown): boolean
}

interface Unknown {
  settle(lease: Lease): void
  fail(error: unknown): void
}

/** Renewals per lease time; and when the last one failed. */
const RENEWALS = 4
const RETRIES = 15
/** The part of the lease time after which the tenant goes. */
const SAFE_PART = 0.9
/** So long after another's lease runs out it is looked at: the store's clock must be past it. */
const PAST_EXPIRY_MS = 20

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  #lease: Lease
  #address: string | undefined
  #joined = false
  #stopped = false
  #tenant: Tenant | null = null
  #validUntil = Number.NEGATIVE_INFINITY
  #round: Promise<void> | null = null
  #again = false
  #failed = false
  #cancelRound = () => {}
  #cancelLapse = () => {}
  #moves: ShardMoves | null = null
  readonly #changes: Changes = { asked: 0, open: 0 }
  /** A change of the lease whose outcome the next renewal tells. */
  #unknown: Unknown | null = null
  view: ClusterView | null = null
  /** Why this worker does not hold its lease as it should; null while it does. */
  trouble: string | null = null

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
    this.#lease = { workerId: options.workerId, epoch: 0, shards: [] }
  }

  get lease(): Lease {
    return this.#lease
  }

  /** No other worker can have taken over yet. */
  isValid(): boolean {
    return !this.#stopped && monotonic(this.#options.clock) < this.#validUntil
  }

  /**
   * Resolves when the lease is held and everything of its shards has been brought back. Throws when it cannot join.
   * `address`: where this worker hears wake-ups.
   */
  async start(address?: string): Promise<void> {
    this.#address = address
    const { recovered } = await this.#join(this.#options.workerId)
    this.#later()
    await recovered
  }

  /** Stops the tenant in order and gives everything back at once. */
  async stop(graceMs: number): Promise<void> {
    if (this.#stopped) return
    const tenant = this.#tenant
    if (tenant && graceMs > 0) await tenant.drain(this.#lease.shards, graceMs)
    this.#end(new SagaError('UNAVAILABLE', 'This worker is stopping'))
    await tenant?.stop()
    if (this.#joined) await this.#release()
  }

  /** Somebody says that shards are free: look now rather than at the next renewal. */
  nudge(): void {
    if (this.#stopped) return
    if (this.#round) this.#again = true
    else this.#now()
  }

  /** The tenant was refused as fenced: it has to go, and the next renewal says what holds. */
  fenced(error: unknown): void {
    if (this.#stopped || !this.#tenant) return
    this.#options.logger.warn('A commit was refused as fenced; asking what holds', { error })
    this.#evict('a commit was refused: another worker may have taken over')
    this.nudge()
  }

  /** Resolves when joined, with a promise for the end of the recovery. */
  async #join(workerId: string): Promise<{ recovered: Promise<void> }> {
    const { store, clock, leaseMs } = this.#options
    const asked = monotonic(clock)
    const lease = await store.acquire(workerId, leaseMs, this.#address)
    this.#lease = lease
    this.#joined = true
    if (this.#stopped) await this.#release()
    else this.#hold(asked)
    if (!this.isValid()) return { recovered: Promise.resolve() }
    return { recovered: this.#admit(lease) }
  }

  async #release(): Promise<void> {
    try {
      await this.#options.store.release(this.#lease)
      if (this.view) this.#options.onFreed(this.view)
    } catch (error) {
      this.#options.logger.warn('The lease could not be given back; it runs out by itself', {
        error,
      })
    }
  }

  #admit(lease: Lease): Promise<void> {
    const tenant = this.#options.open(lease)
    this.#tenant = tenant
    this.#moves = this.#movesOf(tenant)
    this.trouble = null
    return tenant.recover(lease)
  }

  #movesOf(tenant: Tenant): ShardMoves {
    const { store, logger, drainMs, onFreed } = this.#options
    return new ShardMoves(
      {
        store,
        logger,
        drainMs,
        lease: () => this.#lease,
        changes: this.#changes,
        changed: (lease) => {
          if (lease.session === this.#lease.session && lease.epoch > this.#lease.epoch)
            this.#lease = lease
          if (!this.#tenant) this.nudge()
        },
        nextRenewal: () => this.#nextRenewal(),
        freed: () => {
          if (this.view) onFreed(this.view)
        },
        fenced: (error) => this.fenced(error),
      },
      tenant,
    )
  }

  #hold(asked: number): void {
    const { clock, leaseMs } = this.#options
    this.#validUntil = asked + leaseMs * SAFE_PART
    this.#cancelLapse()
    this.#cancelLapse = clock.after(this.#validUntil - monotonic(clock), () => this.#expire())
  }

  /** Timers may fire a little early, and it is the monotonic clock that counts: then there is a little left to wait. */
  #expire(): void {
    const { clock } = this.#options
    const left = this.#validUntil - monotonic(clock)
    if (left <= 0) this.#lapse()
    else this.#cancelLapse = clock.after(Math.max(1, left), () => this.#expire())
  }

  #lapse(): void {
    if (!this.#tenant || this.isValid()) return
    const { logger, leaseMs } = this.#options
    const why = `the lease could not be renewed within ${leaseMs} ms${this.trouble ? `: ${this.trouble}` : ''}`
    logger.warn('This worker stops working until its lease is renewed', { why })
    this.#evict(why)
  }

  #evict(why: string): void {
    this.#moves?.end()
    this.#moves = null
    this.#tenant?.abandon()
    this.#tenant = null
    this.trouble = why
    this.#unknown?.fail(new SagaError('UNAVAILABLE', why))
    this.#unknown = null
  }

  #later(): void {
    if (this.#stopped) return
    this.#cancelRound()
    const { clock, leaseMs } = this.#options
    const perLease = this.#failed ? RETRIES : RENEWALS
    const delayMs = Math.min(leaseMs / perLease, this.#nextExpiryMs())
    this.#cancelRound = clock.after(delayMs, () => this.#now())
  }

  /** How long until the lease of a silent worker runs out. */
  #nextExpiryMs(): number {
    const { leaseMs } = this.#options
    let next = Number.POSITIVE_INFINITY
    for (const { workerId, leftMs } of this.view?.members ?? [])
      if (workerId !== this.#lease.workerId && leftMs > 0 && isSilent(leftMs, leaseMs))
        next = Math.min(next, leftMs + PAST_EXPIRY_MS)
    return next
  }

  #now(): void {
    if (this.#round || this.#stopped) return
    this.#cancelRound()
    this.#round = this.#renew().finally(() => {
      this.#round = null
      if (this.#again) {
        this.#again = false
        this.#now()
      } else this.#later()
    })
  }

  async #renew(): Promise<void> {
    const { store, clock, leaseMs, logger } = this.#options
    const asked = monotonic(clock)
    const unknown = this.#unknown
    this.#failed = true
    try {
      if (!this.#joined) {
        this.#bringBack((await this.#join(this.#options.nextWorkerId())).recovered)
        this.#failed = false
        logger.info('This worker joined again', { workerId: this.#lease.workerId })
        return
      }
      const { asked: changes, open } = this.#changes
      const { view, ...lease } = await store.renew(
        this.#lease,
        leaseMs,
        Math.round(this.#tenant?.backlogMs ?? 0),
      )
      this.#failed = false
      if (this.#stopped) return
      // It may have been asleep: the timer that should have evicted the tenant comes after this.
      this.#lapse()
      this.#hold(asked)
      this.view = view
      // What was asked before shards were moved says nothing about where they should be now.
      const isStale = open > 0 || changes !== this.#changes.asked
      this.#settle(lease, unknown, isStale)
      if (isStale) this.#again ||= this.#changes.open === 0
      else this.#moves?.move(planMoves(view, lease.workerId, leaseMs))
    } catch (error) {
      if (this.#stopped) return
      if (isSagaError(error) && error.code === 'FENCED') return this.#lost(error)
      if (this.#tenant || this.trouble === null) this.trouble = causeOf(error)
      logger.warn('The lease could not be renewed; trying again', { error })
    }
  }

  /** Brings what this process believes into line with what the store says. */
  #settle(lease: Lease, unknown: Unknown | null, isStale: boolean): void {
    if (!this.#tenant) {
      // Not while shards are being moved for the one before: it is not known yet which there are.
      if (!this.isValid() || this.#changes.open > 0) return
      void this.#readmit(lease)
      return
    }
    this.trouble = null
    if (unknown && unknown === this.#unknown) {
      this.#unknown = null
      unknown.settle(lease)
    } else if (!isStale && lease.epoch !== this.#lease.epoch) {
      // A change given up for lost was carried out after all.
      this.#evict('the lease changed')
      this.#lease = lease
      this.#bringBack(this.#admit(lease))
    }
  }

  /**
   * A commit of the tenant before may still be under way, and would come after the new one has read what there is to do. It
   * has ended, or is refused, once there is a new epoch.
   */
  async #readmit(lease: Lease): Promise<void> {
    const { store, logger } = this.#options
    this.#changes.asked++
    this.#changes.open++
    try {
      const renewed = await store.reassign(lease, { take: [], give: [] })
      if (renewed.session === this.#lease.session) this.#lease = renewed
    } catch (error) {
      logger.warn('The lease has no new epoch yet; trying again', { error })
      return
    } finally {
      this.#changes.open--
    }
    if (!this.#tenant && this.isValid()) this.#bringBack(this.#admit(this.#lease))
  }

  /** Nobody waits for it: it goes on until it has succeeded. */
  #bringBack(recovery: Promise<void>): void {
    recovery.catch((error) => {
      this.#options.logger.error('Shards could not be brought back', { error })
    })
  }

  #nextRenewal(): Promise<Lease> {
    return new Promise((settle, fail) => {
      this.#unknown = { settle, fail }
      this.nudge()
    })
  }

  #lost(error: unknown): void {
    this.#joined = false
    this.#options.logger.error('This worker lost its lease', { error })
    this.#evict('another worker took over')
    if (this.#options.onLost(error)) this.#again = true
    else this.#end(error)
  }

  #end(error: unknown): void {
    this.#stopped = true
    this.#moves?.end()
    this.#cancelRound()
    this.#cancelLapse()
    this.#unknown?.fail(error)
    this.#unknown = null
  }
}

/** In a few words, fit for everybody's eyes. */
function causeOf(error: unknown): string {
  const cause = isSagaError(error) ? error.details.cause : undefined
  return typeof cause === 'string' ? cause : 'the store does not answer as it should'
}
