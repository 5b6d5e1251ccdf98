/**
 * What of the outer saga the expressions of a map's region may read: the child saga carries only that. Each item's start
 * message holds it, so an input that nobody reads would be written once per item.
 * Cached per map step, because documents do not change.
 */
import type { Mapping, MapStep, Region, Step } from '../definition/schema'
import { compileExpression, type Reads } from '../expression/expression'
import { compileMapping, compileTemplate } from '../expression/mapping'
import { addReads, emptyReads } from '../expression/reads'

export interface RegionReads {
  input: boolean
  /** The fields of the input that are read; null for all of it. */
  inputFields: string[] | null
  steps: string[]
  /** Some expression reads `steps` without a static name: everything is carried. */
  wholeSteps: boolean
}

const known = new WeakMap<MapStep, RegionReads>()

export function regionReads(map: MapStep): RegionReads {
  let reads = known.get(map)
  if (!reads) {
    const all = [...readsOf(map.output), ...regionExpressions(map.region)]
    const { input, inputFields, steps, wholeSteps } = all.reduce((sum, one) => {
      addReads(sum, one)
      return sum
    }, emptyReads())
    reads = { input, inputFields, steps, wholeSteps }
    known.set(map, reads)
  }
  return reads
}

function regionExpressions(region: Region): Reads[] {
  return Object.values(region.steps).flatMap(stepReads)
}

/** What a step's expressions read, those of the regions inside it included. */
function stepReads(step: Step): Reads[] {
  switch (step.type) {
    case 'action':
      return [
        ...readsOf(step.input),
        ...readsOf(step.compensation?.input),
        ...expression(step.idempotencyKey),
      ]
    case 'choice':
      return step.branches.flatMap((branch) => expression(branch.when))
    case 'parallel':
      return Object.values(step.branches).flatMap(regionExpressions)
    case 'map':
      return [...expression(step.items), ...readsOf(step.output), ...regionExpressions(step.region)]
    case 'wait':
      return expression(step.until)
    case 'approval':
      return [compileTemplate(step.question).reads, ...readsOf(step.context)]
    case 'saga':
      return readsOf(step.input)
    case 'end':
      return readsOf(step.output)
    case 'transaction':
      return step.participants.flatMap((one) => readsOf(one.input))
    case 'signal':
      return []
  }
}

function readsOf(mapping: Mapping | undefined): Reads[] {
  return mapping === undefined ? [] : [compileMapping(mapping).reads]
}

function expression(source: string | undefined): Reads[] {
  return source === undefined ? [] : [compileExpression(source).reads]
}
