import { expect, test } from 'vitest'
import {
  finding,
  findings,
  parallel,
  pivot,
  readonly,
  region,
  retriable,
  saga,
  undoable,
} from './documents'

const undo = (input?: unknown) => ({ operation: 'undo', ...(input === undefined ? {} : { input }) })

test('finds a compensatable step without a compensation and offers one that sends the same', () => {
  const document = saga({
    reserve: undoable(undefined, {
      operation: 'reserve_budget',
      input: { amount: 'input.amount' },
      compensation: undefined,
    }),
  })
  expect(findings(document)).toEqual(['compensation/missing reserve'])
  expect(finding(document, 'compensation/missing')).toMatchObject({
    severity: 'error',
    path: ['steps', 'reserve'],
    fixes: [
      {
        commands: [
          {
            type: 'setStep',
            id: 'reserve',
            path: ['compensation'],
            value: { operation: 'undo_reserve_budget', input: { amount: 'input.amount' } },
          },
        ],
      },
      { commands: [{ type: 'setStep', path: ['effect'], value: 'readonly' }] },
    ],
  })
})

test('offers the compensation that the participant declares', () => {
  const document = saga({ reserve: undoable(undefined, { compensation: undefined }) })
  const participants = [{ name: 'ledger', operations: [{ name: 'do', compensation: 'release' }] }]
  const { fixes } = finding(document, 'compensation/missing', { participants })
  expect(fixes?.[0]?.commands).toMatchObject([{ value: { operation: 'release' } }])
})

test('warns of a compensation on a step that is not compensatable', () => {
  for (const make of [pivot, retriable, readonly]) {
    const document = saga({ a: make(undefined, { compensation: undo({ id: 'input.id' }) }) })
    expect(findings(document)).toEqual(['compensation/unused a'])
  }
})

test('warns when only the output identifies what to undo', () => {
  const cases: [unknown, string[]][] = [
    [{ id: 'output.id' }, ['compensation/output-may-be-absent a']],
    ['output', ['compensation/output-may-be-absent a']],
    [{ id: 'output.id', note: '"undone"' }, ['compensation/output-may-be-absent a']],
    [{ id: 'output.id', request: 'input.id' }, []],
    ['$exists(output) ? output : {}', []],
    [{ id: 'output.id', saga: 'saga.id' }, []],
    ['input', []],
  ]
  for (const [input, expected] of cases) {
    const document = saga({ a: undoable(undefined, { compensation: undo(input) }) })
    expect([input, findings(document)]).toEqual([input, expected])
  }
})

test('mentions a compensation without input and offers to send what the step sent', () => {
  const document = saga({
    a: undoable(undefined, { input: 'input', compensation: undo() }),
  })
  expect(finding(document, 'compensation/no-input')).toMatchObject({
    severity: 'info',
    fixes: [{ commands: [{ path: ['compensation', 'input'], value: 'input' }] }],
  })
})

test('warns of a retriable step in a branch that may lose', () => {
  const branches = { a: region({ x: retriable() }), b: region({ y: readonly() }) }
  expect(findings(saga({ both: parallel(branches, undefined, 'any') }))).toEqual([
    'compensation/race x',
  ])
  expect(findings(saga({ both: parallel(branches) }))).toEqual([])
})
