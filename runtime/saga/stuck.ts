/**
 * Sagas that are left alone for now: one that cannot be decided, stored or replayed, or whose definition is missing. Their
 * mail is kept, nobody else waits for them, and each is tried again with back-off, read afresh: what was mended meanwhile (a
 * definition, the database) lets it go on by itself, and a new version of the code begins anew with all of them.
 *
 * An order that may end one (cancel, roll back) is a reason to try it at once, and is then decided before the rest of its
 * mail: what cannot be decided must not keep the operator from ending it.
 *
 * The pauses double from FIRST_MS to LAST_MS. One that then goes well for as long as its last pause counts as healed.
 */
import type { Clock } from '../ports'
import type { StuckSaga } from '../runtime'

const FIRST_MS = 5_000
const LAST_MS = 60_000
const REASON_MAX = 500

interface Entry extends StuckSaga {
  pauseMs: number
  /** It is being tried, or goes well since. */
  trying: boolean
  /** Orders that it was tried for, by position: each is one reason only. */
  readonly orders: Set<bigint>
  cancel(): void
}

export class Stuck {
  readonly #clock: Clock
  readonly #retry: (sagaId: string) => void
  readonly #changed: () => void
  readonly #entries = new Map<string, Entry>()

  constructor(clock: Clock, retry: (sagaId: string) => void, changed: () => void) {
    this.#clock = clock
    this.#retry = retry
    this.#changed = changed
  }

  get list(): StuckSaga[] {
    return [...this.#entries.values()].flatMap(({ trying, sagaId, reason, since, retryAt }) =>
      trying ? [] : [{ sagaId, reason, since, retryAt }],
    )
  }

  /** It is being tried, or goes well since it was. */
  isTried(sagaId: string): boolean {
    return this.#entries.size > 0 && this.#entries.get(sagaId)?.trying === true
  }

  reason(sagaId: string): string | undefined {
    return this.#entries.get(sagaId)?.reason
  }

  /** Tries it at once, for an order that has come and was not such a reason before. */
  hasten(sagaId: string, order: bigint): void {
    const entry = this.#entries.get(sagaId)
    if (!entry || entry.orders.has(order)) return
    entry.orders.add(order)
    if (entry.trying) return
    entry.cancel()
    // Not within the reading that brought the order.
    entry.cancel = this.#clock.after(0, () => this.#try(entry))
  }

  #try(entry: Entry): void {
    const { sagaId, pauseMs } = entry
    entry.cancel()
    entry.trying = true
    entry.cancel = this.#clock.after(pauseMs, () => this.#entries.delete(sagaId))
    this.#changed()
    this.#retry(sagaId)
  }

  add(sagaId: string, reason: string): void {
    const before = this.#entries.get(sagaId)
    before?.cancel()
    const now = this.#clock.now()
    const pauseMs = before ? Math.min(LAST_MS, before.pauseMs * 2) : FIRST_MS
    const entry: Entry = {
      sagaId,
      reason: reason.replace(/[\p{Cc}\p{Cs}]/gu, ' ').slice(0, REASON_MAX),
      since: before?.since ?? now,
      retryAt: now + pauseMs,
      pauseMs,
      trying: false,
      orders: before?.orders ?? new Set(),
      cancel: this.#clock.after(pauseMs, () => this.#try(entry)),
    }
    this.#entries.set(sagaId, entry)
    this.#changed()
  }

  /** Forgets those that are somebody else's now. */
  drop(gone: (sagaId: string) => boolean): void {
    for (const { sagaId, cancel } of this.#entries.values())
      if (gone(sagaId)) {
        cancel()
        this.#entries.delete(sagaId)
        this.#changed()
      }
  }
}
