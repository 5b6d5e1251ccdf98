'use client'

/**
 * Where arrows meet a step. A plain element for all but the step under the pointer: the library's own handle listens to
 * every pan and drag, and a large drawing has a thousand of them.
 *
 * Position, id and class names are those that the library looks for in the page.
 */
import { Handle, Position } from '@xyflow/react'
import type { CSSProperties } from 'react'
import { cn } from '../ui/cn'

export function PortHandle({
  node,
  id,
  type,
  position,
  connectable,
  armed = false,
  className = 'saga-handle',
  style,
}: {
  node: string
  id: string
  type: 'source' | 'target'
  position: Position
  connectable: boolean
  /** An arrow can be pulled out of it now. */
  armed?: boolean
  className?: string
  style?: CSSProperties
}) {
  if (armed && connectable) {
    return (
      <Handle
        type={type}
        position={position}
        id={id}
        className={className}
        isConnectable
        {...(style ? { style } : {})}
      />
    )
  }
  return (
    <div
      data-handleid={id}
      data-nodeid={node}
      data-handlepos={position}
      data-id={`1-${node}-${id}-${type}`}
      className={cn(
        'react-flow__handle',
        position === Position.Top ? 'react-flow__handle-top' : 'react-flow__handle-bottom',
        'nodrag nopan',
        type,
        connectable && 'connectable connectablestart connectableend connectionindicator',
        className,
      )}
      style={style}
    />
  )
}
