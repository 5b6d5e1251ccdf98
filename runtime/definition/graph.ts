/**
 * The graph of a saga document: which step follows which, region by region, and what control flow can reach. Canvas,
 * verifier, compiler and undo numbering all read the document through this file, so they agree on what an arrow is.
 * It draws nothing (layout is the designer's) and judges nothing (issues are the verifier's).
 *
 * 1. Total: a document that breaks every rule still has a graph. Targets that are not in the region are in `dangling`,
 *    ids used twice in `duplicates` (the first one counts; the others and what they contain are left out), cycles in
 *    `cycles`.
 * 2. Linear in steps and arrows; only regions inside regions recurse, everything along arrows is a loop.
 * 3. `successors` and `predecessors` stay inside one region, like `edges`. `flowsTo` and `reachableFrom` follow control
 *    flow: into the regions of a parallel or a map, and from a region's end to what follows its container.
 * 4. Everything is in drawing order: steps as written, arrows as their ports are declared.
 */
import type { RegionPath } from './edit'
import type { Region, SagaDocument, Step } from './schema'

type Path = (string | number)[]

export interface GraphStep {
  id: string
  step: Step
  /** The whole way from the root: `['audit', 'legal', 'each']` is map `each` in branch `legal` of `audit`. */
  region: RegionPath
  /** The parallel or map step it lives in. */
  parent: string | null
  /** Regions around it; 0 in the root. */
  depth: number
  /** Keys from the document's root, e.g. `['steps', 'audit', 'branches', 'legal', 'steps', 'read']`. */
  path: Path
}

export interface GraphRegion {
  region: RegionPath
  /** The parallel or map step it belongs to; null for the root. */
  owner: string | null
  start: string
  steps: string[]
  /** Keys from the document's root; `[]` for the root. */
  path: Path
}

export interface GraphEdge {
  /** Null is the start of the region. */
  from: string | null
  to: string
  /** `next`, `branch:<n>`, `otherwise` or `timeout`; absent on the arrow from the region's start. */
  port?: string
  /** What the arrow is called: a choice branch's label, or its condition. */
  label?: string
  region: RegionPath
  /** Keys from the document's root to the string that names the target. */
  path: Path
}

export interface SagaGraph {
  /** Every step by id, in document order, containers before what they contain. */
  steps: Map<string, GraphStep>
  /** The root first, then as written. */
  regions: GraphRegion[]
  edges: GraphEdge[]
  /** Arrows to a step that is not in their region. */
  dangling: GraphEdge[]
  duplicates: GraphStep[]
  /** The steps of a cycle in the order they follow each other; at most 100 are listed. */
  cycles: string[][]
  /**
   * Every step once, each before what control flow puts after it (cycles cut at the arrow that closes them). Steps that
   * nothing reaches come last where that is possible.
   */
  order: string[]
  /** Distinct steps that arrows lead to, in the same region. */
  successors(id: string): readonly string[]
  predecessors(id: string): readonly string[]
  /** Distinct steps that may start next once this one has started: see invariant 3. Null asks for the saga's start. */
  flowsTo(id: string | null): readonly string[]
  /** True when the step may be the last of its region that runs and the region ends well. */
  endsRegion(id: string): boolean
  /** All steps that can run after this one; it contains the step itself only on a cycle. Null: after the saga's start. */
  reachableFrom(id: string | null): Set<string>
  /** True for steps that may change the world: all actions but readonly ones, child sagas, maps and transactions. */
  effectful(id: string): boolean
}

/** How many cycles `SagaGraph.cycles` names at most. */
const CYCLES_MAX = 100

/** Builds the graph of a document in any state of repair. */
export function buildGraph(document: SagaDocument): SagaGraph {
  const { regions, steps, duplicates } = walk(document)
  const edges: GraphEdge[] = []
  const dangling: GraphEdge[] = []
  const successors = new Map<string, string[]>()
  const predecessors = new Map<string, string[]>()
  const regionsOf = new Map<string, GraphRegion[]>()
  const starts = new Map<GraphRegion, string>()

  for (const region of regions) {
    if (region.owner !== null) append(regionsOf, region.owner, region)
    const inside = new Set(region.steps)
    for (const edge of edgesOfRegion(region, steps)) {
      if (!inside.has(edge.to)) {
        dangling.push(edge)
        continue
      }
      edges.push(edge)
      if (edge.from === null) starts.set(region, edge.to)
      else {
        appendOnce(successors, edge.from, edge.to)
        appendOnce(predecessors, edge.to, edge.from)
      }
    }
  }

  const { order, cycles } = sort({ regions, regionsOf, starts, successors })
  const flow = flowOf({ regions, regionsOf, starts, successors, steps })
  const root = regions[0]
  const rootStart = root && starts.get(root)
  const entry = rootStart === undefined ? NONE : [rootStart]
  const flowsTo = (id: string | null) => (id === null ? entry : (flow.get(id) ?? NONE))

  return {
    steps,
    regions,
    edges,
    dangling,
    duplicates,
    cycles,
    order,
    successors: (id) => successors.get(id) ?? NONE,
    predecessors: (id) => predecessors.get(id) ?? NONE,
    flowsTo,
    endsRegion: (id) => {
      const found = steps.get(id)
      return found !== undefined && mayEndRegion(found.step)
    },
    reachableFrom: (id) => closure(flowsTo, id),
    effectful: (id) => {
      const step = steps.get(id)?.step
      if (step === undefined) return false
      if (step.type === 'action') return step.effect !== 'readonly'
      return step.type === 'saga' || step.type === 'map' || step.type === 'transaction'
    },
  }
}

