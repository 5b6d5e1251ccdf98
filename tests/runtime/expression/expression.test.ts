import jsonata from 'jsonata'
import { describe, expect, it } from 'vitest'
import {
  compileExpression,
  ExpressionError,
  parseExpression,
  type Scope,
} from '@/runtime/expression/expression'

const NOW = Date.UTC(2026, 10, 23, 12)

function scope(input: unknown, more: Partial<Scope> = {}): Scope {
  return {
    input,
    steps: {},
    saga: { id: 's1', name: 'launch', ventureId: 'v1', startedAt: NOW },
    now: NOW,
    ...more,
  }
}

const evaluate = (source: string, input: unknown = {}, more: Partial<Scope> = {}) =>
  compileExpression(source).evaluate(scope(input, more))

function failure(source: string, input: unknown = {}): ExpressionError {
  try {
    evaluate(source, input)
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error(`${source} did not fail`)
}

describe('an expression', () => {
  it('reads input, steps, saga, item, index and output', () => {
    const steps = { reserve: { reservationId: 'r-1' } }
    expect(evaluate('steps.reserve.reservationId', {}, { steps })).toBe('r-1')
    expect(evaluate('saga.ventureId')).toBe('v1')
    expect(evaluate('item.share * 2 + index', {}, { item: { share: 4 }, index: 3 })).toBe(11)
    expect(evaluate('output.id', {}, { output: { id: 'o' } })).toBe('o')
    expect(evaluate('$exists(output)')).toBe(false)
  })

  it('yields plain JSON without the marks of sequences', () => {
    const value = evaluate('input.items[price > 1].{"name": name}', {
      items: [
        { name: 'a', price: 2 },
        { name: 'b', price: 1 },
        { name: 'c', price: 3 },
      ],
    })
    expect(value).toStrictEqual([{ name: 'a' }, { name: 'c' }])
    expect(Object.getOwnPropertyNames(value)).toEqual(['0', '1', 'length'])
  })

  it('knows no negative zero, as JSON does not', () => {
    expect(evaluate('input.a * -1', { a: 0 })).toBe(0)
    expect(evaluate('$number("0") * -1')).toBe(0)
  })

  it('says where a syntax error is', () => {
    expect(parseExpression('input.a +')).toMatchObject({ ok: false, position: 9 })
    expect(parseExpression('input.a )')).toMatchObject({ ok: false, position: 8 })
    expect(parseExpression(' ')).toMatchObject({ ok: false, message: 'The expression is empty' })
    expect(() => compileExpression('input.')).toThrow(
      expect.objectContaining({ name: 'SagaError', code: 'INVALID_DEFINITION' }),
    )
  })

  it('names an unknown function and its place', () => {
    expect(parseExpression('1 + $summ(input.a)')).toEqual({
      ok: false,
      message: 'There is no function or variable $summ',
      position: 4,
    })
    expect(parseExpression('sum(input.a)')).toMatchObject({
      message: 'Functions are called with a $: $sum(…)',
    })
  })

  it('fails with code, message and position when the data does not fit', () => {
    expect(failure('input.a + 1', { a: 'x' })).toMatchObject({
      code: 'T2001',
      position: 9,
      source: 'input.a + 1',
    })
    expect(failure('1/0')).toMatchObject({ code: 'NOT_JSON' })
    expect(failure('$sum')).toMatchObject({ code: 'NOT_JSON' })
    expect(failure('$error("no budget")')).toMatchObject({ message: 'no budget' })
  })

  it('keeps no variable from one evaluation to the next', () => {
    const expression = compileExpression('$exists($seen) ? "leaked" : ($seen := 1; "clean")')
    expect([expression.evaluate(scope({})), expression.evaluate(scope({}))]).toEqual([
      'clean',
      'clean',
    ])
  })
})

describe('determinism', () => {
  it('takes the time from the scope', () => {
    expect(evaluate('$now()')).toBe('2026-11-23T12:00:00.000Z')
    expect(evaluate('$millis()')).toBe(NOW)
    expect(evaluate("$now('[Y]-[M01]')")).toBe('2026-11')
    expect(evaluate('$fromMillis($millis())')).toBe('2026-11-23T12:00:00.000Z')
  })

  it('reads a time without a zone as UTC', () => {
    expect(evaluate("$toMillis('2026-01-01T00:00:00')")).toBe(Date.UTC(2026, 0, 1))
  })

  it.each(['$random()', '$shuffle([1,2])', '$eval("1")', '($f := $random; $f())', '$uuid()'])(
    'refuses %s when it is compiled',
    (source) => {
      expect(parseExpression(source)).toMatchObject({
        ok: false,
        message: expect.stringContaining('is not available'),
      })
    },
  )
})

describe('bounds', () => {
  it.each([
    ['an endless recursion', '($f := function($x) { 1 + $f($x) }; $f(1))'],
    ['an endless tail recursion', '($f := function($x) { $f($x + 1) }; $f(1))'],
    ['a huge range', '[1..9000000]'],
    ['nested loops', '[1..1000].([1..1000].($ * 2))'],
    [
      'doubling lists',
      `($f := function($l, $n) { $n = 0 ? $l : $f($append($l, $l), $n - 1) }; $count($f([1..10], 40)))`,
    ],
    [
      'doubling texts',
      `($f := function($t, $n) { $n = 0 ? $t : $f($t & $t, $n - 1) }; $f("abcdefgh", 40))`,
    ],
    [
      'doubling objects',
      `($f := function($o, $n) { $n = 0 ? $o : $f({"a": $o, "b": $o}, $n - 1) }; $f({}, 40))`,
    ],
    [
      'a tree of shared parts written as text',
      `($f := function($o, $n) { $n = 0 ? $o : $f({"a": $o, "b": $o}, $n - 1) }; $length($string($f({}, 40))))`,
    ],
    ['padding', '$length($pad("x", 100000000))'],
    ['joining', '$length($join([1..10000].($pad("x", 10000))))'],
    ['replacing', '$length($replace($pad("", 100000, "a"), "a", $pad("", 100000, "b")))'],
    ['distinct on a long list', '$count($distinct([1..50000]))'],
    ['Roman numerals', '$formatInteger(100000000000, "I")'],
    ['a wide picture', "$fromMillis(0, '[Y,9999999]')"],
  ])('stop %s', (_what, source) => {
    expect(failure(source).code).toBe('LIMIT_EXCEEDED')
  })

  it('stop at the same place each time', () => {
    const messages = [1, 2].map(() => failure('[1..1000].([1..1000].($ * 2))').message)
    expect(messages[0]).toBe(messages[1])
  })

  it('refuse a syntax that nests too deeply', () => {
    for (const source of [
      `${'('.repeat(4000)}1${')'.repeat(4000)}`,
      '-'.repeat(9000).concat('1'),
    ]) {
      expect(parseExpression(source)).toMatchObject({ ok: false })
    }
  })

  it('let a realistic mapping over a thousand items pass', () => {
    const items = Array.from({ length: 1000 }, (_, i) => ({ id: `i${i}`, price: i, count: 2 }))
    const source = 'input.items[price > 10].{"id": id, "total": price * count}'
    expect(evaluate(source, { items })).toHaveLength(989)
  })

  it('cannot be switched off by naming the hooks', () => {
    for (const source of [
      '($__evaluate_entry := 0; [1..100000].([1..100000]))',
      'function($__evaluate_exit) { 1 }(0)',
      'input.items@$__evaluate_entry.a',
      'input.items#$__evaluate_exit.a',
    ]) {
      expect(parseExpression(source)).toMatchObject({
        ok: false,
        message: expect.stringContaining('reserved'),
      })
    }
  })
})

describe('regular expressions', () => {
  it('match, replace and split', () => {
    expect(evaluate('$contains("Venture 12", /venture \\d+/i)')).toBe(true)
    expect(evaluate('$replace("a1b22", /[0-9]+/, "#")')).toBe('a#b#')
    expect(evaluate('$split("a, b;c", /[,;]\\s*/)')).toEqual(['a', 'b', 'c'])
    expect(evaluate('$match("ab12", /([a-z]+)(\\d+)/).groups')).toEqual(['ab', '12'])
  })

  it('take linear time on what hangs a backtracking engine', () => {
    expect(evaluate(`$contains(input.text, /^(a+)+$/)`, { text: `${'a'.repeat(5000)}!` })).toBe(
      false,
    )
  })

  it('say at compile time what they do not support', () => {
    expect(parseExpression('$contains("a", /(?=a)(?!b)/)')).toMatchObject({
      ok: false,
      message: expect.stringContaining('regular expression'),
    })
  })

  it('stay linear when another user of the package compiles an expression', () => {
    const expression = compileExpression('$contains(input.text, /^(b+)+$/)')
    jsonata('1')
    expect(expression.evaluate(scope({ text: `${'b'.repeat(60)}!` }))).toBe(false)
  })
})

describe('safety', () => {
  it('never reaches a prototype', () => {
    const hostile: unknown = JSON.parse('{"__proto__": {"polluted": true}, "a": {"b": 1}}')
    expect(failure('input', hostile).code).toBe('FORBIDDEN_KEY')
    expect(failure('$merge([{}, input])', hostile)).toBeDefined()
    expect(evaluate('input.constructor.name', { a: 1 })).toBeUndefined()
    expect(evaluate('input.a.toString', { a: 'x' })).toBeUndefined()
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('does not call data as if it were a function', () => {
    const fake = { _jsonata_lambda: true, arguments: [], body: { type: 'value', value: 1 } }
    expect(failure('$map([1], input.f)', { f: fake }).code).toBe('REFUSED')
    expect(failure('($f := input.f; $f(1))', { f: { a: 1 } }).code).toBe('T1006')
  })

  it('refuses operators that could change built-in functions', () => {
    expect(parseExpression('input ~> |$sum|{"implementation": 1}|')).toMatchObject({ ok: false })
    expect(parseExpression('function($x)<n+n+n:n>{1}(1)')).toMatchObject({
      message: 'A function may not declare a signature',
    })
  })

  it('never changes the data', () => {
    const input = freeze({ items: [{ n: 1 }], none: [], nested: [[], [[]]], o: { k: [3] } })
    for (const source of [
      'input.items[]',
      'input.none{n: 1}',
      'input.none[]',
      'input.o.k[]',
      '$sort(input.items, function($a, $b) { $a.n > $b.n })',
      'input.items^(n)',
      'input.items@$i.{"x": $i.n}',
      '$append(input.none, 1)',
      '$merge([input.o, {"k": 1}])',
      'input.items.%.none',
      'input.nested[{}]',
      'input.nested.{"a": 1}',
      '$map(input.nested, function($v) { $v.{"a": 1} })',
    ]) {
      evaluate(source, input)
    }
    expect(Object.keys(input.none)).toEqual([])
  })
})

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) freeze(child)
    Object.freeze(value)
  }
  return value
}
