'use client'

/** One step on the drawing, with its way back beside it. Memoised: it renders when its own data or state changes. */
import { type Node, type NodeProps, Position } from '@xyflow/react'
import {
  Check,
  Clock3,
  CornerUpLeft,
  Milestone,
  RotateCw,
  ShieldCheck,
  TriangleAlert,
} from 'lucide-react'
import { memo, useContext, useState } from 'react'
import {
  CanvasContext,
  useFocusPull,
  useIsFocusTarget,
  useOverlay,
  useSearchMark,
} from './canvas-context'
import { formatDuration } from './duration'
import type { StepData } from './flow'
import { portX, STEP, sizeOf, UNDO } from './measures'
import { type StepOverlay, wordOf } from './overlay-store'
import { PortHandle } from './port-handle'
import { STEP_KINDS } from './step-kinds'
import { spokenName, summaryOf } from './summary'

/** Handles are placed from inside the border. */
const BORDER = 1

export type StepNodeType = Node<StepData, 'step'>

export const StepNode = memo(function StepNode({ id, data, selected }: NodeProps<StepNodeType>) {
  const { mode, overlay: run } = useContext(CanvasContext)
  const overlay = useOverlay(id)
  const focusable = useIsFocusTarget(id)
  const mark = useSearchMark(id)
  const pull = useFocusPull(id)
  const [armed, setArmed] = useState(false)
  const { step, ports } = data
  const kind = STEP_KINDS[step.type]
  const Icon = kind.icon
  const { width, height } = sizeOf(step)
  const small = step.type === 'end' || step.type === 'wait'
  return (
    <div
      className="saga-step"
      data-kind={step.type}
      data-tone={kind.tone}
      data-selected={selected || undefined}
      data-state={overlay?.state}
      data-idle={run !== null && overlay === undefined ? '' : undefined}
      data-mark={mark ?? undefined}
      data-problem={data.problems ? (data.problems.errors > 0 ? 'error' : 'warning') : undefined}
      style={{ width, height }}
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
      {/* biome-ignore lint/a11y/useSemanticElements: a real button would take the pointer that drags the step */}
      <div
        role="button"
        tabIndex={focusable ? 0 : -1}
        aria-pressed={selected}
        aria-label={spokenName(data, overlay)}
        data-step={id}
        ref={pull}
        className="saga-step-body"
        style={{ height: Math.min(height, small ? height : STEP.height) }}
      >
        <span className="saga-icon">
          <Icon size={small ? 14 : 15} strokeWidth={1.9} aria-hidden />
        </span>
        <span className="saga-text">
          <span className="saga-title">{data.title}</span>
          <span className="saga-detail">
            {overlay ? <RunState overlay={overlay} /> : null}
            <Mark step={data} />
            <span className="saga-summary">{summaryOf(step)}</span>
          </span>
        </span>
        {overlay ? null : <Badges data={data} />}
      </div>
      {ports.length > 1 ? (
        <div className="saga-ports">
          {ports.map((port) => (
            <span
              key={port.id}
              className="saga-port"
              data-loose={port.target === null || undefined}
            >
              {port.label}
            </span>
          ))}
        </div>
      ) : null}
      {ports.map((port, n) => (
        <PortHandle
          key={port.id}
          node={id}
          id={port.id}
          type="source"
          position={Position.Bottom}
          connectable={mode === 'edit'}
          armed={armed}
          style={{ left: portX(width, ports.length, n) - BORDER }}
        />
      ))}
      {data.undo ? <Undo data={data} overlay={overlay} /> : null}
    </div>
  )
})

/** A step's place in saga theory, where it changes what may follow. */
function Mark({ step: { step } }: { step: StepData }) {
  if (step.type === 'transaction') return <span className="saga-mark">2PC</span>
  if (step.type !== 'action') return null
  if (step.effect === 'pivot') {
    return (
      <span className="saga-mark" data-mark="pivot">
        <Milestone size={11} aria-hidden />
        Pivot
      </span>
    )
  }
  if (step.effect === 'retriable') {
    return (
      <span className="saga-mark">
        <RotateCw size={11} aria-hidden />
        Retriable
      </span>
    )
  }
  if (step.effect === 'readonly') return <span className="saga-mark">Reads</span>
  return null
}

/** What a run did here, under the title, which it leaves whole. */
export function RunState({ overlay }: { overlay: StepOverlay }) {
  return (
    <span className="saga-state" data-tone={overlay.state}>
      {wordOf(overlay)}
      {overlay.attempt !== undefined && overlay.attempt > 1 ? ` · ${overlay.attempt}` : ''}
    </span>
  )
}

function Badges({ data }: { data: StepData }) {
  const { step, problems } = data
  const retry = 'retry' in step ? step.retry?.attemptsMax : undefined
  const timeout = 'timeoutMs' in step && step.type !== 'signal' ? step.timeoutMs : undefined
  return (
    <span className="saga-badges">
      {retry !== undefined ? (
        <span className="saga-badge" title={`Up to ${retry} attempts`}>
          <RotateCw size={11} aria-hidden />
          {retry}
        </span>
      ) : null}
      {timeout !== undefined ? (
        <span className="saga-badge" title={`Times out after ${formatDuration(timeout)}`}>
          <Clock3 size={11} aria-hidden />
          {formatDuration(timeout).split(' ').slice(0, 2).join(' ')}
        </span>
      ) : null}
      {data.undo ? (
        <span className="saga-badge saga-shield" title={`Undone by ${data.undo.operation}`}>
          <ShieldCheck size={12} aria-hidden />
        </span>
      ) : null}
      {data.undoMissing ? (
        <span className="saga-badge" data-tone="compensating" title="No compensation yet">
          <CornerUpLeft size={12} aria-hidden />
          none
        </span>
      ) : null}
      {problems ? (
        <span
          className="saga-badge"
          data-tone={problems.errors > 0 ? 'failed' : 'compensating'}
          title={problems.first}
        >
          <TriangleAlert size={11} aria-hidden />
          {problems.errors + problems.warnings}
        </span>
      ) : null}
    </span>
  )
}

/** The way back. Its handles carry the dashed arrows; its number is the order in which it runs. */
function Undo({ data, overlay }: { data: StepData; overlay: StepOverlay | undefined }) {
  const undo = data.undo
  if (!undo) return null
  const { step } = data
  const elsewhere = step.type === 'action' && undo.participant !== step.participant
  const name = step.type === 'saga' ? 'unwind child' : undo.operation
  const state = overlay?.compensation
  const { width } = sizeOf(step)
  return (
    <div
      className="saga-undo"
      data-state={state?.state}
      style={{ left: width + UNDO.gap, width: UNDO.width, height: UNDO.height }}
      title={`Compensation ${undo.rank}: ${undo.participant}.${undo.operation}`}
    >
      <PortHandle
        node={data.id}
        id="undo-out"
        type="source"
        position={Position.Top}
        connectable={false}
        className="saga-undo-handle"
      />
      <PortHandle
        node={data.id}
        id="undo-in"
        type="target"
        position={Position.Bottom}
        connectable={false}
        className="saga-undo-handle"
      />
      <span className="saga-rank">{state?.rank ?? undo.rank}</span>
      <span className="saga-undo-text">
        {elsewhere ? `${undo.participant}.${name}` : name}
        {state ? <span className="saga-undo-state">{wordOf(state)}</span> : null}
      </span>
      {state?.state === 'compensated' ? (
        <Check size={13} aria-hidden />
      ) : (
        <CornerUpLeft size={13} aria-hidden />
      )}
    </div>
  )
}
