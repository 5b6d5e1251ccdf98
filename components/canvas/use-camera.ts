'use client'

/** Where the drawing is looked at from: fitting, revealing, zooming; and the hand-over of nodes to the library. */
import { type ReactFlowInstance, useReactFlow, useStoreApi } from '@xyflow/react'
import { type RefObject, useCallback, useEffect, useMemo, useRef } from 'react'
import type { Box, Point } from './arrange'
import type { FocusStore } from './focus-store'
import type { CanvasEdge, CanvasNode } from './to-library'
import type { Drawing } from './use-drawing'
import { anchorOf, clearOf, shiftInto } from './view-rules'

const PADDING = 48
/** Under this, titles are hard to read: a large drawing opens at its start instead of as a whole. */
const READABLE = 0.6
const SETTLE_MS = 220
const REVEAL_MS = 160
/** Below this a step that is shown on purpose is also brought closer. */
const LEGIBLE = 0.35
/** What a compensation takes beside its step. */
const UNDO_ROOM = 184

export interface Camera {
  onInit: () => void
  /** Somebody has moved the view by hand: from now on it is theirs. */
  touch: () => void
  fit: (steps?: readonly string[]) => void
  /**
   * Brings a step to where nothing covers it, moving the view as little as that needs, and makes it the one that keys
   * are about. One that is not drawn yet is revealed as soon as it is.
   */
  reveal: (step: string) => void
  zoomBy: (factor: number) => void
  zoomTo: (zoom: number) => void
  showZoom: (zoom: number) => void
  zoomLabel: RefObject<HTMLSpanElement | null>
  /** The canvas place in the middle of the frame, and that place in client pixels. */
  middle: () => { place: { x: number; y: number }; client: { x: number; y: number } }
}

export function useCamera({
  frame,
  drawing,
  selection,
  focus,
}: {
  frame: RefObject<HTMLDivElement | null>
  drawing: Drawing
  selection: readonly string[]
  focus: FocusStore
}): Camera {
  const flow = useReactFlow<CanvasNode, CanvasEdge>()
  const store = useStoreApi()
  const zoomLabel = useRef<HTMLSpanElement>(null)
  const now = useRef({ drawing, selection })
  const opened = useRef(false)
  const ready = useRef(false)
  const touched = useRef(false)
  const settled = useRef(false)
  const wanted = useRef<string | null>(null)
  const pinned = useRef(drawing.pins)

  useEffect(() => {
    now.current = { drawing, selection }
  })

  const look = useCallback(
    (box: Box, zoomMax: number, opening: boolean) => {
      const size = frame.current?.getBoundingClientRect()
      if (!size || size.width === 0 || box.width === 0) return
      const zoom = Math.min(
        zoomMax,
        (size.width - 2 * PADDING) / box.width,
        (size.height - 2 * PADDING) / box.height,
      )
      const start = now.current.drawing.absolute.get('start:')
      if (opening && zoom < READABLE && start) {
        const close = Math.min(0.8, Math.max(0.5, (size.width - PADDING) / box.width))
        const fits = box.width * close <= size.width
        const centre = fits ? box.x + box.width / 2 : start.x + start.width / 2
        const x = size.width / 2 - centre * close
        void flow.setViewport({ x, y: PADDING - start.y * close, zoom: close })
        return
      }
      const at = Math.max(0.1, zoom)
      const x = size.width / 2 - (box.x + box.width / 2) * at
      const y = Math.max(
        size.height / 2 - (box.y + box.height / 2) * at,
        opening ? PADDING - box.y * at : Number.NEGATIVE_INFINITY,
      )
      void flow.setViewport(
        { x, y: opening ? Math.min(y, size.height * 0.18 - box.y * at) : y, zoom: at },
        { duration: opening ? 0 : 200 },
      )
    },
    [flow, frame],
  )

  const show = useCallback(
    (step: string) => {
      const box = now.current.drawing.absolute.get(step)
      const element = frame.current
      if (!box || !element || !opened.current) return
      const [x, y, zoom] = store.getState().transform
      const clear = clearOf(element)
      const height = Math.min(box.height, 200)
      const width = box.width + (now.current.drawing.flow.undone.has(step) ? UNDO_ROOM : 0)
      if (zoom < LEGIBLE) {
        const close = 0.8
        void flow.setViewport(
          {
            x: clear.x + clear.width / 2 - (box.x + width / 2) * close,
            y: clear.y + clear.height / 2 - (box.y + height / 2) * close,
            zoom: close,
          },
          { duration: REVEAL_MS },
        )
        return
      }
      const there = {
        x: box.x * zoom + x,
        y: box.y * zoom + y,
        width: width * zoom,
        height: height * zoom,
      }
      const shift = shiftInto(there, clear)
      if (shift.x === 0 && shift.y === 0) return
      void flow.setViewport({ x: x + shift.x, y: y + shift.y, zoom }, { duration: REVEAL_MS })
    },
    [flow, frame, store],
  )

  const openUp = useCallback(() => {
    if (opened.current || !ready.current || now.current.drawing.waiting) return
    opened.current = true
    look(bounds(now.current.drawing), 1, true)
    if (wanted.current !== null) show(wanted.current)
  }, [look, show])

  // hand the nodes over, keeping what is selected; the library moves them, a transition shows from where
  useEffect(() => {
    const chosen = new Set(selection)
    const held = new Map(flow.getNodes().map((node) => [node.id, node]))
    const moved = drawing.nodes.some((node) => {
      const at = held.get(node.id)?.position
      return at !== undefined && (at.x !== node.position.x || at.y !== node.position.y)
    })
    if (moved && opened.current && frame.current) {
      const element = frame.current
      element.dataset.settling = ''
      setTimeout(() => {
        delete element.dataset.settling
      }, SETTLE_MS)
    }
    const before = moved ? placesShown(store) : NOWHERE
    flow.setNodes(
      drawing.nodes.map((node) => {
        const want = chosen.has(node.id)
        const before = held.get(node.id)
        // whoever holds a step keeps it in hand, whatever arrives meanwhile
        if (before?.dragging) {
          const { position } = before
          return { ...node, position, selected: want, dragging: true } as CanvasNode
        }
        if (!want) return node
        return before?.selected && sameBut(before, node) ? before : { ...node, selected: true }
      }),
    )
    if (!opened.current) openUp()
    else if (moved && !touched.current && !settled.current) look(bounds(drawing), 1, true)
    else if (moved) hold(store, flow, before, drawing, pinned.current)
    const done = drawing.arrangement.missing.length === 0
    if (wanted.current !== null && drawing.absolute.has(wanted.current)) {
      show(wanted.current)
      if (done) wanted.current = null
    }
    if (done) settled.current = true
    pinned.current = drawing.pins
  }, [drawing, selection, flow, frame, store, openUp, look, show])

  useEffect(() => {
    if (!drawing.waiting) openUp()
  }, [drawing.waiting, openUp])

  return useMemo(
    () => ({
      onInit: () => {
        ready.current = true
        openUp()
      },
      touch: () => {
        touched.current = true
        wanted.current = null
      },
      fit: (steps) => {
        touched.current = true
        const { drawing } = now.current
        const box = steps?.length ? around(drawing, steps) : bounds(drawing)
        look(box, steps?.length ? 1.2 : 1, false)
      },
      reveal: (step) => {
        focus.move(step)
        touched.current = true
        const { drawing } = now.current
        const done = drawing.arrangement.missing.length === 0
        wanted.current = drawing.absolute.has(step) && done && opened.current ? null : step
        show(step)
      },
      zoomBy: (factor) => {
        void flow.zoomTo(flow.getZoom() * factor, { duration: 125 })
      },
      zoomTo: (zoom) => {
        void flow.zoomTo(zoom, { duration: 125 })
      },
      showZoom: (zoom) => {
        if (zoomLabel.current) zoomLabel.current.textContent = `${Math.round(zoom * 100)} %`
      },
      zoomLabel,
      middle: () => {
        const size = frame.current?.getBoundingClientRect() ?? new DOMRect()
        const client = { x: size.x + size.width / 2, y: size.y + size.height / 2 }
        return { client, place: flow.screenToFlowPosition(client) }
      },
    }),
    [flow, frame, focus, look, show, openUp],
  )
}

