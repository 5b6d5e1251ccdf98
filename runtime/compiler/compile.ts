/**
 * Document → XState machine. The drawing's control flow becomes states and transitions; everything else that a step
 * says (mappings, retries, timeouts) stays in the document and is read by saga/decide.ts.
 *
 * 1. A step is a state of the same id. Entering it is the action `enter {step}`, as data.
 * 2. What happened to a step is an event: `done.<step>`, `failed.<step>`, `choose.<step>.<n|otherwise>`,
 *    `timeout.<step>`. Which one is raised is decided outside; the machine only knows where it leads.
 * 3. A region ends in `$ok` or `$failed`. The root's failure is `$unwinding`.
 * 4. A parallel step holds `branches` (all regions at once) and `trimming` (compensating the losers of a join).
 * 5. Same document, same digest, same config; nothing here depends on time, chance or key order.
 *
 * Map items run their region as child sagas, so each map step has a machine of its own: `region(step)`.
 */
import type { MapStep, Region, SagaDocument, Step } from '../definition/schema'
import { SagaError } from '../errors'
import { digestJson } from '../security/digest'
import { type MachineConfig, SagaMachine, type StateConfig } from './machine'

export interface CompiledRegion {
  machine: SagaMachine
  /** Every step of this machine, nested branches included, map regions excluded. */
  steps: ReadonlyMap<string, Step>
  /** Steps inside each branch of each parallel step, nested ones included. */
  branches: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  /** Steps from which control flow may come to a step next, by id; what starts the region has none. */
  predecessors: ReadonlyMap<string, readonly string[]>
}

export interface CompiledSaga extends CompiledRegion {
  document: SagaDocument
  digest: string
  /** The root machine's config, for export. */
  config: MachineConfig
  /** The machine of a map step's items. Throws when there is no such map step. */
  region(mapStep: string): CompiledRegion
  /** The map step itself, wherever it is nested. */
  mapStep(id: string): MapStep | undefined
}

/** The digest names a document: canonical JSON, SHA-256 hex. */
export function digestDocument(document: SagaDocument): string {
  return digestJson(document)
}

/** Throws UNSUPPORTED for a transaction step; expects a document that parses and verifies cleanly. */
export function compileSaga(
  document: SagaDocument,
  /** The document's digest where it is known: working it out takes a third of the time. */
  digest = digestDocument(document),
): CompiledSaga {
  const maps = new Map<string, MapStep>()
  const root = compileRegion(document.name, document, maps)
  const regions = new Map<string, CompiledRegion>()
  // Compiling a map's region adds the maps nested in it, and the loop meets those too.
  for (const [id, step] of maps)
    regions.set(id, compileRegion(`${document.name}.${id}`, step.region, maps))
  return {
    ...root,
    document,
    digest,
    config: root.machine.config,
    region(mapStep) {
      const compiled = regions.get(mapStep)
      if (!compiled)
        throw new SagaError(
          'INVALID_DEFINITION',
          `Saga ${document.name} has no map step ${mapStep}`,
        )
      return compiled
    },
    mapStep: (id) => maps.get(id),
  }
}

function compileRegion(id: string, region: Region, maps: Map<string, MapStep>): CompiledRegion {
  const steps = new Map<string, Step>()
  const branches = new Map<string, Map<string, string[]>>()
  const edges = new Map<string, string[]>()
  const states = regionStates(region, '#$unwinding', [], { steps, branches, edges, maps })
  const config: MachineConfig = {
    id,
    initial: 'forward',
    states: {
      forward: {
        initial: region.start,
        on: { unwind: '#$unwinding' },
        states: { ...states, $ok: { entry: [{ type: 'completed', params: {} }] } },
      },
      unwinding: {
        id: '$unwinding',
        entry: [{ type: 'unwind', params: {} }],
        on: { unwound: '#$unwound' },
      },
      unwound: { id: '$unwound', on: { unwind: '#$unwinding' } },
    },
  }
  return { machine: new SagaMachine(config), steps, branches, predecessors: turned(edges) }
}

