/**
 * Counts the work of one evaluation and stops it at a bound. Evaluations are synchronous and never nested, so one
 * meter serves all.
 *
 * 1. Only counts and sizes are measured, never time: the same expression on the same data stops at the same place.
 * 2. Work is charged before or right after it is done; what a single built-in can do unseen is bounded by the sizes
 *    of its arguments, which were charged.
 */
import { ExpressionError } from './expression-error'
import { EXPRESSION_LIMITS as LIMITS } from './limits'

class Meter {
  source = ''
  now = 0
  depth = 0
  #workLeft = 0

  start(source: string, now: number): void {
    this.source = source
    this.now = now
    this.depth = 0
    this.#workLeft = LIMITS.work
  }

  charge(work: number): void {
    this.#workLeft -= work
    if (this.#workLeft < 0) {
      this.refuse(`The expression needs more than ${LIMITS.work} units of work; make it do less`)
    }
  }

  enter(): void {
    if (++this.depth > LIMITS.depth) {
      this.refuse(
        `The expression nests deeper than ${LIMITS.depth} levels; is a recursion endless?`,
      )
    }
    this.charge(1)
  }

  leave(): void {
    this.depth--
  }

  /** Charges an intermediate value by its outer size. */
  weigh(value: unknown): void {
    if (typeof value === 'string') {
      if (value.length > LIMITS.textLength) {
        this.refuse(`A text grew longer than ${LIMITS.textLength} characters`)
      }
      this.charge(value.length >> 6)
    } else if (Array.isArray(value)) {
      if (value.length > LIMITS.items) this.refuse(`A list grew longer than ${LIMITS.items} items`)
      this.charge(value.length >> 3)
    }
  }

  /** Charges a value by its whole size, for what is about to go through all of it. */
  weighDeep(value: unknown): void {
    const open = [value]
    while (open.length > 0) {
      const part = open.pop()
      this.weigh(part)
      if (typeof part !== 'object' || part === null) continue
      this.charge(1)
      for (const child of Object.values(part)) {
        if (typeof child === 'object' || typeof child === 'string') open.push(child)
      }
    }
  }

  refuse(message: string): never {
    throw new ExpressionError('LIMIT_EXCEEDED', message, this.source)
  }
}

export const meter = new Meter()
