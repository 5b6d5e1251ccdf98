/**
 * A plain layered layout, top to bottom: what is shown until the layout engine answers, and if it cannot. Steps are put
 * one layer below their lowest predecessor, beside each other in the order of their predecessors.
 */
import type { Point, RegionGraph, RegionNode, Solution } from './arrange'

export const SPACING = { layer: 48, node: 40 } as const

/** Total, deterministic, linear but for the ordering inside a layer; arrows are not routed. */
export function quickLayout(graph: RegionGraph): Solution {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]))
  const layers = layersOf(graph)
  const positions: Record<string, Point> = {}
  const portAt = new Map<string, number>()
  let y = 0
  for (const layer of layers) {
    const wanted = layer.map((id) => ({ id, x: wantedX(id, graph, portAt, byId) }))
    wanted.sort((a, b) => a.x - b.x)
    let right = Number.NEGATIVE_INFINITY
    let height = 0
    for (const { id, x } of wanted) {
      const node = byId.get(id)
      if (!node) continue
      const left = Math.max(x, right)
      positions[id] = { x: left, y }
      right = left + node.width + SPACING.node
      height = Math.max(height, node.height)
      for (const { id: port, x: offset } of node.out) portAt.set(`${id} ${port}`, left + offset)
    }
    y += height + SPACING.layer
  }
  const left = Math.min(...Object.values(positions).map((at) => at.x))
  for (const at of Object.values(positions)) at.x = Math.round(at.x - left)
  return { positions, routes: {} }
}

/** Where its arrows come from, on average; a step without any stands right of everything. */
function wantedX(
  id: string,
  graph: RegionGraph,
  portAt: ReadonlyMap<string, number>,
  byId: ReadonlyMap<string, RegionNode>,
): number {
  const sources = incoming(graph).get(id) ?? []
  const known = sources.flatMap(({ source, port }) => portAt.get(`${source} ${port}`) ?? [])
  if (known.length === 0) return 0
  const mean = known.reduce((sum, x) => sum + x, 0) / known.length
  return mean - (byId.get(id)?.inX ?? 0)
}

const incomingOf = new WeakMap<RegionGraph, Map<string, { source: string; port: string }[]>>()

function incoming(graph: RegionGraph): Map<string, { source: string; port: string }[]> {
  const cached = incomingOf.get(graph)
  if (cached) return cached
  const map = new Map<string, { source: string; port: string }[]>()
  for (const { source, port, target } of graph.edges) {
    const list = map.get(target) ?? []
    list.push({ source, port })
    map.set(target, list)
  }
  incomingOf.set(graph, map)
  return map
}

/** Longest path from the top; nodes on a cycle are given the layer at which they are first reached. */
function layersOf(graph: RegionGraph): string[][] {
  const waiting = new Map(graph.nodes.map(({ id }) => [id, 0]))
  const targets = new Map<string, string[]>()
  for (const { source, target } of graph.edges) {
    waiting.set(target, (waiting.get(target) ?? 0) + 1)
    targets.set(source, [...(targets.get(source) ?? []), target])
  }
  const layers: string[][] = []
  let layer = graph.nodes.flatMap(({ id }) => (waiting.get(id) === 0 ? [id] : []))
  const placed = new Set<string>()
  while (placed.size < graph.nodes.length) {
    if (layer.length === 0) {
      const stuck = graph.nodes.find(({ id }) => !placed.has(id))
      if (!stuck) break
      layer = [stuck.id]
    }
    layers.push(layer)
    const below: string[] = []
    for (const id of layer) placed.add(id)
    for (const id of layer) {
      for (const target of targets.get(id) ?? []) {
        const left = (waiting.get(target) ?? 1) - 1
        waiting.set(target, left)
        if (left === 0 && !placed.has(target)) below.push(target)
      }
    }
    layer = below
  }
  return layers
}
