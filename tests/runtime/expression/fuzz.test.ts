/**
 * Goal: no source, however odd, escapes the fence: it compiles or is refused with a place, and evaluating gives plain
 * JSON or an ExpressionError. Method: random strings of JSONata's tokens on deeply frozen data, so that a change of
 * the data fails at once.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isExpressionError, parseExpression, type Scope } from '@/runtime/expression/expression'

const TOKENS = [
  'input',
  'steps',
  'item',
  'items',
  'a',
  'b',
  'none',
  '.',
  '.',
  '[',
  ']',
  '[]',
  '{',
  '}',
  '(',
  ')',
  '(',
  ')',
  ',',
  ':',
  '"a"',
  '"b":',
  '1',
  '0',
  '-1',
  'true',
  'null',
  '=',
  '!=',
  '<',
  '>',
  '+',
  '*',
  '**',
  '%',
  '&',
  '..',
  ' and ',
  ' in ',
  '?',
  ':=',
  '$x',
  '$x:=',
  ';',
  '$',
  '$$',
  '@$x',
  '#$i',
  '^(a)',
  '^(>b)',
  '~>',
  '$sum',
  '$map',
  '$filter',
  '$reduce',
  '$sort',
  '$append',
  '$merge',
  '$spread',
  '$each',
  '$keys',
  '$lookup',
  '$string',
  '$distinct',
  '$reverse',
  '$zip',
  '$single',
  '$sift',
  '$now()',
  '$type',
  '$exists',
  '$count',
  '$join',
  '$split',
  '$replace',
  'function($v,$i){',
  '/a+/',
  '/(b)/i',
]

const template = fc.constantFrom(
  (x: string, y: string) => `${x}[${y}]`,
  (x: string, y: string) => `${x}.${y}`,
  (x: string, y: string) => `${x}{"k": ${y}}`,
  (x: string, y: string) => `${x}^(${y})`,
  (x: string) => `${x}[]`,
  (x: string, y: string) => `$map(${x}, function($v, $i) { $append($v, ${y}) })`,
  (x: string, y: string) => `$merge([${x}, ${y}])`,
  (x: string, y: string) => `$append(${x}, ${y})`,
  (x: string) => `$sort(${x})`,
  (x: string, y: string) => `${x}@$o.(${y})`,
  (x: string, y: string) => `${x}#$p[$p = 0].(${y})`,
  (x: string) => `${x} ~> $reverse ~> $distinct`,
  (x: string) => `$each(${x}, function($v, $k) { {$k: $v} })`,
  (x: string) => `$spread(${x})`,
  (x: string, y: string) => `($z := ${x}; $z.${y})`,
)
const { wellFormed } = fc.letrec<{ wellFormed: string }>((tie) => ({
  wellFormed: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'input',
      'input.items',
      'input.none',
      'items',
      'a',
      'b',
      '$',
      '$$.input',
      '*',
      '**',
      '%',
      '1',
      '"a"',
      '[]',
      '{}',
    ),
    fc.tuple(template, tie('wellFormed'), tie('wellFormed')).map(([write, x, y]) => write(x, y)),
  ),
}))

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) freeze(child)
    Object.freeze(value)
  }
  return value
}

const scope: Scope = freeze({
  input: {
    items: [
      { a: 1, b: ['x', ['y']] },
      { a: 2, b: [] },
      { a: null, b: {} },
    ],
    none: [],
    one: [[1]],
    a: { b: { a: 'a' } },
    b: [[], [[]]],
  },
  steps: { a: { b: [1, 2] }, b: [] },
  saga: { id: 's', name: 'n', ventureId: null, startedAt: 0 },
  item: { a: [1] },
  index: 0,
  now: 0,
})

function check(source: string): void {
  const parsed = parseExpression(source)
  if (!parsed.ok) {
    expect(parsed.position).toBeGreaterThanOrEqual(0)
    expect(parsed.position).toBeLessThanOrEqual(source.length)
    expect(parsed.message).not.toBe('')
    return
  }
  const values: string[] = []
  for (let run = 0; run < 2; run++) {
    try {
      const value = parsed.expression.evaluate(scope)
      if (value !== undefined) expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value)
      values.push(JSON.stringify(value) ?? 'nothing')
    } catch (error) {
      if (!isExpressionError(error)) throw error
      expect(error.message).not.toMatch(/read only|not extensible|Cannot assign|Cannot add/)
      values.push(`${error.code} ${error.message}`)
    }
  }
  expect(values[0]).toBe(values[1])
}

describe('any source', () => {
  it('of random tokens is refused with a place, or evaluates to plain JSON twice the same', () => {
    const source = fc
      .array(fc.constantFrom(...TOKENS), { maxLength: 14 })
      .map((all) => all.join(''))
    fc.assert(fc.property(source, check), { numRuns: 4000 })
  })

  it('that is well formed leaves the data as it was', () => {
    fc.assert(fc.property(wellFormed, check), { numRuns: 3000 })
  })

  it('of random characters never throws when it is compiled', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), check), { numRuns: 2000 })
  })
})
