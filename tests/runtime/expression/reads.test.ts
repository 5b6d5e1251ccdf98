import { describe, expect, it } from 'vitest'
import { compileExpression } from '@/runtime/expression/expression'

const reads = (source: string) => compileExpression(source).reads

describe('what an expression reads', () => {
  it.each([
    ['input.budget', { input: true, steps: [] }],
    ['steps.reserve.id & steps.screen.score', { steps: ['reserve', 'screen'], wholeSteps: false }],
    ['steps."reserve".id', { steps: ['reserve'], wholeSteps: false }],
    ['steps.`reserve`', { steps: ['reserve'], wholeSteps: false }],
    ['$lookup(steps, "reserve").id', { steps: ['reserve'], wholeSteps: false }],
    ['$$.steps.reserve', { steps: ['reserve'], wholeSteps: false }],
    ['$.steps.reserve', { steps: ['reserve'], wholeSteps: false }],
    ['(steps.a; saga.id)', { steps: ['a'], saga: true }],
    ['$keys(steps)', { steps: [], wholeSteps: true }],
    ['$lookup(steps, input.which)', { steps: [], wholeSteps: true, input: true }],
    ['($s := steps; $s.a)', { steps: [], wholeSteps: true }],
    ['steps.*', { steps: [], wholeSteps: true }],
    ['steps["a"]', { steps: [], wholeSteps: true }],
    ['**.id', { wholeSteps: true, input: true }],
    ['$$', { wholeSteps: true, input: true, saga: true }],
    ['input.items[price > 1].{"n": name}', { input: true, steps: [], unknown: [] }],
    ['input.items[id = $$.steps.pick.id]', { steps: ['pick'], unknown: [] }],
    ['input.items^(price)', { input: true, unknown: [] }],
    ['$map(input.items, function($i) { $i.n * steps.rate.n })', { steps: ['rate'] }],
    ['input.items.{"r": steps.a}', { steps: [], unknown: [] }],
    ['item.a + index', { item: true, index: true }],
    ['output.a', { output: true }],
    ['steps.a[0].b', { steps: ['a'], wholeSteps: false }],
    ['input ? steps.a : steps.b', { input: true, steps: ['a', 'b'] }],
    ['[steps.a, {"k": steps.b}]', { steps: ['a', 'b'] }],
    ['{steps.a: steps.b}', { steps: ['a', 'b'] }],
  ])('%s', (source, expected) => {
    expect(reads(source)).toMatchObject(expected)
  })

  it.each([
    ['input.a.b + input.c[0] & steps.input.x', ['a', 'c']],
    ['input."first name" & $.input.`x`', ['first name', 'x']],
    ['steps.a', []],
    ['$map(input.lines, function($l) { $l.input })', ['lines']],
    ['input', null],
    ['input[0].a', null],
    ['input.*', null],
    ['input.(a + b)', null],
    ['($i := input; $i.a)', null],
    ['input@$i.a.{"x": $i.b}', null],
    ['input^(a)', null],
    ['input{a: b}', null],
    ['$lookup(input, "a")', null],
    ['$$', null],
  ])('%s reads the fields %j of the input', (source, fields) => {
    expect(reads(source).inputFields).toEqual(fields)
  })

  it('names unknown roots and where they are', () => {
    expect(reads('input.a + inptu.b').unknown).toEqual([{ name: 'inptu', position: 10 }])
    expect(reads('$count(stps)').unknown).toEqual([{ name: 'stps', position: 7 }])
  })

  it.each([
    'steps.old.a + steps.older.old',
    'steps."old"[0]',
    "steps.'old'",
    'steps.`old`',
    '$lookup(steps, "old")',
    'steps . old',
    '/* steps.old */ "steps.old" & $$.steps.old.steps.old',
  ])('tells the very place of each step in %s', (source) => {
    const { stepReferences } = compileExpression(source)
    const places = stepReferences
      .filter((reference) => reference.name === 'old')
      .map((reference) => source.slice(reference.start, reference.end))
    expect(places).toHaveLength(1)
    expect(places[0]?.replace(/["'`]/g, '')).toBe('old')
  })
})
