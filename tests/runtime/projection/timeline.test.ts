import { describe, expect, it } from 'vitest'
import { foldEntries } from '@/runtime/projection/run-view'
import { position, timelineOf } from '@/runtime/projection/timeline'
import { DOWN, JournalBuilder, NO, START, started, succeeded, undoing } from './journal-builder'

const of = (journal: JournalBuilder, now = journal.at) =>
  timelineOf(foldEntries(journal.entries), now)

describe('the timeline', () => {
  it('has a bar per attempt with the back-off between them', () => {
    const timeline = of(
      new JournalBuilder([started('a')])
        .failure('a#1', [
          {
            t: 'step.failed',
            step: 'a',
            attempt: 1,
            error: DOWN,
            retryAt: START + 150,
            final: false,
          },
        ])
        .timer('retry:a', [started('a', 2)], 50)
        .result('a#2', 1, [succeeded('a', 2), { t: 'saga.ended', status: 'COMPLETED' }]),
    )
    expect(timeline.rows).toHaveLength(1)
    expect(
      timeline.rows[0]?.bars.map((bar) => [bar.kind, bar.from - START, bar.to - START, bar.ok]),
    ).toEqual([
      ['call', 0, 100, false],
      ['backoff', 100, 150, null],
      ['call', 150, 250, true],
    ])
  })

  it('puts a compensation’s row below the step that it undoes', () => {
    const timeline = of(
      new JournalBuilder([started('a')])
        .result('a#1', 1, [succeeded('a'), started('b')])
        .failure('b#1', [
          { t: 'step.failed', step: 'b', attempt: 1, error: NO, final: true },
          { t: 'saga.status', status: 'COMPENSATING' },
          undoing('a'),
        ])
        .result('a!1', {}, [
          { t: 'compensation.succeeded', step: 'a', attempt: 1 },
          { t: 'saga.ended', status: 'ROLLED_BACK' },
        ]),
    )
    expect(timeline.rows.map((row) => [row.step, row.kind, row.rank])).toEqual([
      ['a', 'forward', null],
      ['a', 'compensation', 1],
      ['b', 'forward', null],
    ])
  })

  it('collapses a long wait and keeps the calls around it wide', () => {
    const day = 86_400_000
    const timeline = of(
      new JournalBuilder([started('a')])
        .result('a#1', 1, [succeeded('a'), { t: 'step.waiting', step: 'w', for: 'timer' }])
        .timer('wait:w', [succeeded('w'), started('b')], day)
        .result('b#1', 1, [succeeded('b'), { t: 'saga.ended', status: 'COMPLETED' }]),
    )
    const collapsed = timeline.segments.filter((segment) => segment.collapsed)
    expect(collapsed.map((segment) => segment.to - segment.from)).toEqual([day])
    const width = (from: number, to: number) => position(timeline, to) - position(timeline, from)
    expect(width(START, START + 100)).toBeGreaterThan(0.4)
    expect(width(START + 100, START + 100 + day)).toBeLessThan(0.1)
  })

  it('collapses nothing while a call is under way, however long', () => {
    const timeline = of(
      new JournalBuilder([started('a'), started('b')])
        .result('a#1', 1, [succeeded('a')])
        .result('b#1', 1, [succeeded('b'), { t: 'saga.ended', status: 'COMPLETED' }], 60_000),
    )
    expect(timeline.segments).toMatchObject([{ collapsed: false, x0: 0, x1: 1 }])
  })

  it('places moments in order, from 0 to 1', () => {
    const timeline = of(
      new JournalBuilder([started('a')])
        .result('a#1', 1, [succeeded('a'), { t: 'step.waiting', step: 'w', for: 'signal' }])
        .timer('x', [succeeded('w'), started('b')], 5_000)
        .result('b#1', 1, [succeeded('b'), { t: 'step.waiting', step: 'v', for: 'signal' }])
        .timer('y', [succeeded('v'), { t: 'saga.ended', status: 'COMPLETED' }], 9_000),
    )
    const places = Array.from({ length: 101 }, (_, n) =>
      position(timeline, timeline.start + ((timeline.end - timeline.start) * n) / 100),
    )
    expect(places[0]).toBe(0)
    expect(places.at(-1)).toBe(1)
    for (let n = 1; n < places.length; n++) {
      expect(places[n]).toBeGreaterThanOrEqual(places[n - 1] as number)
    }
    expect(timeline.segments.filter((segment) => segment.collapsed)).toHaveLength(2)
  })

  it('lets what is still open reach to now', () => {
    const timeline = of(new JournalBuilder([started('a')]), START + 700)
    expect(timeline.end).toBe(START + 700)
    expect(timeline.rows[0]?.bars).toMatchObject([{ from: START, to: START + 700, open: true }])
  })
})
