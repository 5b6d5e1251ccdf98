'use client'

/** The saga's drawing with a run on it: the designer's canvas, read-only, and each step's state as it is now. */
import dynamic from 'next/dynamic'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Layout, SagaDocument } from '@/runtime/definition/schema'
import { overlayOf } from '@/runtime/projection/overlay'
import type { RunView } from '@/runtime/projection/run-view'
import { OverlayStore } from '../canvas/overlay-store'

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
  selected: string | null
  onSelect: (step: string | null) => void
}) {
  const [overlay] = useState(() => new OverlayStore())
  useEffect(() => overlay.replace(overlayOf(view)), [overlay, view])
  const selection = useMemo(() => (selected === null ? [] : [selected]), [selected])
  const select = useCallback((steps: string[]) => onSelect(steps[0] ?? null), [onSelect])
  return (
    <SagaCanvas
      document={document}
      layout={layout}
      mode="view"
      overlay={overlay}
      selection={selection}
      onSelect={select}
    />
  )
}
