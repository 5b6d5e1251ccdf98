import { describe, expect, it } from 'vitest'
import { locate, stepAt, stepRange } from '@/runtime/definition/positions'
import { JSON_TEXT, YAML_TEXT } from './commands'

const written = (text: string, path: (string | number)[]) => {
  const range = locate(text, path)
  return range && text.slice(range.start, range.end)
}

describe('locate', () => {
  it('gives a value on one line, and the key of what spans lines', () => {
    expect(written(YAML_TEXT, ['steps', 'reserve', 'effect'])).toBe('compensatable')
    expect(written(YAML_TEXT, ['steps', 'reserve'])).toBe('reserve')
    expect(written(YAML_TEXT, ['steps', 'decide', 'branches', 1, 'when'])).toBe('when')
    expect(written(YAML_TEXT, ['steps', 'reserve', 'retry', 'nonRetryable', 0])).toBe('NO_FUNDS')
    expect(written(JSON_TEXT, ['steps', 'decide', 'branches', 0, 'next'])).toBe('"both"')
  })

  it('gives the nearest thing above what is not there', () => {
    expect(written(YAML_TEXT, ['steps', 'reserve', 'timeoutMs'])).toBe('reserve')
    expect(written(YAML_TEXT, ['nothing', 'here'])).toBe('kind: saga # what it is')
  })

  it('is undefined in a text that cannot be read', () => {
    expect(locate('', ['steps'])).toBeUndefined()
  })
})

describe('stepAt', () => {
  it.each([
    ['participant: budget-ledger\n    operation: reserve', 'reserve'],
    ['operation: release', 'reserve'],
    ['forMs: 10', 'legal_wait'],
    ['start: screen', 'both'],
    ['screen: { type', 'screen'],
    ['      legal:', 'both'],
    ['resources:', 'pay'],
    ['items: input.investors', 'each'],
  ])('in YAML finds the innermost step around %j', (piece, step) => {
    expect(stepAt(YAML_TEXT, YAML_TEXT.indexOf(piece) + 2)).toBe(step)
  })

  it('in JSON finds the innermost step', () => {
    expect(stepAt(JSON_TEXT, JSON_TEXT.indexOf('"forMs"'))).toBe('a')
    expect(stepAt(JSON_TEXT, JSON_TEXT.indexOf('"otherwise"'))).toBe('decide')
  })

  it('is undefined outside of the steps', () => {
    expect(stepAt(YAML_TEXT, YAML_TEXT.indexOf('name: launch'))).toBeUndefined()
    expect(stepAt('a: [', 1)).toBeUndefined()
  })
})

it('stepRange spans the whole entry', () => {
  const range = stepRange(YAML_TEXT, ['steps', 'signal'])
  expect(range && YAML_TEXT.slice(range.start, range.end)).toBe(
    'signal:\n    type: signal\n    signal: go-ahead\n    timeoutMs: 1000\n    onTimeout:\n      next: done\n    next: each',
  )
})
