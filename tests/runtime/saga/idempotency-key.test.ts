import { describe, expect, it } from 'vitest'
import { action, DryRun, ok, saga } from '../../support/dry-run'

const keyed = (idempotencyKey: string) =>
  saga({ start: 'a', steps: { a: action('a', 'b', { idempotencyKey }), b: action('b') } })
const keyOf = (expression: string, input: unknown = {}, id = 's') =>
  new DryRun([keyed(expression)], () => 'hang').start('test', input, id).calls[0]?.key

describe('an idempotency key', () => {
  it.each([
    ['input.no', {}, 'missing'],
    ['input.no', { no: null }, 'missing'],
    ['input.no', { no: { of: 1 } }, 'an object'],
    ['input.no', { no: [1, 2] }, 'a list'],
    ['input.no', { no: [] }, 'a list'],
    ['input.no', { no: true }, 'a boolean'],
    ['input.no', { no: '' }, 'an empty text'],
    ['input.no', { no: 1.5 }, 'the number 1.5, which is not exact'],
    ['input.no', { no: 2 ** 53 }, 'the number 9007199254740992, which is not exact'],
    ['input.no', { no: 'x'.repeat(513) }, 'a text of 513 characters'],
    ['input.no', { no: 'a\nb' }, 'a text with a control character'],
    ['input.no', { no: '\ud83d' }, 'a text with half a character (a lone surrogate)'],
  ])('%s of %j fails the step before anything is sent', (expression, input, kind) => {
    const run = new DryRun([keyed(expression)], () => ok()).start('test', input)
    expect(run.calls).toEqual([])
    expect(run.state()).toMatchObject({
      status: 'ROLLED_BACK',
      error: {
        kind: 'terminal',
        code: 'EXPRESSION_FAILED',
        message: `The idempotency key of a is ${kind}; it must be a text of 1 to 512 characters or a whole number`,
      },
    })
  })

  it('of a text is as it always was, and of a number is no text', () => {
    expect(keyOf('input.no', { no: 'O-1' })).toBe('test:a:O-1')
    expect(keyOf('input.no', { no: '1' })).toBe('test:a:1')
    expect(keyOf('input.no', { no: 1 })).toBe('test:a#1')
    expect(keyOf('input.no', { no: -7 })).toBe('test:a#-7')
    expect(keyOf('input.no', { no: 'x'.repeat(512) })).toHaveLength(519)
  })

  it("of a saga whose caller chose another's business key is not that key", () => {
    const plain = saga({ start: 'O1', steps: { O1: action('O1') } })
    const run = new DryRun([plain], () => 'hang').start('test', {}, 'test:a')
    expect(run.calls[0]?.key).toBe(':test:a:O1')
    expect(keyOf('"O1"')).toBe('test:a:O1')
  })

  it('is a coerced text in format 1, whose journals are decided as they were', () => {
    const run = new DryRun([keyed('input.no')], () => 'hang')
    const definition = { name: 'test', version: 1, digest: '' }
    run.send('s', { type: 'start', definition, input: {} })
    expect(run.calls[0]?.key).toBe('test:a:undefined')
  })
})
