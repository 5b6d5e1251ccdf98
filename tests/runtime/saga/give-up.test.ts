/** An operator stops waiting for a callback: the outcome is unknown, and everything follows as after a timeout. */
import { describe, expect, it } from 'vitest'
import { action, BY, DryRun, ok, type Script, saga } from '../../support/dry-run'

const by = { by: BY, reason: 'they lost it' }
const month = 31 * 86_400_000
const two = (a: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  saga({ start: 'a', steps: { a: action('a', 'b', a), b: action('b') }, ...more })

describe('giveUp', () => {
  it('tries the step again with the same key', () => {
    let tries = 0
    const run = new DryRun(
      [two({ timeoutMs: month, retry: { attemptsMax: 2, delayMs: 10 } })],
      (call) => (call.step === 'a' && ++tries === 1 ? { pending: true } : ok()),
    ).start('test')
    expect(run.send('s', { type: 'giveUp', step: 'a', ...by })).toMatchObject({ accepted: true })
    expect(run.state().steps.a).toMatchObject({ state: 'retrying', maybe: true })
    expect(run.state().steps.a?.error).toEqual({
      kind: 'unknown',
      code: 'GIVEN_UP',
      message: 'Test stopped waiting for the callback: they lost it',
    })
    expect(run.state().timers).not.toHaveProperty(['deadline:a#1'])
    run.pass(60_000)
    expect(run.state().status).toBe('COMPLETED')
    expect(run.calls.filter(({ step }) => step === 'a').map(({ key }) => key)).toEqual([
      's:a',
      's:a',
    ])
  })

  it('lets a cancelled saga unwind what may have happened', () => {
    const run = new DryRun([two({ timeoutMs: month })], (call) =>
      call.operation === 'do_a' ? { pending: true } : ok(),
    ).start('test')
    run.send('s', { type: 'cancel', ...by })
    expect(run.settle().state().status).toBe('COMPENSATING')
    run.send('s', { type: 'giveUp', step: 'a', ...by })
    expect(run.settle().state().status).toBe('ROLLED_BACK')
    expect(run.operations).toEqual(['do_a', 'undo_a'])
  })

  it('tries a compensation again', () => {
    let undone = 0
    const script: Script = (call) => {
      if (call.operation === 'do_b') return { ok: false, kind: 'terminal', code: 'NO', message: '' }
      return call.operation === 'undo_a' && ++undone === 1 ? { pending: true } : ok()
    }
    const run = new DryRun([two({ timeoutMs: month })], script).start('test')
    run.send('s', { type: 'giveUp', step: 'a', ...by })
    expect(run.state().steps.a?.undo?.state).toBe('retrying')
    expect(run.pass(600_000).state().status).toBe('ROLLED_BACK')
    expect(undone).toBe(2)
  })

  it('waits while the saga is paused, as the callback would, and cannot be said twice', () => {
    const run = new DryRun([two({ timeoutMs: month, retry: { attemptsMax: 1 } })], (call) =>
      call.operation === 'do_a' ? { pending: true } : ok(),
    ).start('test')
    run.send('s', { type: 'pause', ...by })
    expect(run.send('s', { type: 'giveUp', step: 'a', ...by }).accepted).toBe(true)
    expect(run.state().steps.a?.state).toBe('running')
    expect(run.send('s', { type: 'giveUp', step: 'a', ...by })).toMatchObject({
      accepted: false,
      code: 'WRONG_STATE',
    })
    run.send('s', { type: 'resume', ...by })
    expect(run.settle().state().status).toBe('ROLLED_BACK')
  })

  it('is refused unless a call of the step waits for its callback', () => {
    const run = new DryRun([two()], () => 'hang').start('test')
    for (const [step, code] of [
      ['a', 'WRONG_STATE'], // under way: its connection is open
      ['b', 'NOT_FOUND'],
      ['toString', 'NOT_FOUND'],
    ] as const)
      expect(run.send('s', { type: 'giveUp', step, ...by })).toMatchObject({
        accepted: false,
        code,
      })
  })
})
