import { describe, expect, it } from 'vitest'
import type { Scope } from '@/runtime/expression/expression'
import { compileMapping, compileTemplate, parseTemplate } from '@/runtime/expression/mapping'

const scope: Scope = {
  input: { name: 'Aurora', budget: 125_000, tags: ['a'] },
  steps: { reserve: { reservationId: 'r-1' } },
  saga: { id: 's1', name: 'launch', ventureId: null, startedAt: 0 },
  now: 0,
}

describe('a mapping', () => {
  it('that is one expression yields the whole value', () => {
    expect(compileMapping('input.tags').evaluate(scope)).toEqual(['a'])
  })

  it('evaluates every text of an object and keeps every other value', () => {
    const mapping = compileMapping({
      name: 'input.name',
      nested: { id: 'steps.reserve.reservationId', list: ['input.budget', 7, 'input.gone'] },
      literal: "'text'",
      count: 3,
      flag: true,
      nothing: null,
      gone: 'steps.never.id',
    })
    expect(mapping.evaluate(scope)).toStrictEqual({
      name: 'Aurora',
      nested: { id: 'r-1', list: [125_000, 7, null] },
      literal: 'text',
      count: 3,
      flag: true,
      nothing: null,
    })
    expect(mapping.reads).toMatchObject({ input: true, steps: ['reserve', 'never'] })
    expect(mapping.expressions.map(({ path }) => path.join('.'))).toEqual([
      'name',
      'nested.id',
      'nested.list.0',
      'nested.list.2',
      'literal',
      'gone',
    ])
  })

  it('refuses a key that could reach a prototype', () => {
    const mapping = JSON.parse('{"__proto__": "input"}')
    expect(() => compileMapping(mapping)).toThrow('__proto__')
  })
})

describe('a template', () => {
  it('writes its expressions into the text', () => {
    const text = 'Spend {input.budget} on {input.name & "}"}? {{as agreed}} {input.gone}'
    expect(compileTemplate(text).evaluate(scope)).toBe('Spend 125000 on Aurora}? {as agreed} ')
    expect(compileTemplate('{{"a": {$string({"a": input.tags})}').evaluate(scope)).toBe(
      '{"a": {"a":["a"]}',
    )
    expect(compileTemplate(text).reads.input).toBe(true)
  })

  it('says where a brace is open or alone', () => {
    expect(parseTemplate('Spend {input.budget')).toMatchObject({ ok: false, position: 6 })
    expect(parseTemplate('Spend input}')).toMatchObject({ ok: false, position: 11 })
    expect(() => compileTemplate('{input.}')).toThrow(/is wrong at character/)
  })
})
