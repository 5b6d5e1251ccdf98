import { describe, expect, it } from 'vitest'
import { createFunctionParticipant } from '@/runtime/participant/function-participant'
import {
  plainStatements,
  STATEMENT_VALUES_MAX,
  STATEMENTS_MAX,
} from '@/runtime/participant/statement'
import { systemClock } from '@/runtime/system'
import { callOf, never } from './support'

describe('statements', () => {
  it('become text with text parameters', () => {
    expect(
      plainStatements([
        { text: 'SELECT $1', values: ['a', 1.5, true, null, { z: 1, a: [2] }], rows: 1 },
        { text: 'SELECT 1' },
      ]),
    ).toEqual({
      ok: true,
      value: [
        { text: 'SELECT $1', values: ['a', '1.5', 'true', null, '{"z":1,"a":[2]}'], rows: 1 },
        { text: 'SELECT 1', values: [] },
      ],
    })
  })

  it.each([
    ['no list', { text: 'SELECT 1' }, 'no list'],
    ['too many', Array.from({ length: STATEMENTS_MAX + 1 }, () => ({ text: 'SELECT 1' })), 'limit'],
    ['no text', [{ text: ' ' }], 'statement 1'],
    ['something else', [null], 'statement 1'],
    ['a text too long', [{ text: 'x'.repeat(20_001) }], 'statement 1'],
    [
      'too many values',
      [{ text: 'SELECT 1', values: Array.from({ length: STATEMENT_VALUES_MAX + 1 }, () => 1) }],
      'values',
    ],
    [
      'a value too long',
      [{ text: 'SELECT 1' }, { text: '$1', values: ['x'.repeat(100_001)] }],
      'statement 2',
    ],
    ['NUL', [{ text: 'SELECT 1', values: ['\0'] }], 'NUL'],
    ['half a character', [{ text: 'SELECT 1', values: ['\ud800'] }], 'half'],
    ['no number', [{ text: 'SELECT 1', values: [Number.NaN] }], 'no finite number'],
    ['a count that is none', [{ text: 'SELECT 1', rows: -1 }], 'rows'],
  ])('with %s are refused, with a reason', (_, statements, reason) => {
    const result = plainStatements(statements)
    expect(result).toMatchObject({ ok: false })
    expect(result.ok ? '' : result.reason).toContain(reason)
  })
})

describe('a transactional operation', () => {
  const participant = createFunctionParticipant({
    name: 'bank',
    clock: systemClock,
    operations: {
      work: {
        transactional: true,
        run: (input) => ({ output: input, statements: [{ text: 'SELECT $1', values: [1] }] }),
      },
      many: {
        transactional: true,
        run: () => ({ statements: Array.from({ length: 21 }, () => ({ text: 'SELECT 1' })) }),
      },
      crash: {
        transactional: true,
        run: () => {
          throw new TypeError('x is not a function')
        },
      },
      lookalike: () => ({ output: 1, statements: [{ text: 'DROP TABLE account' }] }),
    },
  })
  const answer = (operation: string) =>
    participant.call(callOf({ operation, input: { a: 1 } }), never)

  it('answers with its effect', async () => {
    expect(await answer('work')).toEqual({
      ok: true,
      output: { a: 1 },
      statements: [{ text: 'SELECT $1', values: ['1'] }],
    })
  })

  it('that throws has done nothing: it may be tried again', async () => {
    expect(await answer('crash')).toMatchObject({ ok: false, kind: 'retryable' })
  })

  it('beyond the bounds fails for good', async () => {
    expect(await answer('many')).toMatchObject({ kind: 'terminal', code: 'BAD_STATEMENTS' })
  })

  it('is only what is declared so: an output of the same shape is an output', async () => {
    expect(await answer('lookalike')).toEqual({
      ok: true,
      output: { output: 1, statements: [{ text: 'DROP TABLE account' }] },
    })
  })
})
