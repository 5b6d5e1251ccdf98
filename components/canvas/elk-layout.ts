/**
 * The layout engine: ELK's layered algorithm in a worker of its own. The 1.6 MB of it are loaded when the first drawing
 * asks. Nothing here knows sagas; it turns a region's graph into positions and bend points.
 */
import type { ELK, ElkNode } from 'elkjs/lib/elk-api'
import type { Point, RegionGraph, Solution } from './arrange'
import { GRID } from './measures'
import { SPACING } from './quick-layout'

const OPTIONS: Record<string, string> = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.padding': '[top=0,left=0,bottom=0,right=0]',
  'elk.spacing.nodeNode': String(SPACING.node),
  'elk.spacing.edgeNode': '24',
  'elk.spacing.edgeEdge': '16',
  'elk.layered.spacing.nodeNodeBetweenLayers': String(SPACING.layer),
  'elk.layered.spacing.edgeNodeBetweenLayers': '20',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.nodePlacement.bk.edgeStraightening': 'IMPROVE_STRAIGHTNESS',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.thoroughness': '4',
  'elk.separateConnectedComponents': 'true',
}

let engine: Promise<ELK> | undefined

/** Rejects when the worker cannot start or dies; the next call starts a new one. */
export async function elkLayout(graph: RegionGraph): Promise<Solution> {
  engine ??= startEngine()
  try {
    return fromElk(graph, await (await engine).layout(toElk(graph)))
  } catch (cause) {
    engine = undefined
    throw new Error('The layout engine did not answer; steps keep their plain places', { cause })
  }
}

async function startEngine(): Promise<ELK> {
  const { default: Elk } = await import('elkjs/lib/elk-api')
  return new Elk({
    workerFactory: () =>
      new Worker(new URL('./elk.worker.ts', import.meta.url), { type: 'module' }),
  })
}

/** Ports are fixed where the drawing has them, so that straight arrows are straight. */
export function toElk(graph: RegionGraph): ElkNode {
  const ports = new Map(graph.nodes.map((node) => [node.id, new Set(node.out.map(({ id }) => id))]))
  return {
    id: 'region',
    layoutOptions: OPTIONS,
    children: graph.nodes.map(({ id, width, height, inX, out }) => ({
      id,
      width,
      height,
      layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
      ports: [
        { id: `${id}:in`, x: inX, y: 0, width: 0, height: 0, layoutOptions: side('NORTH') },
        ...out.map((port) => ({
          id: `${id}:${port.id}`,
          x: port.x,
          y: height,
          width: 0,
          height: 0,
          layoutOptions: side('SOUTH'),
        })),
      ],
    })),
    edges: graph.edges.flatMap(({ id, source, port, target }) =>
      ports.get(source)?.has(port) && ports.has(target)
        ? [{ id, sources: [`${source}:${port}`], targets: [`${target}:in`] }]
        : [],
    ),
  }
}

const side = (name: string) => ({ 'elk.port.side': name })

/** Positions snap to the grid; routes stay exact and are checked against the drawn ends before use. */
export function fromElk(graph: RegionGraph, laid: ElkNode): Solution {
  const solution: Solution = { positions: {}, routes: {} }
  for (const { id, x = 0, y = 0 } of laid.children ?? []) {
    solution.positions[id] = { x: Math.round(x), y: Math.round(y / GRID) * GRID }
  }
  for (const { id, sections } of laid.edges ?? []) {
    const points: Point[] = (sections ?? []).flatMap((section) => [
      section.startPoint,
      ...(section.bendPoints ?? []),
      section.endPoint,
    ])
    if (points.length > 1) solution.routes[id] = points.map(({ x, y }) => ({ x, y }))
  }
  for (const { id } of graph.nodes) solution.positions[id] ??= { x: 0, y: 0 }
  return solution
}
