import { describe, expect, test } from 'vitest'
import { applyCommand } from '@/runtime/definition/apply-command'
import type { SagaDocument } from '@/runtime/definition/schema'
import type { VerifyOptions } from '@/runtime/verifier/rule'
import { choice, done, finding, findings, readonly, saga, undoable } from './documents'

const input = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'amount'],
  properties: {
    id: { type: 'string' },
    amount: { type: 'number' },
    note: { type: 'string' },
    buyer: { $ref: '#/$defs/person' },
    lines: { type: 'array', items: { $ref: '#/$defs/line' } },
    either: { anyOf: [{ $ref: '#/$defs/person' }, { $ref: '#/$defs/line' }] },
    free: { type: 'object', properties: { known: { type: 'string' } } },
  },
  $defs: {
    person: {
      type: 'object',
      additionalProperties: false,
      properties: { name: { type: 'string' }, 'first name': { type: 'string' } },
    },
    line: { type: 'object', additionalProperties: false, properties: { sku: { type: 'string' } } },
  },
}
const options: VerifyOptions = {
  participants: [
    {
      name: 'ledger',
      operations: [
        {
          name: 'do',
          input: {
            type: 'object',
            additionalProperties: false,
            required: ['amount', 'currency'],
            properties: {
              id: { type: 'string' },
              amount: { type: 'number' },
              currency: { type: 'string', default: 'EUR' },
            },
          },
          output: {
            type: 'object',
            additionalProperties: false,
            properties: { reservationId: { type: 'string' }, left: { type: 'integer' } },
          },
        },
        { name: 'undo' },
      ],
    },
  ],
}
const sends = (more: object, next?: string) =>
  readonly(next, { input: { amount: 'input.amount', ...more } })
const withInput = (steps: Record<string, object>) => saga(steps, { input })

function mended(document: SagaDocument, code: string): SagaDocument {
  const [fix] = finding(document, code, options).fixes ?? []
  if (!fix) throw new Error(`No fix for ${code}`)
  return applyCommand(document, { type: 'batch', label: fix.title, commands: fix.commands })
}

describe('fields that are read', () => {
  test('finds a field that the closed schema of the input does not have, and renames it', () => {
    const document = withInput({ a: sends({ id: '"no " & input.buyr.name' }) })
    expect(finding(document, 'fields/unknown', options)).toMatchObject({
      severity: 'error',
      path: ['steps', 'a', 'input', 'id'],
      message: '“a” reads input.buyr in its input, and input has no such field.',
      hint: 'Did you mean input.buyer?',
    })
    const after = mended(document, 'fields/unknown')
    expect(after.steps.a).toMatchObject({ input: { id: '"no " & input.buyer.name' } })
    expect(findings(after, options)).toEqual([])
  })

  test('follows references, lists and alternatives, and says what a value has', () => {
    expect(findings(withInput({ a: sends({ id: 'input.lines[0].sku' }) }), options)).toEqual([])
    expect(findings(withInput({ a: sends({ id: 'input.either.name' }) }), options)).toEqual([])
    const document = withInput({ a: sends({ id: 'input.lines[sku = "x"].price' }) })
    expect(finding(document, 'fields/unknown', options)).toMatchObject({
      message: '“a” reads input.lines.price in its input, and input.lines has no such field.',
      hint: 'input.lines has sku.',
    })
    expect(findings(withInput({ a: sends({ id: 'input.either.age' }) }), options)).toEqual([
      'fields/unknown a',
    ])
  })

  test('quotes the name that a fix puts in, where it needs quotes', () => {
    const after = mended(
      withInput({ a: sends({ id: 'input.buyer.`frst name`' }) }),
      'fields/unknown',
    )
    expect(after.steps.a).toMatchObject({ input: { id: 'input.buyer.`first name`' } })
  })

  test('warns where other fields may exist, unless the expression asks for the field', () => {
    const document = withInput({ a: sends({ id: 'input.free.knwon' }) })
    expect(finding(document, 'fields/unknown', options).severity).toBe('warning')
    const asking = '$exists( input.free.other ) ? input.free.other : "none"'
    expect(findings(withInput({ a: sends({ id: asking }) }), options)).toEqual([])
    expect(findings(saga({ a: readonly(undefined, { input: 'input.any' }) }))).toEqual([])
  })

  test('finds fields of a text', () => {
    const document = withInput({ a: sends({ id: 'input.note.text' }) })
    expect(finding(document, 'fields/no-fields', options).message).toBe(
      '“a” reads input.note.text in its input, and input.note is a string, which has no fields.',
    )
  })

  test('finds a field that the operation behind a step, or behind output, does not answer', () => {
    const document = withInput({
      a: undoable('b', {
        input: { amount: 'input.amount' },
        compensation: { operation: 'undo', input: { id: 'output.reservation' } },
      }),
      b: sends({ id: 'steps.a.reservationIdX' }),
    })
    const unknown = findings(document, options).filter((one) => one.startsWith('fields/'))
    expect(unknown).toEqual(['fields/unknown a', 'fields/unknown b'])
    expect(finding(document, 'fields/unknown', options).hint).toBe(
      'Did you mean output.reservationId?',
    )
    expect(findings(document)).toEqual(['compensation/output-may-be-absent a'])
  })

  test('says nothing of names inside filters and functions, which are fields of something else', () => {
    const source =
      'input.lines[input = "x" and steps.a = 1].sku & $map(input.lines, function($l) { $l.input })'
    expect(findings(withInput({ a: sends({ id: source }) }), options)).toEqual([])
  })
})

