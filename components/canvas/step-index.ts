/**
 * A document read once for drawing and pointing: every step with its region, its ways out and its place in reading
 * order. Arrows and order come from runtime/definition/graph.ts; this adds the loose ends that may be connected.
 *
 * 1. Pure; the same document gives the same index.
 * 2. A port's id is `next`, `branch:<n>`, `otherwise` or `timeout`; `portOf` turns it into what edit commands want.
 */
import type { RegionPath } from '@/runtime/definition/edit'
import { buildGraph, type SagaGraph } from '@/runtime/definition/graph'
import type { SagaDocument, Step } from '@/runtime/definition/schema'

export interface Port {
  id: string
  /** Shown beside the arrow; empty for the only way out. */
  label: string
  target: string | null
}

export interface IndexedStep {
  id: string
  step: Step
  region: RegionPath
  regionKey: string
  /** Position in reading order, from 1. */
  order: number
  ports: Port[]
  /** Arrows of the same region that lead here. */
  incoming: { from: string; port: string }[]
}

export interface IndexedRegion {
  path: RegionPath
  key: string
  start: string
  /** In reading order. */
  steps: string[]
  /** The parallel or map step that holds it; null for the root. */
  holder: string | null
  label: string
}

export interface StepIndex {
  graph: SagaGraph
  steps: Map<string, IndexedStep>
  /** By key; the root's is the empty string. */
  regions: Map<string, IndexedRegion>
}

export const regionKeyOf = (path: RegionPath): string => path.join('/')

/** Reads the whole document; linear, so it is done once per version of it. */
export function indexSteps(document: SagaDocument): StepIndex {
  const graph = buildGraph(document)
  const regions = new Map<string, IndexedRegion>()
  for (const { region, owner, start } of graph.regions) {
    const key = regionKeyOf(region)
    const inParallel = owner !== null && graph.steps.get(owner)?.step.type === 'parallel'
    const label = owner === null ? '' : inParallel ? (region.at(-1) ?? '') : 'each item'
    regions.set(key, { path: region, key, start, steps: [], holder: owner, label })
  }
  const steps = new Map<string, IndexedStep>()
  for (const id of graph.order) {
    const found = graph.steps.get(id)
    if (!found) continue
    const regionKey = regionKeyOf(found.region)
    regions.get(regionKey)?.steps.push(id)
    const { step, region } = found
    const order = steps.size + 1
    steps.set(id, { id, step, region, regionKey, order, ports: portsOf(step), incoming: [] })
  }
  for (const { from, to, port } of graph.edges) {
    if (from !== null) steps.get(to)?.incoming.push({ from, port: port ?? 'next' })
  }
  return { graph, steps, regions }
}

/** The ways out of a step, in drawing order. A port without a target is a loose end that may be connected. */
export function portsOf(step: Step): Port[] {
  switch (step.type) {
    case 'end':
      return []
    case 'choice':
      return [
        ...step.branches.map((branch, n) => ({
          id: `branch:${n}`,
          label: branch.label ?? branch.when,
          target: branch.next || null,
        })),
        { id: 'otherwise', label: 'otherwise', target: step.otherwise ?? null },
      ]
    case 'signal':
      return step.timeoutMs === undefined && step.onTimeout === undefined
        ? [{ id: 'next', label: '', target: step.next ?? null }]
        : [
            { id: 'next', label: 'received', target: step.next ?? null },
            { id: 'timeout', label: 'timed out', target: step.onTimeout?.next ?? null },
          ]
    default:
      return [{ id: 'next', label: '', target: step.next ?? null }]
  }
}

/** A drawn port's id as edit commands name it: none for `next`. */
export function portOf(portId: string | null | undefined): { port?: string } {
  return portId && portId !== 'next' ? { port: portId } : {}
}

/** The step's title, or its id in words: `reserve_budget` reads "Reserve budget". */
export function titleOf(id: string, step: Step): string {
  if (step.title !== undefined) return step.title
  const spaced = id
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .trim()
  return spaced === '' ? id : spaced.charAt(0).toUpperCase() + spaced.slice(1)
}
