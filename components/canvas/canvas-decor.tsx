'use client'

/** The drawing's ground: dots, arrow heads, the map in the corner. */
import { Background, BackgroundVariant, MiniMap, type MiniMapNodeProps } from '@xyflow/react'
import { useOverlay } from './canvas-context'

export function Dots() {
  return <Background variant={BackgroundVariant.Dots} gap={16} size={1} />
}

/** Arrow heads are shared by all arrows and take their colour. */
export function CanvasMarkers() {
  return (
    <svg width="0" height="0" className="absolute" aria-hidden>
      <title>Arrow heads</title>
      <defs>
        <Head id="saga-arrow" />
        <Head id="saga-arrow-undo" />
      </defs>
    </svg>
  )
}

function Head({ id }: { id: string }) {
  return (
    <marker
      id={id}
      viewBox="0 0 10 10"
      refX="8.5"
      refY="5"
      markerWidth="9"
      markerHeight="9"
      markerUnits="userSpaceOnUse"
      orient="auto-start-reverse"
    >
      <path
        d="M1.5 1.5 L8.5 5 L1.5 8.5"
        fill="none"
        stroke="context-stroke"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </marker>
  )
}

/** Steps by state, no arrows: the shape of the whole is what a small map can say. */
export function MiniMapOfSteps() {
  return (
    <MiniMap
      pannable
      zoomable
      position="bottom-right"
      className="max-md:hidden"
      style={SIZE}
      nodeComponent={MiniStep}
      ariaLabel="Map of the drawing"
    />
  )
}

const SIZE = { width: 150, height: 100 }

function MiniStep({ id, x, y, width, height, selected }: MiniMapNodeProps) {
  const overlay = useOverlay(id)
  if (id.includes(':')) return null
  return (
    <rect
      className="saga-mini"
      data-state={overlay?.compensation?.state ?? overlay?.state}
      data-selected={selected || undefined}
      data-large={height > 120 || undefined}
      x={x}
      y={y}
      width={width}
      height={height}
      rx={8}
    />
  )
}
