/** An arrow's path: along the layout's bend points while both ends are where the layout put them. */
import type { Point } from './arrange'

const RADIUS = 8
/** Ends may differ by the grid the steps were snapped to. */
const TOLERANCE = 6

export interface EdgePath {
  d: string
  /** In the middle of the way, for the button and the label. */
  middle: Point
}

/** Null when the ends have moved away from the route: the caller draws a plain step path instead. */
export function routedPath(route: readonly Point[], source: Point, target: Point): EdgePath | null {
  const first = route[0]
  const last = route.at(-1)
  if (!first || !last || route.length < 2) return null
  const shift = { x: source.x - first.x, y: source.y - first.y }
  if (
    Math.abs(last.x + shift.x - target.x) > TOLERANCE ||
    Math.abs(last.y + shift.y - target.y) > 2 * TOLERANCE
  ) {
    return null
  }
  const points = route.map(({ x, y }) => ({ x: x + shift.x, y: y + shift.y }))
  // the last stretch runs straight down into the step, so moving it by a pixel keeps every corner square
  const end = points.length - 1
  const beforeEnd = points[end - 1]
  points[end] = target
  if (beforeEnd) {
    points[end - 1] = end === 1 ? source : { x: target.x, y: beforeEnd.y }
  }
  return { d: rounded(points), middle: middleOf(points) }
}

function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  let d = `M${first.x},${first.y}`
  let before = first
  for (const [n, at] of rest.entries()) {
    const after = rest[n + 1]
    if (!after) d += `L${at.x},${at.y}`
    else {
      const r = Math.min(RADIUS, distance(before, at) / 2, distance(at, after) / 2)
      const enter = towards(at, before, r)
      const leave = towards(at, after, r)
      d += `L${enter.x},${enter.y}Q${at.x},${at.y} ${leave.x},${leave.y}`
    }
    before = at
  }
  return d
}

/** Halfway along the longest stretch: where a label has the most room. */
function middleOf(points: readonly Point[]): Point {
  let best: Point = points[0] ?? { x: 0, y: 0 }
  let longest = -1
  for (let n = 1; n < points.length; n++) {
    const a = points[n - 1]
    const b = points[n]
    if (!a || !b) continue
    const length = distance(a, b)
    if (length > longest) {
      longest = length
      best = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
    }
  }
  return best
}

const distance = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y)

function towards(from: Point, to: Point, length: number): Point {
  const all = distance(from, to) || 1
  return {
    x: from.x + ((to.x - from.x) * length) / all,
    y: from.y + ((to.y - from.y) * length) / all,
  }
}
