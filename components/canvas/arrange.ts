/**
 * Where everything is drawn: derived positions, overridden by pinned ones, containers as large as what they hold.
 *
 * 1. Pure and total: regions that the layout engine has not answered for yet are arranged by `quickLayout`, and their
 *    graphs are listed in `missing`. Ask the engine, put the answers into `solved`, arrange again.
 * 2. A graph is keyed by its content, so an answer never lands on a drawing that has changed meanwhile, and an edit in
 *    one branch leaves the others' answers valid.
 * 3. A pinned step keeps its place, in the coordinates of its lane; arrows that touch it are not routed.
 */
import type { Layout, Step } from '@/runtime/definition/schema'
import { DONE, type Flow, type FlowNode, laneId, startId } from './flow'
import { DOT, GROUP, LANE, portX, type Size, sizeOf, UNDO } from './measures'
import { quickLayout } from './quick-layout'
import { type IndexedRegion, portsOf, type StepIndex } from './step-index'

export interface Point {
  x: number
  y: number
}

/** One region's steps without what they hold: what a layout engine is asked. */
export interface RegionGraph {
  key: string
  nodes: RegionNode[]
  edges: RegionEdge[]
}
export interface RegionNode extends Size {
  id: string
  /** Where arrows enter (at the top) and leave (at the bottom), from the left edge. */
  inX: number
  out: { id: string; x: number }[]
}
export interface RegionEdge {
  id: string
  source: string
  port: string
  target: string
}

export interface Solution {
  positions: Record<string, Point>
  /** Bend points from source to target, both ends included, by edge id. */
  routes: Record<string, Point[]>
}

export interface Box extends Point, Size {}

export interface Arrangement {
  /** By node id, relative to the parent node. */
  boxes: Map<string, Box>
  /** By edge id, relative to the region's origin. */
  routes: Map<string, Point[]>
  missing: RegionGraph[]
}

/** Arranges the whole flow with what the engine has answered so far. */
export function arrange(
  flow: Flow,
  pins: Layout['positions'],
  solved: ReadonlyMap<string, Solution>,
): Arrangement {
  const out: Arrangement = { boxes: new Map(), routes: new Map(), missing: [] }
  const nodes = new Map(flow.nodes.map((node) => [node.id, node]))
  const root = flow.index.regions.get('')
  if (root) placeRegion({ flow, nodes, pins, solved, out }, root)
  return out
}

interface Work {
  flow: Flow
  nodes: Map<string, FlowNode>
  pins: Layout['positions']
  solved: ReadonlyMap<string, Solution>
  out: Arrangement
}

/** Places a region's nodes relative to its origin and returns how much room they take from there. */
function placeRegion(work: Work, region: IndexedRegion): Size {
  const { flow, nodes, pins, solved, out } = work
  const nested = region.holder !== null
  const graph: RegionGraph = { key: '', nodes: [], edges: [] }
  graph.nodes.push(dot(startId(region.key)))
  for (const id of region.steps) {
    const node = nodes.get(id)
    if (node?.kind === 'step')
      graph.nodes.push(stepNode(id, node.data.step, node.data.undo !== null))
    else if (node?.kind === 'bracket') graph.nodes.push(groupNode(work, id))
  }
  if (!nested && nodes.has(DONE)) graph.nodes.push(dot(DONE))
  for (const { id, source, port, target, regionKey } of flow.edges) {
    if (regionKey === region.key) graph.edges.push({ id, source, port, target })
  }
  graph.key = JSON.stringify([graph.nodes, graph.edges])

  const answer = solved.get(graph.key)
  if (!answer) out.missing.push(graph)
  const { positions, routes } = answer ?? quickLayout(graph)
  const origin = nested ? { x: LANE.side, y: LANE.top } : { x: 0, y: 0 }
  const room = { width: 0, height: 0 }
  for (const { id, width, height } of graph.nodes) {
    const derived = positions[id] ?? { x: 0, y: 0 }
    const pin = Object.hasOwn(pins, id) ? pins[id] : undefined
    const at = pin ?? { x: derived.x + origin.x, y: derived.y + origin.y }
    const x = nested ? Math.max(at.x, LANE.side) : at.x
    const y = nested ? Math.max(at.y, LANE.top) : at.y
    // the box is the node alone; the room beside it for its way back belongs to the layout
    out.boxes.set(id, { x, y, ...drawnSize(nodes.get(id), { width, height }) })
    room.width = Math.max(room.width, x + width - origin.x)
    room.height = Math.max(room.height, y + height - origin.y)
  }
  for (const [id, points] of Object.entries(routes)) {
    const edge = graph.edges.find((candidate) => candidate.id === id)
    if (!edge || edge.source in pins || edge.target in pins) continue
    out.routes.set(
      id,
      points.map(({ x, y }) => ({ x: x + origin.x, y: y + origin.y })),
    )
  }
  return room
}

/** A parallel or map: its lanes side by side, all as high as the highest. */
function groupNode(work: Work, id: string): RegionNode {
  const { flow, out } = work
  const lanes = lanesOf(flow.index, id).map((region) => {
    const room = placeRegion(work, region)
    const width = Math.max(room.width, 200) + 2 * LANE.side
    return { region, width, height: Math.max(room.height, 64) + LANE.top + LANE.bottom }
  })
  const height = Math.max(96, ...lanes.map((lane) => lane.height))
  let x: number = GROUP.side
  for (const lane of lanes) {
    out.boxes.set(laneId(lane.region.key), { x, y: GROUP.top, width: lane.width, height })
    x += lane.width + LANE.gap
  }
  // even, so that the middle is a whole pixel and arrows through it are straight
  const width = Math.ceil(Math.max(x - LANE.gap + GROUP.side, 264) / 2) * 2
  const size = { width, height: GROUP.top + height + GROUP.bottom }
  return { id, ...size, inX: width / 2, out: [{ id: 'next', x: width / 2 }] }
}

function lanesOf(index: StepIndex, holder: string): IndexedRegion[] {
  return [...index.regions.values()].filter((region) => region.holder === holder)
}

function stepNode(id: string, step: Step, undo: boolean): RegionNode {
  const { width, height } = sizeOf(step)
  const ports = portsOf(step).map((port) => port.id)
  return {
    id,
    width: undo ? width + UNDO.gap + UNDO.width : width,
    height,
    inX: width / 2,
    out: ports.map((port, n) => ({ id: port, x: portX(width, ports.length, n) })),
  }
}

const dot = (id: string): RegionNode => ({
  id,
  width: DOT,
  height: DOT,
  inX: DOT / 2,
  out: [{ id: id === DONE ? 'none' : 'start', x: DOT / 2 }],
})

function drawnSize(node: FlowNode | undefined, size: Size): Size {
  return node?.kind === 'step' ? sizeOf(node.data.step) : size
}