/** Every step of the document, nested regions included, in document order, containers before what they contain. */
export function walkSteps(document: SagaDocument): GraphStep[] {
  return [...walk(document).steps.values()]
}

export interface PlannedCompensation {
  step: string
  /** 1 runs first; equal ranks run at the same time. */
  rank: number
  participant: string
  operation: string
}

/**
 * The order in which the document's compensations would run if every step had completed, in that order. A child saga is
 * undone by itself: its participant is the child definition and its operation `unwind`.
 *
 * `dependency`: a compensation waits for those of all steps that control flow puts after its own, so its rank is one
 * more than the highest rank among them. `reverse`: one at a time against the order of the drawing.
 */
export function compensationPlan(
  document: SagaDocument,
  graph: SagaGraph = buildGraph(document),
): PlannedCompensation[] {
  const plan: PlannedCompensation[] = []
  const position = new Map(graph.order.map((id, index) => [id, index]))
  /** The highest rank among the compensations of a step and of all that follows it. */
  const heights = new Map<string, number>()
  for (let index = graph.order.length - 1; index >= 0; index--) {
    const id = graph.order[index] ?? ''
    let height = 0
    for (const next of graph.flowsTo(id)) {
      if ((position.get(next) ?? 0) > index) height = Math.max(height, heights.get(next) ?? 0)
    }
    const undo = undoOf(graph.steps.get(id)?.step)
    if (undo !== null) {
      height += 1
      const rank = document.compensationOrder === 'reverse' ? plan.length + 1 : height
      plan.push({ step: id, rank, ...undo })
    }
    heights.set(id, height)
  }
  return plan.sort((a, b) => a.rank - b.rank)
}

function undoOf(step: Step | undefined): { participant: string; operation: string } | null {
  if (step?.type === 'saga') return { participant: step.saga, operation: 'unwind' }
  if (step?.type !== 'action' || step.effect !== 'compensatable') return null
  if (step.compensation === undefined) return null
  const { participant = step.participant, operation } = step.compensation
  return { participant, operation }
}

// ── the walk: regions and steps as written ──

type Walk = Pick<SagaGraph, 'regions' | 'steps' | 'duplicates'>

function walk(document: SagaDocument): Walk {
  const found: Walk = { regions: [], steps: new Map(), duplicates: [] }
  const enter = (source: Region, place: Omit<GraphRegion, 'start' | 'steps'>, depth: number) => {
    const { region, owner: parent, path } = place
    const steps: string[] = []
    found.regions.push({ ...place, start: source.start, steps })
    for (const [id, step] of Object.entries(source.steps)) {
      const here: GraphStep = { id, step, region, parent, depth, path: [...path, 'steps', id] }
      if (found.steps.has(id)) {
        found.duplicates.push(here)
        continue
      }
      found.steps.set(id, here)
      steps.push(id)
      for (const inner of regionsIn(step)) {
        const place = { region: [...region, id, ...inner.name], owner: id }
        enter(inner.source, { ...place, path: [...here.path, ...inner.path] }, depth + 1)
      }
    }
  }
  enter(document, { region: [], owner: null, path: [] }, 0)
  return found
}

function regionsIn(step: Step): { source: Region; name: string[]; path: Path }[] {
  if (step.type === 'map') return [{ source: step.region, name: [], path: ['region'] }]
  if (step.type !== 'parallel') return []
  return Object.entries(step.branches).map(([name, source]) => ({
    source,
    name: [name],
    path: ['branches', name],
  }))
}

// ── arrows ──

function edgesOfRegion(region: GraphRegion, steps: Map<string, GraphStep>): GraphEdge[] {
  const place = { region: region.region }
  const edges: GraphEdge[] = [
    { from: null, to: region.start, ...place, path: [...region.path, 'start'] },
  ]
  for (const id of region.steps) {
    const found = steps.get(id)
    if (found === undefined) continue
    for (const { path, ...target } of targetsOf(found.step)) {
      edges.push({ from: id, ...target, ...place, path: [...found.path, ...path] })
    }
  }
  return edges
}

function targetsOf(step: Step): { to: string; port: string; label?: string; path: Path }[] {
  if (step.type === 'end') return []
  if (step.type === 'choice') {
    const targets = step.branches.map((branch, index) => ({
      to: branch.next,
      port: `branch:${index}`,
      label: branch.label ?? branch.when,
      path: ['branches', index, 'next'] as Path,
    }))
    if (step.otherwise === undefined) return targets
    const otherwise = { to: step.otherwise, port: 'otherwise', label: 'otherwise' }
    return [...targets, { ...otherwise, path: ['otherwise'] }]
  }
  const targets = step.next === undefined ? [] : [{ to: step.next, port: 'next', path: ['next'] }]
  if (step.type !== 'signal' || step.onTimeout === undefined) return targets
  const timeout = { to: step.onTimeout.next, port: 'timeout', label: 'timeout' }
  return [...targets, { ...timeout, path: ['onTimeout', 'next'] }]
}

