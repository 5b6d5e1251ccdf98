/**
 * A saga document as nodes and edges for the drawing. Positions are not here (arrange.ts); running state is not here
 * (overlay-store.ts).
 *
 * 1. Node ids are step ids; what is drawn besides steps has a colon in its id, which step ids cannot have.
 * 2. A node's data object is the same one as in the previous flow when nothing in it changed, so that a memoised node
 *    does not render again because its neighbour was edited.
 * 3. Parents come before their children, as the drawing library requires.
 */
import type { RegionPath } from '@/runtime/definition/edit'
import {
  compensationPlan,
  type PlannedCompensation,
  type SagaGraph,
} from '@/runtime/definition/graph'
import type { Issue } from '@/runtime/definition/issue'
import type { SagaDocument, Step } from '@/runtime/definition/schema'
import { indexSteps, type Port, type StepIndex, titleOf } from './step-index'

export interface Problems {
  errors: number
  warnings: number
  /** The first one's sentence, for the tooltip and the reader. */
  first: string
}

export interface StepData {
  [key: string]: unknown
  id: string
  step: Step
  title: string
  order: number
  total: number
  ports: Port[]
  region: RegionPath
  problems: Problems | null
  /** The way back, numbered in the order it runs; null when there is none. */
  undo: PlannedCompensation | null
  /** It changes the world, says so, and has no way back. */
  undoMissing: boolean
}

export interface LaneData {
  [key: string]: unknown
  region: RegionPath
  label: string
  holder: string
  bracket: 'parallel' | 'map'
}

export interface DotData {
  [key: string]: unknown
  region: RegionPath
  kind: 'start' | 'done'
}

export type FlowNode =
  | { id: string; kind: 'step'; parent: string | null; regionKey: string; data: StepData }
  | { id: string; kind: 'bracket'; parent: string | null; regionKey: string; data: StepData }
  | { id: string; kind: 'lane'; parent: string; regionKey: string; data: LaneData }
  | { id: string; kind: 'dot'; parent: string | null; regionKey: string; data: DotData }

export interface FlowEdge {
  id: string
  source: string
  /** `next` and so on; `start` from a start dot. */
  port: string
  target: string
  regionKey: string
  /** Read aloud: `Is it large? (over 10,000) to Ask the chairman`. */
  label: string
}

/** From a compensation to one that runs after it. */
export interface UndoEdge {
  id: string
  source: string
  target: string
}

export interface Flow {
  nodes: FlowNode[]
  edges: FlowEdge[]
  undoEdges: UndoEdge[]
  /** Steps with a way back drawn beside them. */
  undone: ReadonlySet<string>
  index: StepIndex
}

export const laneId = (regionKey: string): string => `lane:${regionKey}`
export const startId = (regionKey: string): string => `start:${regionKey}`
export const DONE = 'done:'

/** Reads the document into nodes and edges, reusing what `previous` already has. */
export function toFlow(
  document: SagaDocument,
  issues: readonly Issue[] = [],
  previous?: Flow,
): Flow {
  const index = indexSteps(document)
  const plan = compensationPlan(document, index.graph)
  const undoOf = new Map(plan.map((planned) => [planned.step, planned]))
  const problems = problemsByStep(issues)
  const known = new Map(previous?.nodes.map((node) => [node.id, node]))
  const flow: Flow = {
    nodes: [],
    edges: [],
    undoEdges: undoEdges(document, index.graph, plan),
    undone: new Set(undoOf.keys()),
    index,
  }

  const add = (node: FlowNode) => {
    const before = known.get(node.id)
    flow.nodes.push(before && same(before, node) ? before : node)
  }
  const addRegion = (regionKey: string) => {
    const region = index.regions.get(regionKey)
    if (!region) return
    const parent = region.holder === null ? null : laneId(regionKey)
    const place = { parent, regionKey }
    add({
      id: startId(regionKey),
      kind: 'dot',
      ...place,
      data: { region: region.path, kind: 'start' },
    })
    for (const id of region.steps) {
      const found = index.steps.get(id)
      if (!found) continue
      const { step, order, ports } = found
      const data: StepData = {
        id,
        step,
        title: titleOf(id, step),
        order,
        total: index.steps.size,
        ports,
        region: found.region,
        problems: problems.get(id) ?? null,
        undo: undoOf.get(id) ?? null,
        undoMissing:
          step.type === 'action' && step.effect === 'compensatable' && !step.compensation,
      }
      const holds = step.type === 'parallel' || step.type === 'map'
      add({ id, kind: holds ? 'bracket' : 'step', ...place, data })
      if (!holds) continue
      for (const [key, child] of index.regions) {
        if (child.holder !== id) continue
        add({
          id: laneId(key),
          kind: 'lane',
          parent: id,
          regionKey: key,
          data: { region: child.path, label: child.label, holder: id, bracket: step.type },
        })
        addRegion(key)
      }
    }
    if (regionKey === '' && region.steps.some((id) => endsWithoutWord(index, id))) {
      add({ id: DONE, kind: 'dot', ...place, data: { region: region.path, kind: 'done' } })
    }
    addEdges(flow, index, regionKey)
  }
  addRegion('')
  return flow
}