describe('what calls send', () => {
  test('finds a required field that is not sent, and offers the one of the same name', () => {
    const document = withInput({ a: readonly(undefined, { input: { id: 'input.id' } }) })
    expect(finding(document, 'fields/argument-missing', options)).toMatchObject({
      severity: 'warning',
      message: '“a” does not send “amount” in its input, which ledger.do requires.',
    })
    expect(findings(mended(document, 'fields/argument-missing'), options)).toEqual([])
    const nothing = withInput({ a: readonly() })
    expect(findings(nothing, options)).toEqual(['fields/argument-missing a'])
    expect(findings(mended(nothing, 'fields/argument-missing'), options)).toEqual([])
    expect(findings(withInput({ a: readonly(undefined, { input: 'input' }) }), options)).toEqual([])
  })

  test('finds a field that the operation does not take, and sends it under the right name', () => {
    const document = withInput({ a: sends({ curency: '"EUR"' }) })
    expect(findings(document, options)).toEqual(['fields/argument-unknown a'])
    const after = mended(document, 'fields/argument-unknown')
    expect(after.steps.a).toMatchObject({ input: { amount: 'input.amount', currency: '"EUR"' } })
    expect(findings(after, options)).toEqual([])
  })

  test.each([
    ['a field of another type', 'input.amount', 'number'],
    ['the output of a step', 'steps.a.left', 'number'],
    ['a constant expression', '1 + 1', 'number'],
    ['a literal', true, 'boolean'],
  ])('finds that %s does not fit', (_, value, type) => {
    const document = withInput({ a: sends({}, 'b'), b: sends({ id: value }) })
    expect(finding(document, 'fields/type-clash', options).message).toBe(
      `“b” sends a ${type} as “id” in its input, and ledger.do takes a string.`,
    )
  })

  test('accepts what may fit', () => {
    const fits = [
      'input.note',
      '$string(input.amount)',
      'input.free.known',
      'steps.a.reservationId',
    ]
    for (const id of fits)
      expect(findings(withInput({ a: sends({}, 'b'), b: sends({ id }) }), options)).toEqual([])
  })
})

test('finds a condition that is the same in every run', () => {
  const document = withInput({
    a: {
      type: 'choice',
      branches: [
        { when: 'true', next: 'b' },
        { when: '1 > 2', next: 'b' },
        { when: 'input.amount > 1', next: 'b' },
        { when: '$millis() > 5', next: 'b' },
      ],
      otherwise: 'b',
    },
    b: done,
  })
  expect(findings(document)).toEqual(['fields/constant-condition a', 'fields/constant-condition a'])
  expect(finding(document, 'fields/constant-condition').message).toBe(
    '“a” decides by the condition of branch 1, which is always true.',
  )
  expect(findings(withInput({ a: choice({ note: 'b' }, 'b'), b: done }))).toEqual([])
})

test('finds a document that is named otherwise than its definition', () => {
  const document = saga({ a: readonly() })
  expect(findings(document, { name: 'other' })).toEqual(['definition/name -'])
  expect(findings(document, { name: 'test' })).toEqual([])
  expect(finding(document, 'definition/name', { name: 'other' }).fixes?.[0]?.commands).toEqual([
    { type: 'setSaga', fields: { name: 'other' } },
  ])
})
