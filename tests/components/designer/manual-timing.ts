import type { Timing } from '@/components/designer/document-store'

/** Time that passes only when told to. */
export class ManualTiming implements Timing {
  #now = 1_000_000
  #waiting = new Map<number, { at: number; run: () => void }>()
  #next = 0

  now = (): number => this.#now

  after = (ms: number, run: () => void): (() => void) => {
    const id = this.#next++
    this.#waiting.set(id, { at: this.#now + ms, run })
    return () => this.#waiting.delete(id)
  }

  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#waiting].filter(([, { at }]) => at <= end)
      const [first] = due.sort((a, b) => a[1].at - b[1].at)
      if (!first) break
      this.#waiting.delete(first[0])
      this.#now = Math.max(this.#now, first[1].at)
      first[1].run()
    }
    this.#now = end
  }
}
