'use client'

/** The saga's drawing with a run on it: the designer's canvas, read-only, and each step's state as it is now. */
import dynamic from 'next/dynamic'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Layout, SagaDocument } from '@/runtime/definition/schema'
import { overlayOf } from '@/runtime/projection/overlay'
import type { RunView } from '@/runtime/projection/run-view'
import { OverlayStore } from '../canvas/overlay-store'
import type { SagaCanvasHandle } from '../canvas/saga-canvas'

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
  /** Brought into view when the drawing opens. */
  selected: string | null
  onSelect: (step: string | null) => void
}) {
  const [overlay] = useState(() => new OverlayStore())
  useEffect(() => overlay.replace(overlayOf(view)), [overlay, view])
  const selection = useMemo(() => (selected === null ? [] : [selected]), [selected])
  const select = useCallback((steps: string[]) => onSelect(steps[0] ?? null), [onSelect])
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<SagaCanvasHandle>(null)
  useReveal(frame, canvas, selected)
  return (
    <div ref={frame} className="h-full">
      <SagaCanvas
        ref={canvas}
        document={document}
        layout={layout}
        mode="view"
        overlay={overlay}
        selection={selection}
        onSelect={select}
      />
    </div>
  )
}

/** Shows the step once, as soon as the drawing is laid out. */
function useReveal(
  frame: { current: HTMLElement | null },
  canvas: { current: SagaCanvasHandle | null },
  step: string | null,
): void {
  const first = useRef(step)
  useEffect(() => {
    const element = frame.current
    if (first.current === null || !element) return
    const tryNow = () => {
      const drawn = element.querySelector('.saga-canvas:not([data-waiting]) .react-flow__node')
      if (!drawn || first.current === null) return
      observer.disconnect()
      const wanted = first.current
      first.current = null
      // After the canvas has opened on the whole drawing, which it does in the same frame.
      requestAnimationFrame(() => canvas.current?.reveal(wanted, { focus: false }))
    }
    const observer = new MutationObserver(tryNow)
    observer.observe(element, { subtree: true, childList: true, attributeFilter: ['data-waiting'] })
    tryNow()
    return () => observer.disconnect()
  }, [frame, canvas])
}