function mayEndRegion(step: Step): boolean {
  if (step.type === 'end') return step.outcome === 'completed'
  return step.type !== 'choice' && step.next === undefined
}

// ── order and cycles: a depth-first search of each region, each container followed by what it contains ──

interface Wiring {
  regions: GraphRegion[]
  regionsOf: Map<string, GraphRegion[]>
  starts: Map<GraphRegion, string>
  successors: Map<string, string[]>
}

function sort(wiring: Wiring): { order: string[]; cycles: string[][] } {
  const order: string[] = []
  const cycles: string[][] = []
  const emit = (region: GraphRegion) => {
    for (const id of sortRegion(region, wiring, cycles)) {
      order.push(id)
      for (const inner of wiring.regionsOf.get(id) ?? []) emit(inner)
    }
  }
  const root = wiring.regions[0]
  if (root !== undefined) emit(root)
  return { order, cycles }
}

/** Reverse postorder from the start; unreached steps come after it unless one of their arrows leads into it. */
function sortRegion(region: GraphRegion, wiring: Wiring, cycles: string[][]): string[] {
  const { successors } = wiring
  const state = new Map<string, 'open' | 'done'>()
  const onCycle = new Set<string>()

  const search = (root: string): string[] => {
    const done: string[] = []
    const stack: { id: string; left: number }[] = []
    const open = (id: string) => {
      state.set(id, 'open')
      // Ports are walked last to first, so that the reversed postorder has the first port's way first.
      stack.push({ id, left: (successors.get(id) ?? NONE).length })
    }
    open(root)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.left === 0) {
        state.set(top.id, 'done')
        done.push(top.id)
        stack.pop()
        continue
      }
      top.left -= 1
      const next = (successors.get(top.id) ?? NONE)[top.left]
      if (next === undefined) continue
      if (!state.has(next)) open(next)
      else if (state.get(next) === 'open' && !onCycle.has(top.id) && cycles.length < CYCLES_MAX) {
        const from = stack.findIndex(({ id }) => id === next)
        const cycle = stack.slice(from).map(({ id }) => id)
        for (const id of cycle) onCycle.add(id)
        cycles.push(cycle)
      }
    }
    return done.reverse()
  }

  const start = wiring.starts.get(region)
  const reached = start === undefined ? [] : search(start)
  // Trees found later come first, and are searched from the last step, so that loose steps keep the order of the text.
  const trees: string[][] = []
  for (const id of region.steps.toReversed()) if (!state.has(id)) trees.push(search(id))
  const unreached = trees.reverse().flat()
  if (unreached.length === 0) return reached
  const within = new Set(reached)
  const leadsIn = unreached.some((id) => (successors.get(id) ?? NONE).some((to) => within.has(to)))
  return leadsIn ? [...unreached, ...reached] : [...reached, ...unreached]
}

// ── control flow across regions ──

function flowOf(wiring: Wiring & { steps: Map<string, GraphStep> }): Map<string, string[]> {
  const { steps, regionsOf, starts, successors } = wiring
  const flow = new Map<string, string[]>()
  /** What runs after a container is complete: its `next`, else what follows the container around it. */
  const after = new Map<string, readonly string[]>()
  const followers = ({ id, step, parent }: GraphStep): readonly string[] => {
    if (!mayEndRegion(step)) return successors.get(id) ?? NONE
    const outside = parent === null ? NONE : (after.get(parent) ?? NONE)
    return [...(successors.get(id) ?? NONE), ...outside]
  }
  // Containers come before what they contain, so `after` of a parent is known when a child asks.
  for (const found of steps.values()) {
    const inner = regionsOf.get(found.id)
    if (inner === undefined) {
      flow.set(found.id, [...new Set(followers(found))])
      continue
    }
    const outside = followers(found)
    after.set(found.id, outside)
    const entries = inner.map((region) => starts.get(region)).filter((id) => id !== undefined)
    // A map may have no items, and a parallel without a branch that can start has nothing to run.
    const skippable = found.step.type === 'map' || entries.length === 0
    flow.set(found.id, [...new Set(skippable ? [...entries, ...outside] : entries)])
  }
  return flow
}

function closure(flowsTo: (id: string | null) => readonly string[], id: string | null) {
  const reached = new Set<string>(flowsTo(id))
  // A set yields what is added while it is walked, so it is its own work list.
  for (const at of reached) for (const next of flowsTo(at)) reached.add(next)
  return reached
}

const NONE: readonly string[] = []

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** Steps have few arrows, so looking through the list is cheaper than a set. */
function appendOnce(map: Map<string, string[]>, key: string, value: string): void {
  if (!map.get(key)?.includes(value)) append(map, key, value)
}
