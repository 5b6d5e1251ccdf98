'use client'

/** Connecting by keyboard, made visible: the arrow as it would be, and what the keys do. */
import { getSmoothStepPath, Position, ViewportPortal } from '@xyflow/react'
import { DOT, portX } from './measures'
import type { Drawing } from './use-drawing'
import type { ConnectHint } from './use-keyboard-connect'

export function ConnectPreview({ hint, drawing }: { hint: ConnectHint; drawing: Drawing }) {
  const source = drawing.absolute.get(hint.from)
  const target = drawing.absolute.get(hint.to)
  if (!source || !target) return null
  const ports = drawing.flow.index.steps.get(hint.from)?.ports ?? []
  const n = ports.findIndex(({ id }) => id === hint.port)
  const out = n < 0 ? DOT / 2 : portX(source.width, ports.length, n)
  const [path] = getSmoothStepPath({
    sourceX: source.x + out,
    sourceY: source.y + source.height,
    sourcePosition: Position.Bottom,
    targetX: target.x + target.width / 2,
    targetY: target.y,
    targetPosition: Position.Top,
    borderRadius: 8,
  })
  return (
    <ViewportPortal>
      <svg className="saga-ghost" aria-hidden>
        <title>The arrow as it would be</title>
        <path d={path} markerEnd="url(#saga-arrow)" />
      </svg>
    </ViewportPortal>
  )
}

/** The sentence; screen readers hear it from the canvas's live region. */
export function ConnectWords({ hint }: { hint: ConnectHint }) {
  return (
    <p
      aria-hidden
      data-covers
      data-testid="connect-hint"
      className="absolute inset-x-3 top-3 z-10 mx-auto w-fit max-w-xl rounded-lg border bg-surface-2 px-3 py-2 text-sm shadow-popover"
    >
      {hint.text}
    </p>
  )
}
