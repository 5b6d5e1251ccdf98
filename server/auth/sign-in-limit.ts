/**
 * How often signing in may fail: ten times in ten minutes per address (of a person), and 200 times a minute in all.
 *
 * 1. Kept in this process's memory: with n web processes an attacker has n times as many guesses, still few.
 * 2. Bounded: 10,000 addresses; the one that failed longest ago is forgotten first.
 * 3. A success clears the address. Nobody is locked out for longer than the window.
 */
export class SignInLimit {
  readonly #failures = new Map<string, { count: number; since: number }>()
  #all = { count: 0, since: 0 }
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Milliseconds until another try is allowed; 0 when it is allowed now. */
  waitMs(address: string): number {
    const now = this.#now()
    const all = this.#all.since + ALL.windowMs - now
    if (this.#all.count >= ALL.failuresMax && all > 0) return all
    const one = this.#failures.get(key(address))
    if (!one || one.count < ONE.failuresMax) return 0
    return Math.max(0, one.since + ONE.windowMs - now)
  }

  failed(address: string): void {
    const now = this.#now()
    if (now - this.#all.since > ALL.windowMs) this.#all = { count: 0, since: now }
    this.#all.count++
    const found = this.#failures.get(key(address))
    const current = found && now - found.since <= ONE.windowMs ? found : { count: 0, since: now }
    current.count++
    this.#failures.delete(key(address))
    this.#failures.set(key(address), current)
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= ADDRESSES_MAX) break
      this.#failures.delete(oldest)
    }
  }

  succeeded(address: string): void {
    this.#failures.delete(key(address))
  }
}

const ONE = { failuresMax: 10, windowMs: 10 * 60_000 }
const ALL = { failuresMax: 200, windowMs: 60_000 }
const ADDRESSES_MAX = 10_000

const key = (address: string) => address.trim().toLowerCase()
