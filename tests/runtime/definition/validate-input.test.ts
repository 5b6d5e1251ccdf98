import { describe, expect, it } from 'vitest'
import { parseDefinition } from '@/runtime/definition/parse'
import type { SagaDocument } from '@/runtime/definition/schema'
import { validateInput } from '@/runtime/definition/validate-input'

function withSchema(input?: Record<string, unknown>): SagaDocument {
  const { document } = parseDefinition({
    kind: 'saga',
    name: 'x',
    start: 'a',
    steps: { a: { type: 'end' } },
    ...(input ? { input } : {}),
  })
  if (!document) throw new Error('no document')
  return document
}

const SCHEMA = {
  type: 'object',
  required: ['name', 'budget'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 2, pattern: '^[A-Z]' },
    budget: { type: 'integer', minimum: 1 },
    currency: { enum: ['EUR', 'USD'] },
    investors: { type: 'array', items: { type: 'object', required: ['id'] } },
  },
}

describe('the start input', () => {
  it('may be anything when there is no schema', () => {
    expect(validateInput(withSchema(), { any: ['thing'] })).toEqual([])
  })

  it('that fits gives no issues', () => {
    expect(validateInput(withSchema(SCHEMA), { name: 'Aurora', budget: 3 })).toEqual([])
  })

  it('gives every issue with its path and readable words', () => {
    const input = { name: 'a', curency: 'EUR', currency: 'DM', investors: [{ id: 1 }, {}] }
    expect(validateInput(withSchema(SCHEMA), input)).toMatchObject([
      { path: ['input', 'budget'], message: '`budget` is missing.' },
      {
        path: ['input', 'curency'],
        message: '`curency` is not a field of the input.',
        hint: 'Did you mean `currency`?',
      },
      { path: ['input', 'name'], message: '`name` must have at least 2 characters.' },
      { path: ['input', 'name'], message: '`name` must match the pattern ^[A-Z].' },
      { path: ['input', 'currency'], message: '`currency` must be one of "EUR", "USD".' },
      { path: ['input', 'investors', 1, 'id'], message: '`investors.1.id` is missing.' },
    ])
    expect(validateInput(withSchema(SCHEMA), 'text')).toMatchObject([
      { path: ['input'], message: 'The input must be an object.' },
    ])
    expect(validateInput(withSchema(SCHEMA), { name: 'Ab', budget: 0.5 })).toMatchObject([
      { message: '`budget` must be a whole number.' },
      { message: '`budget` must be at least 1.' },
    ])
  })

  it('takes linear time on a pattern that hangs a backtracking engine', () => {
    const hostile = withSchema({ type: 'string', pattern: '^(a+)+$' })
    expect(validateInput(hostile, `${'a'.repeat(5000)}!`)).toHaveLength(1)
    expect(validateInput(hostile, 'aaa')).toEqual([])
  })

  it('tells at most 50 issues', () => {
    const many = withSchema({ type: 'array', items: { type: 'string' } })
    expect(validateInput(many, Array(1000).fill(1))).toHaveLength(50)
  })

  it('is judged by each schema for itself, also when schemas share an $id', () => {
    const first = withSchema({ $id: 'https://example.com/same', type: 'string' })
    const second = withSchema({ $id: 'https://example.com/same', type: 'number' })
    expect(validateInput(first, 'a')).toEqual([])
    expect(validateInput(second, 'a')).toHaveLength(1)
    expect(validateInput(first, 'a')).toEqual([])
  })
})

describe('money', () => {
  const priced = (multipleOf: number) => withSchema({ type: 'number', multipleOf })

  it.each([19.99, 0.29, 4.35, 1.1, 8.07, 0, -19.99, 1e21, 12345678901.23])(
    'takes %d as whole cents',
    (price) => {
      expect(validateInput(priced(0.01), price)).toEqual([])
    },
  )

  it.each([19.999, 0.001, 1e-7, -4.355])('refuses %d, which has parts of a cent', (price) => {
    expect(validateInput(priced(0.01), price)).toMatchObject([
      { code: 'input/multipleOf', message: 'The input must be a multiple of 0.01.' },
    ])
  })

  it('counts in other steps too', () => {
    expect(validateInput(priced(1e-7), 0.3)).toEqual([])
    expect(validateInput(priced(0.05), 0.15)).toEqual([])
    expect(validateInput(priced(3), 10)).toHaveLength(1)
  })
})

describe('formats', () => {
  it.each([
    ['date', '2024-02-29', '2023-02-29'],
    ['date-time', '2026-11-29T08:00:00Z', '2026-11-29T08:00:00'],
    ['time', '23:59:60+01:00', '24:00:00Z'],
    ['email', 'ada@example.com', 'ada@'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123e4567'],
  ])('%s takes %s and refuses %s', (format, good, bad) => {
    expect(validateInput(withSchema({ type: 'string', format }), good)).toEqual([])
    expect(validateInput(withSchema({ type: 'string', format }), bad)).toMatchObject([
      { code: 'input/format' },
    ])
  })
})

describe('two schemas', () => {
  it("of one $id do not get in each other's way", () => {
    const $id = 'https://example.com/order'
    expect(validateInput(withSchema({ $id, type: 'string' }), 'a')).toEqual([])
    expect(validateInput(withSchema({ $id, type: 'number' }), 1)).toEqual([])
    const nested = { properties: { a: { $id, type: 'integer' }, b: { $ref: $id } } }
    expect(validateInput(withSchema(nested), { b: 1.5 })).toHaveLength(1)
    expect(validateInput(withSchema(nested), { b: 1 })).toEqual([])
    const other = { properties: { a: { $id, type: 'string' }, b: { $ref: $id } } }
    expect(validateInput(withSchema(other), { b: 'x' })).toEqual([])
    expect(
      validateInput(withSchema({ type: 'object', properties: { b: { $ref: $id } } }), {}),
    ).toMatchObject([{ code: 'input/schema' }])
  })
})
