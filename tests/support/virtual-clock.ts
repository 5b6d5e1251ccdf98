/**
 * A clock that moves only when told to. Between two timers every promise settles, so that code under test runs as it
 * would with all the time in the world.
 *
 * 1. Timers fire in the order of their time, those of one time in the order they were set: the same run every time.
 * 2. Promises settle by going round Node's event loop (setImmediate), which costs about a microsecond a turn.
 */
import type { Clock } from '@/runtime/ports'

interface Timer {
  at: number
  order: number
  /** Null: cancelled. It stays in the heap until its time and does nothing. */
  run: (() => void) | null
}

interface Play {
  until: number
  turns?: number
  isOver?: () => boolean
}

export class VirtualClock implements Clock {
  #now: number
  #skew = 0
  #order = 0
  /** A binary heap, the next timer first. */
  readonly #heap: Timer[] = []

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  /** Whole milliseconds, as clocks give them; timers may lie between. */
  now(): number {
    return Math.floor(this.#now + this.#skew)
  }

  monotonic(): number {
    return this.#now
  }

  /** Sets the time of day forward or back, as an operator or a time server may; timers do not notice. */
  skew(ms: number): void {
    this.#skew += ms
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run }
    this.#push(timer)
    return () => {
      timer.run = null
    }
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await this.play({ until })
    this.#now = until
  }

  /**
   * Fires one timer after the other until none is due by `until` (monotonic), or it is over. More than one turn of the
   * event loop between two timers is for those who use it themselves.
   */
  async play({ until, turns = 4, isOver = () => false }: Play): Promise<void> {
    await flush(turns)
    while (!isOver()) {
      const next = this.#take(until)
      if (!next) return
      next()
      await flush(turns)
    }
  }

  #take(until: number): (() => void) | null {
    for (let top = this.#heap[0]; top && top.at <= until; top = this.#heap[0]) {
      this.#pop()
      if (!top.run) continue
      this.#now = Math.max(this.#now, top.at)
      return top.run
    }
    return null
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let n = heap.push(timer) - 1
    while (n > 0) {
      const up = (n - 1) >> 1
      const parent = heap[up] as Timer
      if (!isBefore(timer, parent)) break
      heap[n] = parent
      n = up
    }
    heap[n] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let n = 0
    for (;;) {
      let down = 2 * n + 1
      if (down >= heap.length) break
      const right = heap[down + 1]
      if (right && isBefore(right, heap[down] as Timer)) down++
      const child = heap[down] as Timer
      if (!isBefore(child, last)) break
      heap[n] = child
      n = down
    }
    heap[n] = last
  }
}

const isBefore = (a: Timer, b: Timer) => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Lets promise chains run dry: Node settles all of them before the next macrotask. */
export async function flush(turns = 4): Promise<void> {
  for (let n = 0; n < turns; n++) await new Promise<void>((resolve) => setImmediate(resolve))
}
