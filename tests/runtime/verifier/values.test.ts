import { expect, test } from 'vitest'
import { applyCommand } from '@/runtime/definition/apply-command'
import type { SagaDocument } from '@/runtime/definition/schema'
import { finding, findings, map, readonly, saga } from './documents'

const reads = (input: unknown, next?: string) => readonly(next, { input })

function mended(document: SagaDocument, code: string): SagaDocument {
  const [fix] = finding(document, code).fixes ?? []
  if (!fix) throw new Error(`No fix for ${code}`)
  return applyCommand(document, { type: 'batch', label: fix.title, commands: fix.commands })
}

test.each([
  ['input["amount"]', 'input.amount'],
  ["input.lines[ 'sku' ].n", 'input.lines.sku.n'],
  ['input["first name"] & "x"', 'input.`first name` & "x"'],
  ['$sum(input.lines["n"])', '$sum(input.lines.n)'],
])('finds the text in brackets of %s and writes %s', (source, right) => {
  const document = saga({ a: reads({ v: source }) })
  expect(findings(document)).toEqual(['values/text-filter a'])
  const after = mended(document, 'values/text-filter')
  expect(after.steps.a).toMatchObject({ input: { v: right } })
  expect(findings(after)).toEqual([])
})

test('takes filters that are meant', () => {
  for (const v of ['input.lines[sku = "x"]', 'input.lines[0]', 'input.lines[$i]', '["text"]'])
    expect(findings(saga({ a: reads({ v }) })).filter((one) => one.startsWith('values/'))).toEqual(
      [],
    )
})

test('finds a path through the list of a map that is sent as it comes out', () => {
  const sends = (v: string) => saga({ m: map({ x: readonly() }, 'a'), a: reads({ v }) })
  expect(findings(sends('steps.m.sku'))).toEqual(['values/list-of-one a'])
  const after = mended(sends('steps.m.sku'), 'values/list-of-one')
  expect(after.steps.a).toMatchObject({ input: { v: 'steps.m.sku[]' } })
  for (const v of ['steps.m.sku[]', 'steps.m', '$sum(steps.m.n)', '$count(steps.m.sku)'])
    expect(findings(sends(v))).toEqual([])
})

test.each([
  ['a literal', { id: 2 ** 53 }],
  ['a literal within', { deep: [{ id: -1e17 }] }],
  ['the literal of an expression', { id: 'input.n + 9007199254740993' }],
])('finds the whole number of %s that would come out as another', (_, input) => {
  const document = saga({ a: reads(input) })
  expect(findings(document)).toEqual(['values/number-too-large a'])
  expect(finding(document, 'values/number-too-large').hint).toBe('Write it as a text.')
})

test('takes the largest whole number, and steps within are asked once', () => {
  expect(findings(saga({ a: reads({ id: 9007199254740991 }) }))).toEqual([])
  const document = saga({ m: map({ x: reads({ id: 2 ** 53 }) }) })
  expect(findings(document)).toEqual(['values/number-too-large x'])
})