const NOWHERE: ReadonlyMap<string, Point> = new Map()

/** Where the library shows each step, also one that was dragged a moment ago. */
function placesShown(store: ReturnType<typeof useStoreApi>): Map<string, Point> {
  const { nodeLookup } = store.getState()
  return new Map([...nodeLookup].map(([id, node]) => [id, node.internals.positionAbsolute]))
}

/** Steps have moved: the view goes along with one that nobody has put anywhere, so that what is looked at stays. */
function hold(
  store: ReturnType<typeof useStoreApi>,
  flow: ReactFlowInstance<CanvasNode, CanvasEdge>,
  before: ReadonlyMap<string, Point>,
  { absolute, pins }: Drawing,
  pinsBefore: Drawing['pins'],
): void {
  const { transform, width, height } = store.getState()
  const [x, y, zoom] = transform
  const middle = { x: (width / 2 - x) / zoom, y: (height / 2 - y) / zoom }
  const anchor = anchorOf({ before, after: absolute, pinsBefore, pins, middle })
  const from = anchor === null ? undefined : before.get(anchor)
  const to = anchor === null ? undefined : absolute.get(anchor)
  if (!from || !to || (from.x === to.x && from.y === to.y)) return
  void flow.setViewport({ x: x - (to.x - from.x) * zoom, y: y - (to.y - from.y) * zoom, zoom })
}

function sameBut(before: CanvasNode, node: CanvasNode): boolean {
  return (
    before.data === node.data &&
    before.draggable === node.draggable &&
    before.position.x === node.position.x &&
    before.position.y === node.position.y &&
    before.width === node.width &&
    before.height === node.height &&
    before.parentId === node.parentId
  )
}

function bounds(drawing: Drawing): Box {
  return around(drawing, [...drawing.absolute.keys()])
}

function around(drawing: Drawing, ids: readonly string[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const id of ids) {
    const box = drawing.absolute.get(id)
    if (!box) continue
    left = Math.min(left, box.x)
    top = Math.min(top, box.y)
    right = Math.max(right, box.x + box.width + (drawing.flow.undone.has(id) ? UNDO_ROOM : 0))
    bottom = Math.max(bottom, box.y + box.height)
  }
  if (left === Infinity) return { x: 0, y: 0, width: 0, height: 0 }
  return { x: left, y: top, width: right - left, height: bottom - top }
}
