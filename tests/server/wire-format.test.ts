/** What crosses the API arrives as it left: data of sagas untouched, instants as Dates, everything else refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wireFormat } from '@/server/api/wire-format'

const { input, output } = wireFormat
const over = (value: unknown) =>
  output.deserialize(JSON.parse(JSON.stringify(output.serialize(value))))

describe('the wire', () => {
  it('lets names that every object has through as data', () => {
    const value = JSON.parse(
      '{"constructor":"Ferrari","prototype":{"a":1},"__proto__":{"x":1},"toJSON":1,"a.b":{"c\\\\d":2}}',
    )
    expect(JSON.stringify(over(value))).toBe(JSON.stringify(value))
  })

  it('lets any JSON through', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(over(value)).toStrictEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('brings a Date back as a Date, under any key', () => {
    const at = new Date(1)
    for (const value of [at, { at }, [{ 'a.b\\c': at, prototype: at }], { list: [at, null] }])
      expect(over(value)).toStrictEqual(value)
  })

  it('reads what older clients write, an undefined field as absent', () => {
    expect(
      input.deserialize({ json: { a: 1, b: null }, meta: { values: { b: ['undefined'] } } }),
    ).toStrictEqual({ a: 1 })
    expect(input.deserialize({ json: null, meta: { values: ['undefined'] } })).toBeUndefined()
  })

  it.each([
    ['NaN', { a: { total: Number.NaN } }, '`a.total` is NaN'],
    ['a bigint', { id: 1n }, '`id` is bigint'],
    ['a Map', { m: [new Map()] }, '`m.0` is a Map'],
    ['undefined in a list', { l: [undefined] }, '`l.0` is undefined'],
  ])('refuses %s by the name of its field before it is sent', (_, value, words) => {
    expect(() => input.serialize(value)).toThrow(words)
  })

  it.each([
    ['a bigint', { json: { id: '1' }, meta: { values: { id: ['bigint'] } } }],
    ['a Map', { json: { m: [] }, meta: { values: { m: ['map'] } } }],
    ['NaN', { json: { n: 'NaN' }, meta: { values: { n: ['number'] } } }],
    ['a path that is not there', { json: {}, meta: { values: { 'constructor.name': ['Date'] } } }],
    ['a path into the prototype', { json: {}, meta: { values: { '__proto__.x': ['Date'] } } }],
    ['an instant that is none', { json: { at: 'x' }, meta: { values: { at: ['Date'] } } }],
    ['a list instead of the form', []],
  ])('refuses %s when it is received', (_, wire) => {
    expect(() => input.deserialize(wire as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })
})
