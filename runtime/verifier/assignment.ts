/**
 * Which steps have surely run, and so have an output, when another step starts: a forward must-analysis over sets of
 * bits (Kildall 1973). What holds on every arrow into a step holds there; nothing is enumerated, so the cost is linear
 * in arrows, times the number of steps whose output anybody reads.
 *
 * 1. Only steps in `watched` have a bit.
 * 2. A region starts with what its container started with. What a parallel's branches assign is known behind its join
 *    when the join waits for them; what a map's region assigns stays inside.
 * 3. On the timeout arrow of a signal the signal itself has no output.
 * 4. Null stands for "never happens": an unreached step, or the end of what cannot end well. Arrows that close a cycle
 *    are ignored; the cycle is a finding of its own.
 */
import type { GraphEdge, GraphRegion, SagaGraph } from '../definition/graph'
import type { ParallelStep } from '../definition/schema'

type Bits = Uint32Array

export interface Assignment {
  /** False also for steps that never start. */
  reaches(step: string): boolean
  before(step: string, watched: string): boolean
  /** Behind an arrow; true when the arrow is never taken. */
  along(edge: GraphEdge, watched: string): boolean
  /** When the step has ended well and its region with it; true when it never does. */
  after(step: string, watched: string): boolean
  /** At the end of a map's region; true when it never ends well. */
  atEndOf(map: string, watched: string): boolean
  arrowsInto(step: string): readonly GraphEdge[]
}

export function assignmentOf(graph: SagaGraph, watched: Iterable<string>): Assignment {
  const bit = new Map<string, number>()
  for (const id of watched) if (graph.steps.has(id)) bit.set(id, bit.size)
  const words = Math.max(1, Math.ceil(bit.size / 32))

  const stepsOf = groupBy(graph.order, (id) => graph.steps.get(id)?.region)
  const arrowsFrom = groupBy(graph.edges, ({ from }) => from ?? undefined)
  const arrowsTo = groupBy(
    graph.edges.filter(({ from }) => from !== null),
    ({ to }) => to,
  )
  const starts = new Map(graph.edges.flatMap((e) => (e.from === null ? [[e.region, e.to]] : [])))
  const regionsOf = groupBy(graph.regions, ({ owner }) => owner ?? undefined)

  const before = new Map<string, Bits>()
  const after = new Map<string, Bits | null>()
  const ends = new Map<string, Bits | null>()

  const plus = (bits: Bits, id: string): Bits => {
    const at = bit.get(id)
    if (at === undefined) return bits
    const more = bits.slice()
    more[at >>> 5] = (more[at >>> 5] ?? 0) | (1 << (at & 31))
    return more
  }
  const has = (bits: Bits, id: string): boolean => {
    const at = bit.get(id)
    return at !== undefined && ((bits[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0
  }

  /** Walks a region; returns what is assigned wherever it ends well. */
  const walk = ({ region }: GraphRegion, entering: Bits): Bits | null => {
    let end: Bits | null = null
    const start = starts.get(region)
    if (start !== undefined) before.set(start, entering)
    for (const id of stepsOf.get(region) ?? []) {
      const known = before.get(id)
      if (known === undefined) continue
      const out = leave(id, known)
      after.set(id, out)
      for (const edge of arrowsFrom.get(id) ?? []) {
        const carried = edge.port === 'timeout' ? known : out
        if (carried !== null && !after.has(edge.to)) {
          before.set(edge.to, meet(before.get(edge.to), carried))
        }
      }
      if (out !== null && graph.endsRegion(id)) end = meet(end ?? undefined, out)
    }
    return end
  }

  const leave = (id: string, known: Bits): Bits | null => {
    const step = graph.steps.get(id)?.step
    const inner = (regionsOf.get(id) ?? []).map((region) => walk(region, known))
    if (step?.type === 'parallel') return join(step, known, inner)
    if (step?.type === 'map') ends.set(id, inner[0] ?? null)
    return step !== undefined && yieldsOutput(step.type) ? plus(known, id) : known
  }

  const root = graph.regions[0]
  if (root !== undefined) walk(root, new Uint32Array(words))

  return {
    reaches: (step) => before.has(step),
    before: (step, id) => has(before.get(step) ?? new Uint32Array(words), id),
    along: ({ from, port }, id) => {
      const bits = port === 'timeout' ? before.get(from ?? '') : after.get(from ?? '')
      return bits === null || bits === undefined || has(bits, id)
    },
    after: (step, id) => {
      const bits = after.get(step)
      return bits === null || bits === undefined || has(bits, id)
    },
    atEndOf: (map, id) => {
      const bits = ends.get(map)
      return bits === null || bits === undefined || has(bits, id)
    },
    arrowsInto: (step) => arrowsTo.get(step) ?? [],
  }
}

/** Step types whose `steps.<id>` holds something once they ended well. */
export function yieldsOutput(type: string): boolean {
  return type !== 'choice' && type !== 'wait' && type !== 'end' && type !== 'parallel'
}

/** How many branches a join waits for. */
export function branchesNeeded({ join, branches }: ParallelStep): number {
  if (join === 'all') return Object.keys(branches).length
  return join === 'any' ? 1 : join.quorum
}

function join(step: ParallelStep, known: Bits, branches: (Bits | null)[]): Bits | null {
  const ending = branches.filter((end) => end !== null)
  const needed = branchesNeeded(step)
  if (ending.length < needed) return null
  // With a choice of winners, each branch may be a loser, and ids of different branches never agree.
  if (ending.length > needed) return known
  const all = known.slice()
  for (const end of ending)
    for (let at = 0; at < all.length; at++) all[at] = (all[at] ?? 0) | (end[at] ?? 0)
  return all
}

function meet(a: Bits | undefined, b: Bits): Bits {
  if (a === undefined || a === b) return b
  const both = a.slice()
  for (let at = 0; at < both.length; at++) both[at] = (both[at] ?? 0) & (b[at] ?? 0)
  return both
}

function groupBy<K, V>(values: Iterable<V>, key: (value: V) => K | undefined): Map<K, V[]> {
  const groups = new Map<K, V[]>()
  for (const value of values) {
    const at = key(value)
    if (at === undefined) continue
    const group = groups.get(at)
    if (group === undefined) groups.set(at, [value])
    else group.push(value)
  }
  return groups
}
