/** Where the view goes when the drawing changes: what it holds on to, and what must not cover a step that is shown. */
import type { Layout } from '@/runtime/definition/schema'
import type { Box, Point } from './arrange'

type Pins = Layout['positions']

/**
 * The step that keeps its place on the screen while others make room: the nearest to the middle among those that have
 * not been put anywhere, neither before nor by this change. A pinned one serves when there is no other, and one whose
 * own pin has changed never: it is what moves.
 */
export function anchorOf({
  before,
  after,
  pinsBefore,
  pins,
  middle,
}: {
  before: ReadonlyMap<string, Point>
  after: ReadonlyMap<string, Box>
  pinsBefore: Pins
  pins: Pins
  middle: Point
}): string | null {
  let best: string | null = null
  let least = Number.POSITIVE_INFINITY
  for (const [id, at] of before) {
    const box = after.get(id)
    if (!box || id.includes(':')) continue
    const pin = pins[id]
    const pinBefore = pinsBefore[id]
    if (pin?.x !== pinBefore?.x || pin?.y !== pinBefore?.y) continue
    const away =
      Math.abs(at.x + box.width / 2 - middle.x) +
      Math.abs(at.y + Math.min(box.height, 64) / 2 - middle.y)
    const cost = pin ? away + PINNED : away
    if (cost >= least) continue
    least = cost
    best = id
  }
  return best
}

/** Farther than any drawing is wide. */
const PINNED = 1e7

const MARGIN = 16

/** The largest part of the frame that nothing lies over, in the frame's own pixels. */
export function clearOf(frame: Element): Box {
  const { x, y, width, height } = frame.getBoundingClientRect()
  const covers = [...document.querySelectorAll(COVERS)].map((cover) =>
    cover.getBoundingClientRect(),
  )
  return clearPart(
    { x: 0, y: 0, width, height },
    covers.map((cover) => ({
      x: cover.x - x,
      y: cover.y - y,
      width: cover.width,
      height: cover.height,
    })),
  )
}

/** What may lie over the drawing: its toolbar, its map, messages on it, and panes and sheets on narrow pages. */
const COVERS = '[data-covers], .react-flow__minimap'

/** Cuts each cover off at the side where that costs least. */
export function clearPart(frame: Box, covers: readonly Box[]): Box {
  let { x: left, y: top } = frame
  let right = left + frame.width
  let bottom = top + frame.height
  for (const cover of covers) {
    const over = {
      left: Math.max(cover.x, left),
      top: Math.max(cover.y, top),
      right: Math.min(cover.x + cover.width, right),
      bottom: Math.min(cover.y + cover.height, bottom),
    }
    if (over.left >= over.right || over.top >= over.bottom) continue
    const wide = right - left
    const high = bottom - top
    const costs = [
      { cost: (over.bottom - top) * wide, cut: () => (top = over.bottom) },
      { cost: (bottom - over.top) * wide, cut: () => (bottom = over.top) },
      { cost: (over.right - left) * high, cut: () => (left = over.right) },
      { cost: (right - over.left) * high, cut: () => (right = over.left) },
    ]
    costs.sort((a, b) => a.cost - b.cost)[0]?.cut()
  }
  return { x: left, y: top, width: right - left, height: bottom - top }
}

/** The least way to move `box` into `clear`, its beginning first when it is too large; zero when it is inside. */
export function shiftInto(box: Box, clear: Box): Point {
  const along = (from: number, size: number, low: number, room: number): number => {
    const least = low + MARGIN
    const most = low + room - MARGIN - size
    if (from < least || most < least) return least - from
    return from > most ? most - from : 0
  }
  return {
    x: along(box.x, box.width, clear.x, clear.width),
    y: along(box.y, box.height, clear.y, clear.height),
  }
}
