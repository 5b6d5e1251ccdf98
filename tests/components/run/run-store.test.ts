import { describe, expect, it } from 'vitest'
import { RunStore } from '@/components/run/run-store'
import { JournalBuilder, started, succeeded } from '../../runtime/projection/journal-builder'

const journal = () =>
  new JournalBuilder([started('a')])
    .result('a#1', 1, [succeeded('a'), started('b')])
    .result('b#1', 2, [succeeded('b'), { t: 'saga.ended', status: 'COMPLETED' }])

/** Frames that come when the test says so. */
function frames() {
  const waiting: (() => void)[] = []
  return {
    frame: (run: () => void) => void waiting.push(run),
    paint: () => {
      for (const run of waiting.splice(0)) run()
    },
  }
}

describe('the store of a run', () => {
  it('tells its listeners once per frame, however many entries arrived', () => {
    const { frame, paint } = frames()
    const store = new RunStore(frame)
    let told = 0
    store.subscribe(() => told++)
    for (const entry of journal().entries) store.take([entry])
    expect(told).toBe(0)
    paint()
    expect(told).toBe(1)
    expect(store.state.view.status).toBe('COMPLETED')
    expect(store.state.entries).toHaveLength(3)
  })

  it('takes each entry once when a stream repeats itself after a reconnect', () => {
    const { frame, paint } = frames()
    const store = new RunStore(frame)
    const { entries } = journal()
    store.take(entries.slice(0, 2))
    store.take(entries)
    paint()
    store.take(entries)
    paint()
    expect(store.state.entries.map((entry) => entry.seq)).toEqual([1, 2, 3])
    expect(store.state.view.steps.get('a')?.attemptsTotal).toBe(1)
    expect(store.seq).toBe(3)
  })

  it('puts older entries in front, without those it has', () => {
    const { frame, paint } = frames()
    const store = new RunStore(frame)
    const { entries } = journal()
    store.take(entries.slice(1))
    paint()
    store.takeOlder(entries)
    expect(store.state.entries.map((entry) => entry.seq)).toEqual([1, 2, 3])
  })
})
