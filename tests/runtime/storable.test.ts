/** The door for data on its way into a journal, with values of every kind and at its bounds. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSagaError } from '../../runtime/errors'
import { checkedData, flawOf } from '../../runtime/storable'

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let n = 0; n < depth; n++) value = { a: value }
  return value
}

describe('data that enters a journal', () => {
  it.each([
    ['a Date', { order: { at: new Date(0) } }, ['order', 'at'], 'Date'],
    ['NaN', { total: Number.NaN }, ['total'], 'NaN'],
    ['infinity', [1, Number.POSITIVE_INFINITY], [1], 'too large for a double'],
    ['a bigint', { id: 1n }, ['id'], 'bigint'],
    ['a Map', { m: new Map([[1, 2]]) }, ['m'], 'Map'],
    ['a RegExp', { r: /x/ }, ['r'], 'RegExp'],
    ['a function', { f: () => 1 }, ['f'], 'function'],
    ['undefined in a list', { l: [1, undefined] }, ['l', 1], 'undefined'],
    ['U+0000', { note: 'a\u0000b' }, ['note'], 'U+0000'],
    ['half an emoji', { note: 'Great 😀'.slice(0, 7) }, ['note'], 'half a surrogate pair'],
    ['U+0000 in a key', { 'a\u0000': 1 }, ['a\u0000'], 'U+0000'],
    ['an integer beyond 2^53', JSON.parse('{"id":9007199254740993}'), ['id'], '2^53'],
    ['a negative one', { id: -(2 ** 53) }, ['id'], '2^53'],
    [
      'the key __proto__',
      JSON.parse('{"x":{"__proto__":{"admin":true}}}'),
      ['x', '__proto__'],
      'key',
    ],
  ])('may not hold %s: field and reason are named', (_, value, path, words) => {
    const flaw = flawOf(value)
    expect(flaw?.path).toEqual(path)
    expect(flaw?.reason).toContain(words)
  })

  it('is refused as INVALID_INPUT with an issue at the field', () => {
    let thrown: unknown
    try {
      checkedData({ lines: [{ at: new Date(0) }] }, {}, ['input'])
    } catch (error) {
      thrown = error
    }
    expect(isSagaError(thrown) && thrown.code).toBe('INVALID_INPUT')
    expect(thrown).toMatchObject({
      message: expect.stringMatching(/^`input\.lines\.0\.at` is a Date/),
      details: { issues: [{ path: ['input', 'lines', 0, 'at'], severity: 'error' }] },
    })
  })

  it('is nested at most 64 levels deep, and 3,000 or a circle are refused alike', () => {
    expect(flawOf(nested(64))).toBeUndefined()
    const circle: Record<string, unknown> = {}
    circle.again = circle
    for (const deep of [nested(65), nested(3_000), circle])
      expect(flawOf(deep)?.reason).toContain('deeper than 64 levels')
  })

  it('is bounded in bytes as JSON, exactly', () => {
    expect(flawOf('x'.repeat(98), { bytesMax: 100 })).toBeUndefined()
    expect(flawOf('x'.repeat(99), { bytesMax: 100 })?.reason).toContain('larger than 100 bytes')
  })

  it('keeps every key that is a name of JavaScript as data', () => {
    const value = {
      constructor: 'Ferrari',
      prototype: 1,
      toString: 'x',
      hasOwnProperty: null,
      valueOf: [],
      toJSON: 'text',
      $ref: '#',
      '': 0,
    }
    expect(checkedData(value)).toBe(value)
  })

  it('counts an optional field that is undefined as absent', () => {
    const taken = checkedData({ a: 1, b: undefined, c: [{ d: undefined }] })
    expect(Object.keys(taken)).toEqual(['a', 'c'])
    expect(taken.c).toStrictEqual([{}])
  })

  it('writes -0 as JSON does, so that a replay computes the same', () => {
    expect(Object.is(checkedData({ n: -0 }).n, 0)).toBe(true)
  })

  it('is what JSON reads back, whatever it is', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(value, (given) => {
        if (given === undefined || flawOf(given)) return
        const taken = checkedData(given)
        expect(JSON.parse(JSON.stringify(taken))).toEqual(taken)
      }),
      { numRuns: 1_000 },
    )
  })
})
