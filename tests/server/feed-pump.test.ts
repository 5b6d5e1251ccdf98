/**
 * The pump on a feed that the test writes, so that lateness, failure and overflow are inputs.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { FeedItem } from '@/runtime/journal/store'
import { FeedPump } from '@/server/realtime/feed-pump'

let log: FeedItem[]
let commit: (ids: string[]) => void
let reads: number
let failing: boolean
let pump: FeedPump
let stop: AbortController
/** How long the store takes to say where its end is. */
let tailMs: number

beforeEach(() => {
  vi.useFakeTimers()
  log = []
  reads = 0
  failing = false
  tailMs = 0
  stop = new AbortController()
  pump = new FeedPump({
    runtime: {
      async feed(after, limit = 500) {
        reads++
        if (failing) throw new Error('away')
        return log.slice(Number(after), Number(after) + limit)
      },
      onCommit(listener) {
        commit = listener as typeof commit
        return () => {}
      },
    },
    tail: async () => {
      const end = String(log.length)
      if (tailMs > 0) await new Promise((resolve) => setTimeout(resolve, tailMs))
      return end
    },
    log: { info() {}, warn() {}, error() {} },
  })
})
afterEach(() => {
  stop.abort()
  pump.close()
  vi.useRealTimers()
})

function append(count: number): void {
  for (let i = 0; i < count; i++) {
    const seq = log.length + 1
    log.push({
      cursor: String(seq),
      entry: {
        entityId: 's',
        seq,
        at: seq,
        message: { type: 'timer', timer: 't' },
        facts: [],
      },
    })
  }
}

/** Follows and collects cursors until the test ends. */
function follow(after: string | null): string[] {
  const seen: string[] = []
  const run = async () => {
    const lines = pump.follow(after, { signal: stop.signal, idle: async () => {} })
    for await (const { cursor, event } of lines) if (event.type !== 'ready') seen.push(cursor)
  }
  run().catch(() => {})
  return seen
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i))

it('starts at the end, reads after a commit of its own, and at most ten times a second', async () => {
  append(3)
  const seen = follow(null)
  await vi.advanceTimersByTimeAsync(1)
  reads = 0
  for (let i = 0; i < 50; i++) {
    append(1)
    commit(['s'])
    await vi.advanceTimersByTimeAsync(4)
  }
  await vi.advanceTimersByTimeAsync(100)
  expect(seen).toEqual(numbers(4, 53))
  expect(reads).toBeLessThanOrEqual(4)
})

it('reads nothing before it knows where the end is, and then all that came meanwhile', async () => {
  tailMs = 300
  append(3)
  const seen = follow(null)
  append(1)
  commit(['s'])
  await vi.advanceTimersByTimeAsync(299)
  expect(reads).toBe(0)
  await vi.advanceTimersByTimeAsync(1_100)
  expect(seen).toEqual(['4'])
})

it('says first from where on nothing is missed, to whoever resumes nothing', async () => {
  append(3)
  const options = { signal: stop.signal, idle: async () => {} }
  const fresh = await pump.follow(null, options).next()
  expect(fresh.value).toMatchObject({ cursor: '3', event: { type: 'ready', sagaId: '' } })
  const resumed = await pump.follow('2', options).next()
  expect(resumed.value).toMatchObject({ cursor: '3', event: { type: 'timer', sagaId: 's' } })
})

it('finds within a second what another process committed', async () => {
  const seen = follow(null)
  await vi.advanceTimersByTimeAsync(1)
  append(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(seen).toEqual(['1', '2'])
})

it('brings a follower from far behind to the present without gap or repetition', async () => {
  append(1_700)
  const present = follow(null)
  await vi.advanceTimersByTimeAsync(1)
  const behind = follow('100')
  append(1_300)
  await vi.advanceTimersByTimeAsync(2_000)
  append(5)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(present).toEqual(numbers(1_701, 3_005))
  expect(behind).toEqual(numbers(101, 3_005))
})

it('reaches a follower whose place it does not keep any more', async () => {
  const fast = follow(null)
  await vi.advanceTimersByTimeAsync(1)
  append(12_000)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(fast).toEqual(numbers(1, 12_000))
  const late = follow('1')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(late).toEqual(numbers(2, 12_000))
})

it('goes on after the database was away', async () => {
  const seen = follow(null)
  await vi.advanceTimersByTimeAsync(1)
  failing = true
  append(1)
  await vi.advanceTimersByTimeAsync(3_000)
  failing = false
  await vi.advanceTimersByTimeAsync(1_000)
  expect(seen).toEqual(['1'])
})

it('reads nothing while nobody follows, and starts anew for the next', async () => {
  follow(null)
  await vi.advanceTimersByTimeAsync(1)
  stop.abort()
  await vi.advanceTimersByTimeAsync(1)
  expect(pump.size).toBe(0)
  reads = 0
  append(4)
  commit(['s'])
  await vi.advanceTimersByTimeAsync(5_000)
  expect(reads).toBe(0)
  stop = new AbortController()
  const seen = follow(null)
  await vi.advanceTimersByTimeAsync(1)
  append(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(seen).toEqual(['5'])
})
