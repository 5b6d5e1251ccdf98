/**
 * Sagas with an odd value (or an odd name) at one of the places that take one: when a wait ends, what an operation answers, a
 * signal's payload, a map's items, an idempotency key, a condition, a mapping.
 */
import fc from 'fast-check'
import type { SagaDocument } from '@/runtime/definition/schema'
import type { Outcome } from '@/runtime/journal/entry'
import { action, ok, saga } from './dry-run'

export interface OddSaga {
  documents: SagaDocument[]
  /** The saga's input, and the payload of its signal. */
  value(): unknown
  answer(attempt: number): Outcome
}

/** `{ levels }` stands for so many arrays in one another, which cannot be printed. */
function expand(given: unknown): unknown {
  const levels = (given as { levels?: number } | null)?.levels
  if (typeof levels !== 'number') return given
  let value: unknown = 1
  for (let n = 0; n < levels; n++) value = [value]
  return value
}

const numbers = fc.constantFrom(
  ...[1.5, -0, 0, -1, 1e19, 9.3e18, 1e300, -1e300, 8.64e15, 8.640000000000001e15, 2 ** 53, 5e-324],
  ...[Number.MAX_VALUE, 1_700_000_000_000.5, 1_700_000_000_500],
)
const names = fc.constantFrom('constructor', 'toString', 'valueOf', 'hasOwnProperty', 'prototype')
const strings = fc.oneof(
  names,
  fc.constantFrom('', '\0', '\ud83d', 'a\udc00b', '\u2028', 'x'.repeat(100_000), '__proto__'),
  fc.constantFrom('2026-12-01T10:00:00', '+275760-09-13T00:00:00.001Z', '9999999-01-01', 'NaN'),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const oddValue = fc.oneof(
  numbers,
  strings,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(null, true, [], {}, { levels: 100 }, { levels: 5_000 }),
  names.map((name) => ({ [name]: 1e300 })),
)

/** A document with the step `id` first, which uses `expression`. */
const places: ((id: string, expression: string) => Record<string, unknown>)[] = [
  (id, until) => ({ [id]: { type: 'wait', until } }),
  (id) => ({ [id]: action(id, undefined, { retry: { attemptsMax: 3, delayMs: 100 } }) }),
  (id, expression) => ({ [id]: action(id, undefined, { input: { x: expression } }) }),
  (id, idempotencyKey) => ({ [id]: action(id, undefined, { idempotencyKey }) }),
  (id, when) => ({
    [id]: { type: 'choice', branches: [{ when, next: 'z' }], otherwise: 'z' },
    z: { type: 'end' },
  }),
  (id, items) => ({
    [id]: { type: 'map', items, region: { start: 'm', steps: { m: action('m') } } },
  }),
  (id, expression) => ({
    [id]: { type: 'signal', signal: 'word', next: 'z' },
    z: { type: 'wait', until: expression },
  }),
]

export const oddSaga: fc.Arbitrary<OddSaga> = fc
  .record({
    place: fc.constantFrom(...places),
    id: fc.oneof({ weight: 3, arbitrary: fc.constant('s') }, names),
    value: oddValue,
    /** The value comes with the input, or with an answer. */
    answered: fc.boolean(),
    failsFirst: fc.boolean(),
  })
  .map(({ place, id, value, answered, failsFirst }) => {
    const steps = place(id, answered ? 'steps.odd.at' : 'input.at')
    const document = saga({
      name: 'odd',
      start: answered ? 'odd' : id,
      steps: answered ? { odd: action('odd', id), ...steps } : steps,
    })
    return {
      documents: [document],
      value: () => ({ at: expand(value) }),
      answer: (attempt) =>
        failsFirst && attempt < 2
          ? { ok: false, kind: 'retryable', code: 'ODD', message: 'not yet' }
          : ok({ at: expand(value) }),
    }
  })
