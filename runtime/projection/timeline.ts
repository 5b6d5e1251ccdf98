/**
 * A run as bars over time. Stretches in which nothing was called are collapsed to a fixed width, so that a saga that
 * waited a week still shows its milliseconds.
 *
 * 1. A row per step in the order of entry; the row of its compensation directly below it.
 * 2. Only calls are activity. Waits and back-off are drawn, but a long one collapses.
 * 3. `position` is monotonic from 0 at the start to 1 at the end.
 */
import type { AttemptView, CompensationView, RunView, StepView } from './run-view'

export interface Bar {
  kind: 'call' | 'wait' | 'backoff'
  from: number
  to: number
  /** Still going on: `to` is now. */
  open: boolean
  ok: boolean | null
  attempt: number | null
  word: string
}

export interface TimelineRow {
  step: string
  kind: 'forward' | 'compensation'
  rank: number | null
  bars: Bar[]
}

/** A stretch of time and its share of the width, both ends in 0..1. */
export interface Segment {
  from: number
  to: number
  x0: number
  x1: number
  collapsed: boolean
}

export interface Timeline {
  start: number
  end: number
  rows: TimelineRow[]
  segments: Segment[]
}

/** A quiet stretch of at least this share of the whole is collapsed. */
const IDLE_SHARE = 0.1
/** Its width, as a share of what is left. */
const COLLAPSED_SHARE = 0.06

/** `now` closes what is still open. */
export function timelineOf(view: RunView, now: number): Timeline {
  const start = view.startedAt ?? now
  const end = Math.max(start + 1, view.endedAt ?? Math.max(now, view.at ?? now))
  const rows: TimelineRow[] = []
  for (const id of view.order) {
    const step = view.steps.get(id)
    if (!step) continue
    rows.push({ step: id, kind: 'forward', rank: null, bars: forwardBars(step, end) })
    if (step.compensation) {
      rows.push({
        step: id,
        kind: 'compensation',
        rank: step.compensation.rank,
        bars: callBars(step.compensation, end),
      })
    }
  }
  return { start, end, rows, segments: segmentsOf(rows, start, end) }
}

/** Where a moment lies on the collapsed axis, 0..1. */
export function position(timeline: Timeline, at: number): number {
  const t = Math.min(Math.max(at, timeline.start), timeline.end)
  const segment =
    timeline.segments.find((candidate) => t <= candidate.to) ?? timeline.segments.at(-1)
  if (!segment) return 0
  const share = (t - segment.from) / (segment.to - segment.from)
  return segment.x0 + share * (segment.x1 - segment.x0)
}

function forwardBars(step: StepView, end: number): Bar[] {
  const bars = callBars(step, end)
  for (const wait of step.waits) {
    bars.push(waitBar(wait.for, wait.from, wait.to, false))
  }
  if (step.waitingFor) {
    bars.push(waitBar(step.waitingFor.for, step.waitingFor.since, end, true))
  }
  return bars.sort((a, b) => a.from - b.from)
}

function waitBar(what: string, from: number, to: number, open: boolean): Bar {
  return {
    kind: 'wait',
    from,
    to: Math.max(from, to),
    open,
    ok: null,
    attempt: null,
    word: `waiting for ${what}`,
  }
}

function callBars(of: StepView | CompensationView, end: number): Bar[] {
  const waits = 'waits' in of ? of.waits : []
  const bars: Bar[] = []
  for (const [place, attempt] of of.attempts.entries()) {
    const waiting = 'waitingFor' in of && of.waitingFor ? of.waitingFor.since : null
    const paused = firstWaitIn(waits, attempt, waiting)
    const to = paused ?? attempt.endedAt ?? end
    bars.push({
      kind: 'call',
      from: attempt.startedAt,
      to: Math.max(attempt.startedAt, to),
      open: attempt.endedAt === null && paused === null,
      ok: attempt.endedAt === null ? null : !attempt.error,
      attempt: attempt.attempt,
      word: attempt.error ? attempt.error.code : `attempt ${attempt.attempt}`,
    })
    if (attempt.error && attempt.endedAt !== null && attempt.retryAt !== undefined) {
      const next = of.attempts[place + 1]?.startedAt ?? end
      bars.push({
        kind: 'backoff',
        from: attempt.endedAt,
        to: Math.max(attempt.endedAt, next),
        open: place === of.attempts.length - 1,
        ok: null,
        attempt: attempt.attempt,
        word: 'waiting to retry',
      })
    }
  }
  return bars
}

/** A step that waits does not work: its bar ends where its first wait begins. */
function firstWaitIn(
  waits: { from: number }[],
  attempt: AttemptView,
  waitingSince: number | null,
): number | null {
  const until = attempt.endedAt ?? Number.POSITIVE_INFINITY
  const starts = waits.map((wait) => wait.from)
  if (waitingSince !== null) starts.push(waitingSince)
  const inside = starts.filter((from) => from >= attempt.startedAt && from <= until)
  return inside.length === 0 ? null : Math.min(...inside)
}

function segmentsOf(rows: TimelineRow[], start: number, end: number): Segment[] {
  const quiet = quietStretches(rows, start, end)
  const idle = quiet.filter((gap) => gap.to - gap.from >= (end - start) * IDLE_SHARE)
  const idleTotal = idle.reduce((sum, gap) => sum + gap.to - gap.from, 0)
  // With nothing but idling there is nothing to make room for.
  const busyTotal = end - start - idleTotal
  if (idle.length === 0 || busyTotal <= 0) {
    return [{ from: start, to: end, x0: 0, x1: 1, collapsed: false }]
  }
  const busyWidth = 1 / (1 + COLLAPSED_SHARE * idle.length)
  const idleWidth = busyWidth * COLLAPSED_SHARE
  const segments: Segment[] = []
  let at = start
  let x = 0
  const push = (to: number, width: number, collapsed: boolean) => {
    segments.push({ from: at, to, x0: x, x1: Math.min(1, x + width), collapsed })
    at = to
    x = Math.min(1, x + width)
  }
  for (const gap of idle) {
    if (gap.from > at) push(gap.from, ((gap.from - at) / busyTotal) * busyWidth, false)
    push(gap.to, idleWidth, true)
  }
  if (end > at) push(end, ((end - at) / busyTotal) * busyWidth, false)
  const last = segments.at(-1)
  if (last) last.x1 = 1
  return segments
}

/** Stretches without a call and without anything starting or ending inside. */
function quietStretches(
  rows: TimelineRow[],
  start: number,
  end: number,
): { from: number; to: number }[] {
  const moments = new Set([start, end])
  const calls: Bar[] = []
  for (const bar of rows.flatMap((row) => row.bars)) {
    moments.add(bar.from)
    moments.add(bar.to)
    if (bar.kind === 'call' && bar.to > bar.from) calls.push(bar)
  }
  calls.sort((a, b) => a.from - b.from)
  const sorted = [...moments].filter((t) => t >= start && t <= end).sort((a, b) => a - b)
  const stretches: { from: number; to: number }[] = []
  let next = 0
  let busyUntil = Number.NEGATIVE_INFINITY
  for (let i = 0; i + 1 < sorted.length; i++) {
    const from = sorted[i] as number
    const to = sorted[i + 1] as number
    for (let call = calls[next]; call && call.from <= from; call = calls[++next]) {
      busyUntil = Math.max(busyUntil, call.to)
    }
    if (busyUntil <= from) stretches.push({ from, to })
  }
  return stretches
}
