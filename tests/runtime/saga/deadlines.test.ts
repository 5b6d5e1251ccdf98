import { beforeEach, describe, expect, it } from 'vitest'
import { Deadlines } from '@/runtime/saga/deadlines'
import { VirtualClock } from '../../support/virtual-clock'

let clock: VirtualClock
let armed: number
let expired: string[]
let deadlines: Deadlines<string>

beforeEach(() => {
  clock = new VirtualClock()
  armed = 0
  expired = []
  const after = clock.after.bind(clock)
  clock.after = (delayMs, run) => {
    armed++
    return after(delayMs, run)
  }
  deadlines = new Deadlines(clock, (one) => expired.push(`${one} ${clock.monotonic() - started}`))
})
const started = new VirtualClock().monotonic()

describe('deadlines', () => {
  it('expire each at its own time, whatever the limit', async () => {
    deadlines.add('long', 1_000)
    deadlines.add('short', 100)
    await clock.advance(50)
    deadlines.add('later', 100)
    await clock.advance(2_000)
    expect(expired).toEqual(['short 100', 'later 150', 'long 1000'])
  })

  it('leave alone what was over in time', async () => {
    deadlines.add('a', 100)
    deadlines.add('b', 100)
    deadlines.delete('a', 100)
    await clock.advance(1_000)
    expect(expired).toEqual(['b 100'])
  })

  it('arm one timer for all that have the same limit', async () => {
    for (let n = 0; n < 1_000; n++) {
      deadlines.add(`${n}`, 100)
      deadlines.delete(`${n}`, 100)
    }
    expect(armed).toBe(1)
    await clock.advance(100)
    deadlines.add('next', 100)
    expect(armed).toBe(2)
    await clock.advance(100)
    expect(expired).toEqual(['next 200'])
  })

  it('expire nothing once cleared', async () => {
    deadlines.add('a', 100)
    deadlines.clear()
    await clock.advance(1_000)
    expect(expired).toEqual([])
  })
})
