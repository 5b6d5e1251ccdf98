'use client'

/** The saga's drawing with a run on it: the designer's canvas, read-only, and each step's state as it is now. */
import { Crosshair } from 'lucide-react'
import dynamic from 'next/dynamic'
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Layout, SagaDocument } from '@/runtime/definition/schema'
import { TERMINAL } from '@/runtime/journal/entry'
import { overlayOf } from '@/runtime/projection/overlay'
import type { RunView } from '@/runtime/projection/run-view'
import { OverlayStore } from '../canvas/overlay-store'
import type { SagaCanvasHandle } from '../canvas/saga-canvas'
import { cn } from '../ui/cn'
import { stepToFollow } from './follow'

// The canvas measures the page and starts a worker: there is nothing of it to draw on the server.
const SagaCanvas = dynamic(
  () => import('../canvas/saga-canvas').then((module) => module.SagaCanvas),
  { ssr: false },
)

export function RunDrawing({
  document,
  layout,
  view,
  selected,
  onSelect,
}: {
  document: SagaDocument
  layout: Layout
  view: RunView
  /** Brought into view when it is selected anywhere. */
  selected: string | null
  onSelect: (step: string | null) => void
}) {
  const [overlay] = useState(() => new OverlayStore())
  useEffect(() => overlay.replace(overlayOf(view)), [overlay, view])
  const selection = useMemo(() => (selected === null ? [] : [selected]), [selected])
  const select = useCallback((steps: string[]) => onSelect(steps[0] ?? null), [onSelect])
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<SagaCanvasHandle>(null)
  const drawn = useDrawn(frame)
  // who opens a run at a step, selects one or moves the view looks there; until then the view goes with the run
  const [follow, setFollow] = useState(selected === null)
  const live = !TERMINAL.includes(view.status)
  const current = live ? stepToFollow(view) : null
  useEffect(() => {
    if (!drawn || selected === null) return
    setFollow(false)
    canvas.current?.reveal(selected, { focus: false })
  }, [drawn, selected])
  useEffect(() => {
    if (drawn && follow && current !== null) canvas.current?.reveal(current, { focus: false })
  }, [drawn, follow, current])
  return (
    <div ref={frame} className="relative h-full">
      <SagaCanvas
        ref={canvas}
        document={document}
        layout={layout}
        mode="view"
        overlay={overlay}
        selection={selection}
        onSelect={select}
        onPan={() => setFollow(false)}
      >
        {live ? (
          <button
            type="button"
            data-covers
            aria-pressed={follow}
            title={follow ? 'The drawing goes with the run' : 'Go with the run again'}
            className={cn(
              'absolute top-3 left-3 z-10 flex h-8 items-center gap-1.5 rounded-md border bg-surface-1 px-2.5 font-medium text-sm hover:bg-surface-3',
              follow ? 'border-accent text-accent' : 'text-text-2',
            )}
            onClick={() => setFollow((on) => !on)}
          >
            <Crosshair size={14} aria-hidden />
            Follow
          </button>
        ) : null}
      </SagaCanvas>
    </div>
  )
}

/** True as soon as the drawing is laid out. */
function useDrawn(frame: RefObject<HTMLElement | null>): boolean {
  const [drawn, setDrawn] = useState(false)
  useEffect(() => {
    const element = frame.current
    if (drawn || !element) return
    const look = () => {
      if (element.querySelector('.saga-canvas:not([data-waiting]) .react-flow__node')) {
        // after the canvas has opened on the whole drawing, which it does in the same frame
        requestAnimationFrame(() => setDrawn(true))
      }
    }
    const observer = new MutationObserver(look)
    observer.observe(element, { subtree: true, childList: true, attributeFilter: ['data-waiting'] })
    look()
    return () => observer.disconnect()
  }, [frame, drawn])
  return drawn
}
