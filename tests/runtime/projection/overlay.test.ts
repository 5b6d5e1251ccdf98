import { describe, expect, it } from 'vitest'
import { duration } from '@/runtime/projection/duration'
import { overlayOf } from '@/runtime/projection/overlay'
import { foldEntries } from '@/runtime/projection/run-view'
import { DOWN, JournalBuilder, NO, START, started, succeeded, undoing } from './journal-builder'

describe('the overlay', () => {
  it('shows what each entered step did, in few words', () => {
    const journal = new JournalBuilder([started('a')])
      .failure('a#1', [
        {
          t: 'step.failed',
          step: 'a',
          attempt: 1,
          error: DOWN,
          retryAt: START + 200,
          final: false,
        },
      ])
      .timer('retry:a', [started('a', 2)])
      .result('a#2', 1, [
        succeeded('a', 2),
        { t: 'choice.taken', step: 'c', branch: 0, next: 'w' },
        { t: 'step.waiting', step: 'w', for: 'timer' },
      ])
    expect(Object.fromEntries(overlayOf(foldEntries(journal.entries)))).toEqual({
      a: { state: 'completed', label: 'Done 300 ms', attempt: 2, taken: 'next' },
      c: { state: 'completed', label: 'Done', taken: 'branch:0' },
      w: { state: 'running', label: 'Timer' },
    })
  })

  it('numbers the way back', () => {
    const journal = new JournalBuilder([started('a')])
      .result('a#1', 1, [succeeded('a'), started('b')])
      .failure('b#1', [
        { t: 'step.failed', step: 'b', attempt: 1, error: NO, final: true },
        { t: 'saga.status', status: 'COMPENSATING' },
        undoing('a'),
      ])
    const overlay = overlayOf(foldEntries(journal.entries))
    expect(overlay.get('b')).toEqual({ state: 'failed', label: 'Failed' })
    expect(overlay.get('a')?.compensation).toEqual({
      state: 'compensating',
      rank: 1,
      label: 'Compensating',
    })
  })

  it('yields the same object for a step that did not change', () => {
    const view = foldEntries(new JournalBuilder([started('a'), started('b')]).entries)
    expect(overlayOf(view).get('a')).toBe(overlayOf({ ...view }).get('a'))
  })
})

describe('a duration in words', () => {
  it.each([
    [0, '0 ms'],
    [420.4, '420 ms'],
    [2_400, '2.4 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_600, '1 min'],
    [192_000, '3 min 12 s'],
    [7_500_000, '2 h 5 min'],
    [356_400_000, '4 d 3 h'],
    [-5, '0 ms'],
    [Number.NaN, '–'],
  ])('writes %d ms as %s', (ms, words) => {
    expect(duration(ms)).toBe(words)
  })
})
