import { describe, expect, it } from 'vitest'
import { fieldsOf, sampleOf } from '@/components/run/json-schema'

const schema = {
  type: 'object',
  required: ['ventureName'],
  properties: {
    ventureName: { type: 'string', default: 'Solstice' },
    budget: { type: 'integer', title: 'Budget', description: 'In euro', examples: [5] },
    stage: { enum: ['IDEA', 'SEED'] },
    urgent: { type: 'boolean' },
    founders: { type: 'array' },
  },
}

describe('the start form', () => {
  it('has a field per property, fit for its type', () => {
    expect(fieldsOf(schema)?.map((field) => [field.name, field.kind, field.required])).toEqual([
      ['ventureName', 'text', true],
      ['budget', 'number', false],
      ['stage', 'choice', false],
      ['urgent', 'boolean', false],
      ['founders', 'json', false],
    ])
  })

  it('is labelled by the schema, or by the name in words', () => {
    expect(
      fieldsOf(schema)
        ?.map((field) => field.label)
        .slice(0, 2),
    ).toEqual(['Venture name', 'Budget'])
  })

  it.each([[undefined], [{ type: 'string' }], [{ type: 'object' }], [{ oneOf: [] }]])(
    'is left to JSON when the schema is no plain object: %j',
    (other) => {
      expect(fieldsOf(other)).toBeNull()
    },
  )

  it('starts from defaults and examples', () => {
    expect(sampleOf(schema)).toEqual({ ventureName: 'Solstice', budget: 5 })
    expect(sampleOf(undefined)).toEqual({})
    const names = {
      type: 'object',
      properties: { name: { examples: ['Ada', 'Bob'] }, at: { default: 1 } },
    }
    expect([0, 1, 2].map((round) => sampleOf(names, round))).toEqual([
      { name: 'Ada', at: 1 },
      { name: 'Bob', at: 1 },
      { name: 'Ada', at: 1 },
    ])
  })
})
