/** What `until` may be: an instant that is the same one on every machine, and one that a date can hold. */
import { afterEach, describe, expect, it } from 'vitest'
import { action, DryRun, saga } from '../../support/dry-run'

const document = saga({
  start: 'w',
  steps: { w: { type: 'wait', until: 'input.at', next: 'a' }, a: action('a') },
})
const run = (at: unknown) => new DryRun([document]).start('test', { at })
const zone = process.env.TZ

afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

describe('an instant', () => {
  it.each([
    [1_795_930_000_123.456, 1_795_930_000_123],
    ['2026-12-01T10:00:00Z', 1_796_119_200_000],
    ['2026-12-01T10:00+09:00', 1_796_086_800_000],
    ['2026-12-01', 1_796_083_200_000],
    [8.64e15, 8.64e15],
  ])('%s is the time %s', (at, due) => {
    for (process.env.TZ of ['UTC', 'Asia/Tokyo', 'America/New_York'])
      expect(run(at).state().timers).toEqual({ 'wait:w': due })
  })

  it.each([
    1e19,
    9.3e18,
    1e300,
    '2026-12-01T10:00:00',
    '2026-12-01T10:00',
    'December 1, 2026',
    '12/1/2026',
    true,
    null,
    undefined,
  ])('%s fails the step and is named', (at) => {
    for (process.env.TZ of ['UTC', 'Asia/Tokyo']) {
      const { steps, timers } = run(at).state()
      expect(steps.w?.error).toMatchObject({ code: 'EXPRESSION_FAILED' })
      expect(steps.w?.error?.message).toContain(JSON.stringify(at) ?? 'nothing')
      expect(timers).toEqual({})
    }
  })

  it('reads a time without an offset as UTC for a saga of format 1, in every zone', () => {
    for (process.env.TZ of ['UTC', 'Asia/Tokyo']) {
      const old = new DryRun([document])
      const definition = { name: 'test', version: 1, digest: '' }
      old.send('s', { type: 'start', definition, input: { at: '2026-12-01T10:00:00' } })
      expect(old.state().timers).toEqual({ 'wait:w': 1_796_119_200_000 })
    }
  })
})
