/**
 * Words in an input schema that mean nothing are findings: JSON Schema itself ignores them without a word.
 */
import { describe, expect, it } from 'vitest'
import { parseDefinition } from '@/runtime/definition/parse'

const findings = (input: string) => {
  const text = `kind: saga\nname: x\ninput: ${input}\nstart: a\nsteps: { a: { type: end } }\n`
  const { document, issues } = parseDefinition(text)
  expect(document).toBeDefined()
  return issues.map(({ code, severity, path, hint, range }) => ({
    code,
    severity,
    path,
    hint,
    at: range && text.slice(range.start, range.end),
  }))
}

describe('an input schema', () => {
  it('that misspells keywords is told the nearest ones', () => {
    expect(findings('{ type: object, requird: [n], proptries: { n: { type: integer } } }')).toEqual(
      [
        {
          code: 'parse/schema-keyword',
          severity: 'warning',
          path: ['input', 'requird'],
          hint: 'Did you mean `required`?',
          at: 'requird',
        },
        {
          code: 'parse/schema-keyword',
          severity: 'warning',
          path: ['input', 'proptries'],
          hint: 'Did you mean `properties`?',
          at: 'proptries',
        },
      ],
    )
  })

  it('is looked through at every depth, but not where values are data', () => {
    const inner = '{ anyOf: [{ items: { minimun: 1 } }], default: { minimun: 1 }, const: { a: 1 } }'
    expect(findings(`{ properties: { minimun: ${inner} } }`).map(({ path }) => path)).toEqual([
      ['input', 'properties', 'minimun', 'anyOf', 0, 'items', 'minimun'],
    ])
  })

  it('names formats that are not checked, and none that are', () => {
    expect(findings('{ properties: { a: { format: email }, b: { format: datetime } } }')).toEqual([
      {
        code: 'parse/schema-format',
        severity: 'warning',
        path: ['input', 'properties', 'b', 'format'],
        hint: 'Did you mean `date-time`?',
        at: 'datetime',
      },
    ])
    expect(findings('{ format: iri }')).toMatchObject([
      { hint: 'Write a `pattern`; checked formats are date, time, date-time, email, uuid.' },
    ])
  })

  it('may hold notes of its author', () => {
    expect(findings('{ type: object, x-unit: euro }')).toEqual([])
  })
})