interface Collected {
  steps: Map<string, Step>
  branches: Map<string, Map<string, string[]>>
  edges: Map<string, string[]>
  maps: Map<string, MapStep>
}

/** The states of one region's steps. `exits` are the steps that follow when the region ends well. */
function regionStates(
  region: Region,
  failed: string,
  exits: string[],
  into: Collected,
): Record<string, StateConfig> {
  const states: Record<string, StateConfig> = {}
  for (const [id, step] of Object.entries(region.steps)) {
    into.steps.set(id, step)
    const target = (next: string | undefined) => next ?? '$ok'
    const follow = (...targets: (string | undefined)[]) =>
      targets.flatMap((next) => (next === undefined ? exits : [next]))
    const on: Record<string, string> = { [`failed.${id}`]: failed }
    const state: StateConfig = { id, entry: [{ type: 'enter', params: { step: id } }], on }
    switch (step.type) {
      case 'choice': {
        for (const [n, branch] of step.branches.entries()) on[`choose.${id}.${n}`] = branch.next
        if (step.otherwise) on[`choose.${id}.otherwise`] = step.otherwise
        into.edges.set(id, [
          ...step.branches.map((branch) => branch.next),
          ...(step.otherwise ? [step.otherwise] : []),
        ])
        break
      }
      case 'end':
        on[`done.${id}`] = '$ok'
        into.edges.set(id, step.outcome === 'failed' ? [] : exits)
        break
      case 'signal':
        on[`done.${id}`] = target(step.next)
        if (step.onTimeout) on[`timeout.${id}`] = step.onTimeout.next
        into.edges.set(id, [...follow(step.next), ...(step.onTimeout ? [step.onTimeout.next] : [])])
        break
      case 'parallel': {
        on[`done.${id}`] = target(step.next)
        const following = follow(step.next)
        Object.assign(state, parallelStates(id, step.branches, following, into))
        delete state.entry
        into.edges.set(id, [
          ...Object.values(step.branches).map((branch) => branch.start),
          ...following,
        ])
        break
      }
      case 'transaction':
        throw new SagaError(
          'UNSUPPORTED',
          `Step ${id} is a two-phase-commit group, which this version draws and stores but does not run`,
        )
      default:
        on[`done.${id}`] = target(step.next)
        into.edges.set(id, follow(step.next))
        if (step.type === 'map') into.maps.set(id, step)
    }
    states[id] = state
  }
  return states
}

function parallelStates(
  id: string,
  branches: Record<string, Region>,
  exits: string[],
  into: Collected,
): Partial<StateConfig> {
  const regions: Record<string, StateConfig> = {}
  const members = new Map<string, string[]>()
  for (const [name, region] of Object.entries(branches)) {
    const before = into.steps.size
    const ended = (ok: boolean) => [{ type: 'branchEnded', params: { step: id, branch: name, ok } }]
    const failed = `$failed:${id}:${name}`
    regions[name] = {
      initial: region.start,
      states: {
        ...regionStates(region, `#${failed}`, exits, into),
        $ok: { entry: ended(true) },
        $failed: { id: failed, entry: ended(false) },
      },
    }
    members.set(name, [...into.steps.keys()].slice(before))
  }
  into.branches.set(id, members)
  return {
    initial: 'branches',
    states: {
      branches: {
        type: 'parallel',
        entry: [{ type: 'enter', params: { step: id } }],
        on: { [`joined.${id}`]: `#$trimming:${id}` },
        states: regions,
      },
      trimming: { id: `$trimming:${id}`, entry: [{ type: 'trim', params: { step: id } }] },
    },
  }
}

/** The same arrows, by where they lead. */
function turned(edges: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const predecessors = new Map<string, string[]>()
  for (const [from, targets] of edges)
    for (const to of new Set(targets)) {
      const known = predecessors.get(to)
      if (known) known.push(from)
      else predecessors.set(to, [from])
    }
  return predecessors
}
