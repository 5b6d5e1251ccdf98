/**
 * Goal: the shortcut and JSONata are indistinguishable. Method: random expressions of the shortcut's grammar on random
 * data full of missing fields, lists, nulls and mixed types; whatever a shortcut answers, JSONata must answer too.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createProgram } from '@/runtime/expression/engine'
import { ExpressionError } from '@/runtime/expression/expression-error'
import { toPlain } from '@/runtime/expression/plain'
import { createShortcut, UNSURE } from '@/runtime/expression/shortcut'

const name = fc.constantFrom('a', 'b', 'c')
const path = fc
  .tuple(fc.constantFrom('input', 'steps', 'item', 'gone'), fc.array(name, { maxLength: 3 }))
  .map(([root, names]) => [root, ...names].join('.'))
const literal = fc.oneof(
  fc.integer({ min: -3, max: 3 }).map(String),
  fc.constantFrom('0.1', '"x"', '""', '"10"', 'true', 'false', 'null'),
)
const { source } = fc.letrec<{ source: string }>((tie) => ({
  source: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    path,
    literal,
    fc
      .tuple(
        tie('source'),
        fc.constantFrom('=', '!=', '<', '<=', '>', '>=', 'and', 'or', '+', '-', '*', '/', '&'),
        tie('source'),
      )
      .map(([left, operator, right]) => `${operand(left)} ${operator} ${operand(right)}`),
    fc
      .tuple(tie('source'), tie('source'), tie('source'))
      .map(([condition, yes, no]) => `${operand(condition)} ? ${operand(yes)} : ${operand(no)}`),
    fc.tuple(fc.constantFrom('$exists', '$not'), tie('source')).map(([f, x]) => `${f}(${x})`),
    fc.tuple(tie('source'), tie('source')).map(([x, y]) => `{"p": ${x}, "q": ${y}}`),
  ),
}))

/** Only simple operands, as a shortcut does not know parentheses. */
function operand(text: string): string {
  return /^[\w."$]+$/.test(text) ? text : text.startsWith('$') ? text : 'input.a'
}

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, 1, -2, 0.1, '', 'x', '10'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))
const root = fc.record({ input: value, steps: value, item: value }, { requiredKeys: ['input'] })

describe('the shortcut', () => {
  it('agrees with JSONata on everything that it answers', () => {
    let answered = 0
    fc.assert(
      fc.property(source, root, (text, data) => {
        const program = createProgram(text)
        if ('message' in program) throw new Error(`${text}: ${program.message}`)
        const shortcut = createShortcut(program.syntax)
        if (!shortcut) return
        const quick = shortcut(data)
        if (quick === UNSURE) return
        answered++
        expect(toPlain(quick, text)).toStrictEqual(program.run(data, 0))
      }),
      { numRuns: 5000 },
    )
    expect(answered).toBeGreaterThan(2000)
  })

  it('leaves lists on the way and failing operations to JSONata', () => {
    for (const [text, data] of [
      ['input.a.b', { input: { a: [{ b: 1 }, { b: 2 }] } }],
      ['input.a + 1', { input: { a: 'x' } }],
      ['input.a < 1', { input: { a: 'x' } }],
      ['1 / input.a', { input: { a: 0 } }],
    ] as const) {
      const program = createProgram(text)
      if ('message' in program) throw new Error(program.message)
      expect(createShortcut(program.syntax)?.(data)).toBe(UNSURE)
    }
  })

  it('has none for filters, wildcards and calls', () => {
    for (const text of ['input.a[0]', 'input.*', '$sum(input.a)', 'input.a[]', '$x', '%']) {
      const program = createProgram(text)
      if ('message' in program) continue
      expect(createShortcut(program.syntax)).toBeUndefined()
    }
  })

  it('fails like JSONata when the result is too large', () => {
    const program = createProgram('input')
    if ('message' in program) throw new Error(program.message)
    const data = { input: 'x'.repeat(1_000_001) }
    expect(() => toPlain(createShortcut(program.syntax)?.(data), 'input')).toThrow(ExpressionError)
    expect(() => program.run(data, 0)).toThrow(ExpressionError)
  })
})
