'use client'

/** What the pointer does to the drawing, turned into commands: moving, connecting, dropping, right-clicking. */
import {
  type Connection,
  type FinalConnectionState,
  type IsValidConnection,
  useReactFlow,
} from '@xyflow/react'
import { type DragEvent, type MouseEvent, type RefObject, useCallback, useRef } from 'react'
import type { RegionPath } from '@/runtime/definition/edit'
import type { Point } from './arrange'
import {
  addCommand,
  type CanvasCommand,
  connectCommand,
  connectRefusal,
  type Gesture,
  nameOf,
} from './canvas-commands'
import type { MenuEntry, MenuRequest } from './canvas-menu'
import { laneId } from './flow'
import { GRID, LANE } from './measures'
import type { StepTemplate } from './new-step'
import type { PickerRequest } from './step-picker'
import type { CanvasEdge, CanvasNode } from './to-library'
import type { Drawing } from './use-drawing'

export const TEMPLATE_MIME = 'application/x-sagawright-step'

export type MenuTarget =
  | { kind: 'step'; step: string }
  | { kind: 'edge'; edge: CanvasEdge }
  | { kind: 'pane'; region: RegionPath; at: Point }

export function usePointerEdits({
  frame,
  drawing,
  mode,
  selection,
  command,
  openPicker,
  openMenu,
  menuFor,
  onSelect,
}: {
  frame: RefObject<HTMLDivElement | null>
  drawing: Drawing
  mode: 'edit' | 'view'
  selection: readonly string[]
  command: (asked: CanvasCommand | Gesture) => void
  openPicker: (request: PickerRequest) => void
  openMenu: (request: MenuRequest) => void
  menuFor: (target: MenuTarget, client: Point) => { label: string; groups: MenuEntry[][] }
  onSelect: (steps: string[]) => void
}) {
  const flow = useReactFlow<CanvasNode, CanvasEdge>()
  const { index } = drawing.flow
  const selected = useRef(selection)
  selected.current = selection

  const source = (connection: { source: string; sourceHandle?: string | null | undefined }) => {
    const { source, sourceHandle } = connection
    const region = regionOfSource(drawing, source)
    return {
      from: source.startsWith('start:') ? null : source,
      port: sourceHandle ?? 'next',
      region,
    }
  }
  const connect = (connection: Connection) => {
    command(connectCommand(index, { ...source(connection), to: connection.target }))
  }
  const pin = (nodes: readonly CanvasNode[]) => {
    const positions: Record<string, Point> = {}
    for (const node of nodes) {
      if (!index.steps.has(node.id)) continue
      const before = drawing.arrangement.boxes.get(node.id)
      const nested = node.parentId !== undefined
      const at = {
        x: Math.max(snap(node.position.x), nested ? LANE.side : Number.NEGATIVE_INFINITY),
        y: Math.max(snap(node.position.y), nested ? LANE.top : Number.NEGATIVE_INFINITY),
      }
      if (before && (Math.abs(before.x - at.x) > 4 || Math.abs(before.y - at.y) > 4)) {
        positions[node.id] = at
      } else if (before) flow.updateNode(node.id, { position: { x: before.x, y: before.y } })
    }
    const ids = Object.keys(positions)
    if (ids.length === 0) return
    const what = ids.length === 1 ? nameOf(index, ids[0] ?? '') : `${ids.length} steps`
    command({ type: 'move', label: `Move ${what}`, positions })
  }
  /** The innermost lane under a place on the canvas, and that place in the lane's own coordinates. */
  const spotAt = useCallback(
    (place: Point): { region: RegionPath; at: Point } => {
      let best = { region: [] as RegionPath, at: place, depth: -1 }
      for (const region of drawing.flow.index.regions.values()) {
        const box = drawing.absolute.get(laneId(region.key))
        if (!box || region.path.length <= best.depth) continue
        const x = place.x - box.x
        const y = place.y - box.y
        if (x < 0 || y < 0 || x > box.width || y > box.height) continue
        best = { region: region.path, at: { x, y }, depth: region.path.length }
      }
      return { region: best.region, at: { x: snap(best.at.x), y: snap(best.at.y) } }
    },
    [drawing],
  )
  const placeOf = (client: Point) => flow.screenToFlowPosition(client, { snapToGrid: false })

  const isValidConnection: IsValidConnection<CanvasEdge> = (connection) =>
    mode === 'edit' &&
    !connection.sourceHandle?.startsWith('undo') &&
    connectRefusal(index, {
      ...source({ source: connection.source, sourceHandle: connection.sourceHandle }),
      to: connection.target,
    }) === null

  return {
    isValidConnection,
    spotAt,
    onConnect: connect,
    onReconnect: (edge: CanvasEdge, connection: Connection) => {
      if (connection.source === edge.source)
        connect({ ...connection, sourceHandle: edge.sourceHandle ?? null })
    },
    onConnectEnd: (event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => {
      if (
        mode === 'view' ||
        state.isValid ||
        !state.fromNode ||
        state.fromHandle?.type !== 'source'
      )
        return
      const client = clientOf(event)
      const from = source({ source: state.fromNode.id, sourceHandle: state.fromHandle.id })
      const over = document.elementFromPoint(client.x, client.y)
      const target = over?.closest<HTMLElement>('.react-flow__node')?.dataset.id
      if (target !== undefined && index.steps.has(target) && target !== state.fromNode.id) {
        // dropped on the step itself rather than on its handle; inside a bracket it means the empty lane
        if (index.steps.get(target)?.regionKey === from.region.join('/')) {
          command(connectCommand(index, { ...from, to: target }))
          return
        }
      }
      if (!over || !frame.current?.contains(over)) return
      const spot = spotAt(placeOf(client))
      const here = spot.region.join('/') === from.region.join('/')
      openPicker({
        title: 'Add a step after this one',
        spot: { ...from, ...(here ? { at: { x: spot.at.x - 116, y: spot.at.y } } : {}) },
        anchor: client,
      })
    },
    onNodeDragStop: (_: unknown, __: CanvasNode, nodes: CanvasNode[]) => pin(nodes),
    onSelectionDragStop: (_: unknown, nodes: CanvasNode[]) => pin(nodes),
    onSelectionChange: useCallback(
      ({ nodes }: { nodes: CanvasNode[] }) => {
        // The library reports an empty selection as it mounts, before it was told what is selected; what empties a
        // selection on purpose (the pane, Escape) says so itself.
        if (nodes.length === 0) return
        const ids = nodes.map((node) => node.id)
        const known = selected.current
        if (ids.length === known.length && ids.every((id) => known.includes(id))) return
        onSelect(ids)
      },
      [onSelect],
    ),
    plusClicked: (event: MouseEvent, edge: CanvasEdge): boolean => {
      if (!(event.target instanceof Element) || !event.target.closest('[data-plus]')) return false
      if (edge.type !== 'way') return false
      openPicker({
        title: 'Insert a step here',
        spot: source(edge),
        anchor: { x: event.clientX, y: event.clientY },
      })
      return true
    },
    onDragOver: (event: DragEvent) => {
      if (mode === 'view' || !event.dataTransfer.types.includes(TEMPLATE_MIME)) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
    },
    onDrop: (event: DragEvent) => {
      const text = event.dataTransfer.getData(TEMPLATE_MIME)
      if (mode === 'view' || text === '') return
      event.preventDefault()
      const template = JSON.parse(text) as StepTemplate
      const client = { x: event.clientX, y: event.clientY }
      const over = document.elementFromPoint(client.x, client.y)
      const id = over?.closest<HTMLElement>('.react-flow__edge')?.dataset.id
      const edge = id === undefined ? undefined : flow.getEdge(id)
      if (edge?.type === 'way') {
        command(addCommand(index, source(edge), template))
        return
      }
      const { region, at } = spotAt(placeOf(client))
      command(addCommand(index, { region, at: { x: at.x - 112, y: at.y - 32 } }, template))
    },
    onNodeContextMenu: (event: MouseEvent, node: CanvasNode) => {
      event.preventDefault()
      const client = { x: event.clientX, y: event.clientY }
      if (!index.steps.has(node.id)) {
        const spot = spotAt(placeOf(client))
        openMenu({ at: client, ...menuFor({ kind: 'pane', ...spot }, client) })
        return
      }
      if (!selected.current.includes(node.id)) onSelect([node.id])
      openMenu({ at: client, ...menuFor({ kind: 'step', step: node.id }, client) })
    },
    onEdgeContextMenu: (event: MouseEvent, edge: CanvasEdge) => {
      event.preventDefault()
      const client = { x: event.clientX, y: event.clientY }
      openMenu({ at: client, ...menuFor({ kind: 'edge', edge }, client) })
    },
    onPaneContextMenu: (event: MouseEvent | globalThis.MouseEvent) => {
      event.preventDefault()
      const client = { x: event.clientX, y: event.clientY }
      const spot = spotAt(placeOf(client))
      openMenu({ at: client, ...menuFor({ kind: 'pane', ...spot }, client) })
    },
  }
}

/** The region whose arrows leave this node: of a start dot, its own; of a step, the one it lives in. */
export function regionOfSource(drawing: Drawing, node: string): RegionPath {
  const { index } = drawing.flow
  if (node.startsWith('start:')) return index.regions.get(node.slice('start:'.length))?.path ?? []
  return index.steps.get(node)?.region ?? []
}

const snap = (n: number): number => Math.round(n / GRID) * GRID

function clientOf(event: globalThis.MouseEvent | TouchEvent): Point {
  if ('clientX' in event) return { x: event.clientX, y: event.clientY }
  const touch = event.changedTouches[0]
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 }
}
