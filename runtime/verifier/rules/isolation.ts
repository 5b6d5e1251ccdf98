/**
 * Sagas have no isolation: steps that run at the same time see each other's half-done work. This rule looks inside one
 * saga, at branches of a parallel and at items of a map. A finding means: same resource key, at least one writes, and no
 * countermeasure is declared (Frank & Zahle 1998).
 *
 * Two writers both need one; of a writer and a reader either will do (a lock, or a reader that looks again).
 * Keys are compared as written, so keys made by different expressions count as different.
 */
import type { GraphStep } from '../../definition/graph'
import type { Issue } from '../../definition/issue'
import type { ExpressionSite } from '../expression-sites'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

export const isolation: Rule = {
  prefix: 'isolation',
  run(context) {
    const touches = touchesOf(context)
    return [...branches(touches, context), ...items(touches, context)]
  },
}

interface Touch {
  found: GraphStep
  index: number
  key: string
  writes: boolean
  guarded: boolean
}

function touchesOf({ graph }: RuleContext): Touch[] {
  return [...graph.steps.values()].flatMap((found) => {
    const { step } = found
    if (step.type !== 'action') return []
    const guarded = step.countermeasure !== undefined
    return (step.resources ?? []).map(({ key, access }, index) => ({
      found,
      index,
      key,
      writes: access === 'write',
      guarded,
    }))
  })
}

/** The regions around a step with the step that owns each, innermost first. */
function around(found: GraphStep, { graph }: RuleContext): { owner: GraphStep; region: string }[] {
  const regions: { owner: GraphStep; region: string }[] = []
  for (let at: GraphStep | undefined = found; at !== undefined && at.parent !== null; ) {
    const owner = graph.steps.get(at.parent)
    if (owner !== undefined) regions.push({ owner, region: at.region.join('.') })
    at = owner
  }
  return regions
}

function branches(touches: Touch[], context: RuleContext): Issue[] {
  /** By parallel step and key: who touches it, in which branch. */
  const shared = new Map<string, { fork: GraphStep; by: (Touch & { region: string })[] }>()
  for (const touch of touches) {
    for (const { owner, region } of around(touch.found, context)) {
      if (owner.step.type !== 'parallel') continue
      const at = `${owner.id} ${touch.key}`
      const entry = shared.get(at) ?? { fork: owner, by: [] }
      entry.by.push({ ...touch, region })
      shared.set(at, entry)
    }
  }
  return [...shared.values()].flatMap(({ fork, by }) => {
    const pair = conflict(by)
    if (pair === undefined) return []
    const [first, second] = pair
    const does = (touch: Touch) => (touch.writes ? 'writes' : 'reads')
    return [
      stepIssue(second.found, {
        at: ['resources', second.index],
        code: 'isolation/branches',
        severity: 'warning',
        message: `${context.name(first.found.id)} ${does(first)} ${quote(first.key)} while ${context.name(second.found.id)} ${does(second)} it, in another branch of ${context.name(fork.id)}.`,
        hint: 'Declare a countermeasure, such as semantic-lock or commutative, or run the steps one after the other.',
      }),
    ]
  })
}

/** The first two touches in different branches that may disturb each other. At most 64 branches, so few of each. */
function conflict<T extends Touch & { region: string }>(by: T[]): [T, T] | undefined {
  const writers = by.filter(({ writes }) => writes)
  for (const writer of writers) {
    const other = by.find(
      (touch) =>
        touch.region !== writer.region &&
        !(touch.writes ? touch.guarded && writer.guarded : touch.guarded || writer.guarded),
    )
    if (other !== undefined)
      return by.indexOf(other) < by.indexOf(writer) ? [other, writer] : [writer, other]
  }
  return undefined
}

/** Items of a map run beside each other: a written key should name the item. */
function items(touches: Touch[], context: RuleContext): Issue[] {
  const keys = new Map<string, ExpressionSite[]>()
  for (const site of context.sites) {
    const at = `${site.step} ${site.at.join('.')}`
    keys.set(at, [...(keys.get(at) ?? []), site])
  }
  return touches.flatMap(({ found, index, key, writes, guarded }) => {
    if (!writes || guarded) return []
    const map = around(found, context).find(({ owner }) => owner.step.type === 'map')?.owner
    if (map?.step.type !== 'map' || map.step.concurrency === 1) return []
    const sites = keys.get(`${found.id} resources.${index}.key`) ?? []
    const perItem = sites.some(
      ({ reads }) =>
        reads.item || reads.index || reads.wholeSteps || readsInside(reads.steps, map, context),
    )
    if (perItem) return []
    return [
      stepIssue(found, {
        at: ['resources', index],
        code: 'isolation/items',
        severity: 'warning',
        message: `Several items of ${context.name(map.id)} may write ${quote(key)} at the same time in ${context.name(found.id)}.`,
        hint: 'Name the item in the key, declare a countermeasure, or set concurrency to 1.',
      }),
    ]
  })
}

function readsInside(ids: string[], map: GraphStep, context: RuleContext): boolean {
  return ids.some((id) => {
    const found = context.graph.steps.get(id)
    return found !== undefined && around(found, context).some(({ owner }) => owner.id === map.id)
  })
}
