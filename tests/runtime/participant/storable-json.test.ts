import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStorable, toStorable } from '../../../runtime/participant/storable-json'

const cycle = () => {
  const self: Record<string, unknown> = {}
  return Object.assign(self, { self })
}
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

describe('an answer that goes into the journal', () => {
  it.each([
    ['{"a":[1,"ü",null,true]}', { a: [1, 'ü', null, true] }],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\\\u0000"', '\\u0000'],
    ['', null],
    [' \n', null],
    [nested(64), JSON.parse(nested(64))],
  ])('may be %s', (text, value) => {
    expect(parseStorable(text)).toEqual({ ok: true, value })
  })

  it.each([
    ['{', 'not JSON'],
    ['<html>', 'not JSON'],
    ['"\\u0000"', 'NUL'],
    ['{"a\\u0000":1}', 'NUL'],
    ['"\\ud800"', 'surrogate'],
    ['"\\udc00x"', 'surrogate'],
    ['1e999', 'too large for a double'],
    ['{"a":[{"id":9007199254740993}]}', '`a.0.id` is a number beyond'],
    ['-9007199254740992', 'beyond 9007199254740991'],
    ['{"__proto__":{"admin":true}}', '__proto__'],
    [nested(65), 'deeper than 64'],
    [nested(400_000), 'deeper than 64'],
    [`"${'x'.repeat(1_000_000)}"`, 'larger than 1000000 bytes'],
    [`"${'ü'.repeat(500_000)}"`, 'larger than 1000000 bytes'],
  ])('may not be %.30s…: %s', (text, words) => {
    expect(parseStorable(text)).toMatchObject({ ok: false, reason: expect.stringContaining(words) })
  })

  it('is a copy when it comes from this process', () => {
    const own = { list: [1] }
    const taken = toStorable(own)
    own.list.push(2)
    expect(taken).toEqual({ ok: true, value: { list: [1] } })
  })

  it.each([
    ['a cycle', cycle],
    ['a big integer', () => 1n],
    ['a function', () => () => 1],
    ['NaN', () => ({ total: Number.NaN })],
    ['a Map', () => ({ m: new Map([[1, 2]]) })],
    ['a Set', () => [new Set([1])]],
    ['a RegExp', () => /x/],
    ['an integer beyond 2^53', () => ({ id: 2 ** 53 })],
  ])('may not be %s', (_, make) => {
    expect(toStorable(make()).ok).toBe(false)
  })

  it('is what JSON makes of it, whatever it is', () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(undefined, -0, new Date(0), Object.create(null)),
      fc.record({ toJSON: fc.constant(() => 'mine') }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    )
    const value = fc.anything({ values: [fc.jsonValue(), odd], withNullPrototype: true })
    fc.assert(
      fc.property(value, (given) => {
        const taken = toStorable(given)
        let changed = false
        const text = JSON.stringify(given === undefined ? null : given, (_key, part) => {
          changed ||= typeof part === 'number' && !Number.isFinite(part)
          return part
        })
        if (changed) return expect(taken.ok).toBe(false)
        expect(taken).toEqual(
          text === undefined ? { ok: false, reason: expect.anything() } : parseStorable(text),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('is written by itself where it knows how, a Date as its text', () => {
    expect(toStorable({ at: new Date(0), left: undefined })).toEqual({
      ok: true,
      value: { at: '1970-01-01T00:00:00.000Z' },
    })
  })

  it('goes out to a participant with numbers that were taken before they were judged', () => {
    const value = { id: 2 ** 53 }
    expect(toStorable(value, { anyNumber: true })).toEqual({ ok: true, value })
    expect(parseStorable(JSON.stringify(value), { anyNumber: true })).toEqual({ ok: true, value })
  })

  it('is null when there is none', () => {
    expect(toStorable(undefined)).toEqual({ ok: true, value: null })
  })
})
