'use client'

/** What holds or joins steps: the bracket of a parallel or map, its lanes, and the dots at which a region begins and ends. */
import { type Node, type NodeProps, Position } from '@xyflow/react'
import { TriangleAlert } from 'lucide-react'
import { memo, useContext, useState } from 'react'
import {
  CanvasContext,
  useFocusPull,
  useIsFocusTarget,
  useOverlay,
  useSearchMark,
} from './canvas-context'
import type { DotData, LaneData, StepData } from './flow'
import { PortHandle } from './port-handle'
import { STEP_KINDS } from './step-kinds'
import { RunState } from './step-node'
import { spokenName, summaryOf } from './summary'

export type BracketNodeType = Node<StepData, 'bracket'>
export type LaneNodeType = Node<LaneData, 'lane'>
export type DotNodeType = Node<DotData, 'dot'>

export const BracketNode = memo(function BracketNode({
  id,
  data,
  selected,
}: NodeProps<BracketNodeType>) {
  const { mode } = useContext(CanvasContext)
  const overlay = useOverlay(id)
  const focusable = useIsFocusTarget(id)
  const mark = useSearchMark(id)
  const pull = useFocusPull(id)
  const [armed, setArmed] = useState(false)
  const Icon = STEP_KINDS[data.step.type].icon
  const problems = data.problems
  return (
    <div
      className="saga-group"
      data-kind={data.step.type}
      data-selected={selected || undefined}
      data-state={overlay?.state}
      data-mark={mark ?? undefined}
      onPointerEnter={() => setArmed(true)}
      onPointerLeave={({ buttons }) => {
        if (buttons === 0) setArmed(false)
      }}
    >
      <PortHandle
        node={id}
        id="in"
        type="target"
        position={Position.Top}
        connectable={mode === 'edit'}
      />
      {/* biome-ignore lint/a11y/useSemanticElements: a real button would take the pointer that drags the group */}
      <div
        role="button"
        tabIndex={focusable ? 0 : -1}
        aria-pressed={selected}
        aria-label={spokenName(data, overlay)}
        data-step={id}
        ref={pull}
        className="saga-group-head"
      >
        <span className="saga-icon">
          <Icon size={15} strokeWidth={1.9} aria-hidden />
        </span>
        {overlay ? (
          <span className="saga-text">
            <span className="saga-title">{data.title}</span>
            <span className="saga-detail">
              <RunState overlay={overlay} />
              <span className="saga-summary">{summaryOf(data.step)}</span>
            </span>
          </span>
        ) : (
          <>
            <span className="saga-title">{data.title}</span>
            <span className="saga-summary">{summaryOf(data.step)}</span>
          </>
        )}
        {problems && !overlay ? (
          <span
            className="saga-badge"
            data-tone={problems.errors > 0 ? 'failed' : 'compensating'}
            title={problems.first}
          >
            <TriangleAlert size={11} aria-hidden />
            {problems.errors + problems.warnings}
          </span>
        ) : null}
      </div>
      <PortHandle
        node={id}
        id="next"
        type="source"
        position={Position.Bottom}
        connectable={mode === 'edit'}
        armed={armed}
      />
    </div>
  )
})

export const LaneNode = memo(function LaneNode({ data }: NodeProps<LaneNodeType>) {
  return (
    <div className="saga-lane" data-bracket={data.bracket}>
      <span className="saga-lane-label">{data.label}</span>
    </div>
  )
})

export const DotNode = memo(function DotNode({ id, data }: NodeProps<DotNodeType>) {
  const { mode } = useContext(CanvasContext)
  const [armed, setArmed] = useState(false)
  const focusable = useIsFocusTarget(id)
  const pull = useFocusPull(id)
  const nested = data.region.length > 0
  return (
    <div
      className="saga-dot"
      data-kind={data.kind}
      data-nested={nested || undefined}
      onPointerEnter={() => setArmed(true)}
      onPointerLeave={({ buttons }) => {
        if (buttons === 0) setArmed(false)
      }}
      title={data.kind === 'start' ? 'Start' : 'The saga is completed'}
      {...(data.kind === 'start' && mode === 'edit'
        ? {
            ref: pull,
            role: 'button',
            'aria-label': nested ? 'Start of this branch' : 'Start',
            'data-step': id,
            tabIndex: focusable ? 0 : -1,
          }
        : {})}
    >
      {data.kind === 'start' ? (
        <PortHandle
          node={id}
          id="start"
          type="source"
          position={Position.Bottom}
          connectable={mode === 'edit'}
          armed={armed}
        />
      ) : (
        <PortHandle node={id} id="in" type="target" position={Position.Top} connectable={false} />
      )}
    </div>
  )
})
