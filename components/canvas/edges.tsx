'use client'

/** Arrows: the way forward, with a button to insert a step; and the way back, dashed and reversed. */
import { BaseEdge, type Edge, type EdgeProps, getSmoothStepPath } from '@xyflow/react'
import { memo, useContext } from 'react'
import type { Point } from './arrange'
import { CanvasContext, useOverlay } from './canvas-context'
import { routedPath } from './edge-path'
import { undoStateOf, wayStateOf } from './edge-state'

export type WayData = { route: Point[] | null; port: string; regionKey: string }
export type WayEdgeType = Edge<WayData, 'way'>
/** `turnY`: where to go sideways, so as not to cross steps; null just under the target. */
export type UndoData = { turnY: number | null }
export type UndoEdgeType = Edge<UndoData, 'undo'>

export const WayEdge = memo(function WayEdge(props: EdgeProps<WayEdgeType>) {
  const { id, sourceX, sourceY, targetX, targetY, data } = props
  const { mode, overlay: run } = useContext(CanvasContext)
  const from = useOverlay(props.source)
  const to = useOverlay(props.target)
  const routed = data?.route
    ? routedPath(data.route, { x: sourceX, y: sourceY }, { x: targetX, y: targetY })
    : null
  const [plain, labelX, labelY] = getSmoothStepPath({ ...props, borderRadius: 8 })
  const middle = routed?.middle ?? { x: labelX, y: labelY }
  const state = run !== null ? wayStateOf(data?.port ?? 'next', from, to) : undefined
  return (
    <g className="saga-way" data-state={state}>
      <BaseEdge
        id={id}
        className="saga-path"
        path={routed?.d ?? plain}
        interactionWidth={20}
        markerEnd="url(#saga-arrow)"
      />
      {mode === 'edit' ? (
        <g className="saga-plus" data-plus={id} transform={`translate(${middle.x} ${middle.y})`}>
          <circle r={12} className="saga-plus-hit" />
          <circle r={9} className="saga-plus-disc" />
          <path d="M-4 0H4M0-4V4" />
        </g>
      ) : null}
    </g>
  )
})

export const UndoEdge = memo(function UndoEdge(props: EdgeProps<UndoEdgeType>) {
  const from = useOverlay(props.source)?.compensation
  const to = useOverlay(props.target)?.compensation
  const [path] = getSmoothStepPath({
    ...props,
    borderRadius: 8,
    centerY: props.data?.turnY ?? props.targetY + 30,
  })
  return (
    <g className="saga-undo-way" data-state={undoStateOf(from, to)}>
      <BaseEdge
        id={props.id}
        className="saga-undo-path"
        path={path}
        interactionWidth={0}
        markerEnd="url(#saga-arrow-undo)"
      />
    </g>
  )
})
