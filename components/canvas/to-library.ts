/**
 * The flow and its places in the drawing library's terms.
 *
 * 1. An unchanged node or edge is the previous object, so that a 300-step drawing does not re-render for one edit.
 * 2. Sizes and handles are given, not measured: arrows are right in the first frame.
 */
import { Position } from '@xyflow/react'
import type { Arrangement, Box, Point } from './arrange'
import type { BracketNodeType, DotNodeType, LaneNodeType } from './container-nodes'
import type { UndoEdgeType, WayEdgeType } from './edges'
import type { Flow, FlowNode } from './flow'
import { DOT, portX, sizeOf, UNDO } from './measures'
import type { StepNodeType } from './step-node'

export type CanvasNode = StepNodeType | BracketNodeType | LaneNodeType | DotNodeType
export type CanvasEdge = WayEdgeType | UndoEdgeType

const HANDLE = 8

export function toNodes(
  flow: Flow,
  { boxes }: Arrangement,
  mode: 'edit' | 'view',
  previous: readonly CanvasNode[] = [],
): CanvasNode[] {
  const known = new Map(previous.map((node) => [node.id, node]))
  return flow.nodes.map((node) => {
    const box = boxes.get(node.id) ?? { x: 0, y: 0, width: DOT, height: DOT }
    const before = known.get(node.id)
    const movable = mode === 'edit' && (node.kind === 'step' || node.kind === 'bracket')
    if (
      before &&
      before.type === node.kind &&
      before.data === node.data &&
      before.draggable === movable &&
      before.parentId === (node.parent ?? undefined) &&
      before.position.x === box.x &&
      before.position.y === box.y &&
      before.width === box.width &&
      before.height === box.height
    ) {
      return before
    }
    const { width, height } = box
    return {
      id: node.id,
      type: node.kind,
      data: node.data,
      position: { x: box.x, y: box.y },
      ...(node.parent === null ? {} : { parentId: node.parent }),
      width,
      height,
      measured: { width, height },
      handles: handlesOf(node, width, height),
      draggable: movable,
      selectable: node.kind === 'step' || node.kind === 'bracket',
      connectable: mode === 'edit',
      focusable: false,
      deletable: false,
      domAttributes: { 'aria-roledescription': undefined },
      ...(node.kind === 'lane' ? { style: { pointerEvents: 'none' as const } } : {}),
    } as CanvasNode
  })
}

export function toEdges(
  flow: Flow,
  { routes }: Arrangement,
  {
    mode,
    showUndo,
    absolute,
  }: { mode: 'edit' | 'view'; showUndo: boolean; absolute: ReadonlyMap<string, Box> },
  previous: readonly CanvasEdge[] = [],
): CanvasEdge[] {
  const known = new Map(previous.map((edge) => [edge.id, edge]))
  const editable = mode === 'edit'
  const ways = flow.edges.map((edge): WayEdgeType => {
    const route = routes.get(edge.id) ?? null
    const before = known.get(edge.id)
    if (
      before?.type === 'way' &&
      before.target === edge.target &&
      before.ariaLabel === edge.label &&
      before.selectable === editable &&
      sameRoute(before.data?.route ?? null, route)
    ) {
      return before
    }
    return {
      id: edge.id,
      type: 'way',
      source: edge.source,
      sourceHandle: edge.port,
      target: edge.target,
      targetHandle: 'in',
      data: { route, port: edge.port, regionKey: edge.regionKey },
      ariaLabel: edge.label,
      selectable: editable,
      focusable: false,
      deletable: false,
      reconnectable: editable && edge.target.indexOf(':') < 0 ? 'target' : false,
    }
  })
  if (!showUndo) return ways
  const undo = flow.undoEdges.map((edge): UndoEdgeType => {
    const before = known.get(edge.id)
    const turnY = turnOf(flow, edge.source, edge.target, absolute)
    if (before?.type === 'undo' && before.data?.turnY === turnY) return before
    return {
      ...edge,
      type: 'undo',
      data: { turnY },
      sourceHandle: 'undo-out',
      targetHandle: 'undo-in',
      ariaLabel: `The compensation of ${edge.source} runs before that of ${edge.target}`,
      selectable: false,
      focusable: false,
      deletable: false,
      reconnectable: false,
    }
  })
  return [...ways, ...undo]
}

const TURN = 16

/**
 * The way back out of a bracket turns just above it, the way back into one just below: there nothing is in the way but
 * the arrow that goes forward.
 */
function turnOf(
  flow: Flow,
  source: string,
  target: string,
  absolute: ReadonlyMap<string, Box>,
): number | null {
  const from = flow.index.steps.get(source)?.region ?? []
  const to = flow.index.steps.get(target)?.region ?? []
  const outer = (path: readonly string[], other: readonly string[]) =>
    path.find((part, n) => part !== other[n] && flow.index.steps.has(part))
  const into = outer(to, from)
  const outOf = outer(from, to)
  const entered = into === undefined ? undefined : absolute.get(into)
  if (entered) return entered.y + entered.height + TURN
  const left = outOf === undefined ? undefined : absolute.get(outOf)
  return left ? left.y - TURN : null
}

type GivenHandle = {
  id: string
  type: 'source' | 'target'
  position: Position
  x: number
  y: number
  width: number
  height: number
}

/** Where arrows meet the node; the boxes are centred on the border, as the handles are. */
function handlesOf(node: FlowNode, width: number, height: number): GivenHandle[] {
  const at = (
    id: string,
    type: 'source' | 'target',
    position: Position,
    x: number,
    y: number,
    size = HANDLE,
  ): GivenHandle => ({
    id,
    type,
    position,
    x: x - size / 2,
    y: y - size / 2,
    width: size,
    height: size,
  })
  switch (node.kind) {
    case 'lane':
      return []
    case 'dot':
      return node.data.kind === 'start'
        ? [at('start', 'source', Position.Bottom, width / 2, height - HANDLE / 2)]
        : [at('in', 'target', Position.Top, width / 2, HANDLE / 2)]
    case 'bracket':
      return [
        at('in', 'target', Position.Top, width / 2, 0),
        at('next', 'source', Position.Bottom, width / 2, height),
      ]
    case 'step': {
      const { step, ports, undo } = node.data
      const handles = [at('in', 'target', Position.Top, width / 2, 0)]
      for (const [n, port] of ports.entries()) {
        const x = portX(width, ports.length, n)
        handles.push(at(port.id, 'source', Position.Bottom, x, height))
      }
      if (undo) {
        const x = sizeOf(step).width + UNDO.gap + UNDO.width / 2
        handles.push(at('undo-out', 'source', Position.Top, x, UNDO.top, 1))
        handles.push(at('undo-in', 'target', Position.Bottom, x, UNDO.top + UNDO.height, 1))
      }
      return handles
    }
    default:
      return node satisfies never
  }
}

function sameRoute(a: readonly Point[] | null, b: readonly Point[] | null): boolean {
  if (a === b) return true
  if (a === null || b === null || a.length !== b.length) return false
  return a.every((point, n) => point.x === b[n]?.x && point.y === b[n]?.y)
}