/** A step after which the saga is simply over: an arrow to the end dot shows that nothing was forgotten. */
function endsWithoutWord(index: StepIndex, id: string): boolean {
  const step = index.steps.get(id)?.step
  return step !== undefined && step.type !== 'end' && index.graph.endsRegion(id)
}

function addEdges(flow: Flow, index: StepIndex, regionKey: string): void {
  const region = index.regions.get(regionKey)
  if (!region) return
  const title = (id: string) => {
    const found = index.steps.get(id)
    return found ? titleOf(id, found.step) : id
  }
  const edge = (source: string, port: string, target: string, label: string) => {
    flow.edges.push({ id: edgeId(source, port), source, port, target, regionKey, label })
  }
  if (index.steps.get(region.start)?.regionKey === regionKey) {
    edge(startId(regionKey), 'start', region.start, `Start to ${title(region.start)}`)
  }
  for (const id of region.steps) {
    for (const port of index.steps.get(id)?.ports ?? []) {
      const way = port.label === '' ? title(id) : `${title(id)} (${port.label})`
      if (port.target !== null && index.steps.get(port.target)?.regionKey === regionKey) {
        edge(id, port.id, port.target, `${way} to ${title(port.target)}`)
      } else if (regionKey === '' && port.id === 'next' && port.target === null) {
        edge(id, port.id, DONE, `${way} to the end`)
      }
    }
  }
}

/** One arrow leaves each port, so source and port name it. */
export const edgeId = (source: string, port: string): string => `${source}→${port}`

/**
 * Joins each compensation to those that wait for it directly. In `reverse` order that is the next one in line; in
 * `dependency` order, the nearest ones that lie before it against the flow.
 */
function undoEdges(
  document: SagaDocument,
  graph: SagaGraph,
  plan: readonly PlannedCompensation[],
): UndoEdge[] {
  const edge = (source: string, target: string): UndoEdge => ({
    id: `undo:${source}→${target}`,
    source,
    target,
  })
  if (document.compensationOrder === 'reverse') {
    return plan.flatMap(({ step }, n) => {
      const before = plan[n - 1]
      return before ? [edge(before.step, step)] : []
    })
  }
  const ranks = new Map(plan.map(({ step, rank }) => [step, rank]))
  const edges: UndoEdge[] = []
  for (const { step, rank } of plan) {
    const ahead = new Set(graph.flowsTo(step))
    // a set yields what is added while it is walked
    for (const at of ahead) {
      const found = ranks.get(at)
      if (found === undefined) for (const next of graph.flowsTo(at)) ahead.add(next)
      else if (found < rank) edges.push(edge(at, step))
    }
  }
  return withoutShortcuts(edges)
}

const SHORTCUT_EDGES_MAX = 2000

/** Leaves out an edge where a longer way says the same; larger drawings keep them, as finding them costs too much. */
function withoutShortcuts(edges: readonly UndoEdge[]): UndoEdge[] {
  if (edges.length > SHORTCUT_EDGES_MAX) return [...edges]
  const onward = new Map<string, string[]>()
  for (const { source, target } of edges) {
    onward.set(source, [...(onward.get(source) ?? []), target])
  }
  return edges.filter(({ source, target }) => {
    const reached = new Set((onward.get(source) ?? []).filter((next) => next !== target))
    for (const at of reached) for (const next of onward.get(at) ?? []) reached.add(next)
    return !reached.has(target)
  })
}

function problemsByStep(issues: readonly Issue[]): Map<string, Problems> {
  const found = new Map<string, Problems>()
  for (const { step, severity, message } of issues) {
    if (step === undefined || severity === 'info') continue
    const entry = found.get(step) ?? { errors: 0, warnings: 0, first: message }
    if (severity === 'error') {
      if (entry.errors === 0) entry.first = message
      entry.errors += 1
    } else entry.warnings += 1
    found.set(step, entry)
  }
  return found
}

/** Structural: documents are plain JSON and a step is small. */
function same(a: FlowNode, b: FlowNode): boolean {
  return (
    a.kind === b.kind &&
    a.parent === b.parent &&
    a.regionKey === b.regionKey &&
    JSON.stringify(a.data) === JSON.stringify(b.data)
  )
}
