import { describe, expect, it } from 'vitest'
import { indexSteps } from '@/components/canvas/step-index'
import { completionsFor, wordBefore } from '@/components/inspector/expression-completions'
import { read, SOURCE } from '../canvas/fixture'

const document = read(
  SOURCE.replace(
    'start: reserve',
    'input: { type: object, properties: { amount: { type: number } } }\nstart: reserve',
  ),
)
const world = {
  document,
  index: indexSteps(document),
  catalog: {
    participants: [
      {
        name: 'ledger',
        title: 'Ledger',
        operations: [
          {
            name: 'reserve',
            output: { type: 'object', properties: { reservationId: { type: 'string' } } },
          },
        ],
      },
    ],
    sagas: [],
  },
}
const texts = (word: string, step: string | null, compensation = false) =>
  completionsFor(word, { step, compensation }, world).map(({ text }) => text)

describe('completion', () => {
  it('offers the input by its schema', () => {
    expect(texts('inp', 'pay')).toEqual(['input', 'input.amount'])
  })

  it('offers steps that may have run before, with what they return, and no others', () => {
    expect(texts('steps.', 'large')).toEqual([
      'steps.reserve',
      'steps.reserve.reservationId',
      'steps.checks',
      'steps.name_it',
      'steps.screen',
    ])
    expect(texts('steps.', 'reserve')).toEqual([])
  })

  it('offers the own output only to a compensation', () => {
    expect(texts('output', 'reserve')).toEqual([])
    expect(texts('out', 'reserve', true)).toEqual(['output', 'output.reservationId'])
  })

  it('completes the word before the cursor', () => {
    expect(wordBefore('input.amount > steps.re', 23)).toBe('steps.re')
    expect(wordBefore('$su', 3)).toBe('$su')
  })
})
