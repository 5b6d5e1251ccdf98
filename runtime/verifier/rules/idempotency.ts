/**
 * Is a step's own idempotency key there, and is it another one for every item? Participants take two calls of one key for
 * one call. What is no key at all fails its step when it runs (saga/idempotency-key.ts).
 */
import type { Issue } from '../../definition/issue'
import type { ExpressionSite } from '../expression-sites'
import { isObject } from '../json-types'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

export const idempotency: Rule = {
  prefix: 'idempotency',
  run: (context) =>
    context.sites.flatMap((site) =>
      site.at[0] === 'idempotencyKey' && site.problem === undefined ? judge(site, context) : [],
    ),
}

/** `input.a.b`, and nothing else. */
const INPUT_PATH = /^\s*input((?:\.[A-Za-z_]\w*)+)\s*$/

function judge(site: ExpressionSite, context: RuleContext): Issue[] {
  const { document, graph, name } = context
  const found = graph.steps.get(site.step)
  if (!found) return []
  const issues: Issue[] = []
  const path = INPUT_PATH.exec(site.source)?.[1]?.slice(1).split('.')
  if (path && !isRequired(document.input, path))
    issues.push(
      stepIssue(found, {
        at: site.at,
        code: 'idempotency/key-may-be-missing',
        severity: 'warning',
        message: `${name(site.step)} takes its idempotency key from ${quote(site.source.trim())}, which a start may leave out; the step then fails.`,
        hint: 'Make the field required in the input schema.',
      }),
    )
  if (
    mapAround(site.step, graph) !== null &&
    !site.reads.item &&
    !site.reads.index &&
    !site.reads.wholeSteps &&
    !readsItsRegion(site, context)
  )
    issues.push(
      stepIssue(found, {
        at: site.at,
        code: 'idempotency/key-same-for-items',
        severity: 'warning',
        message: `${name(site.step)} has one idempotency key for all items of its map, so only the first item's call takes effect.`,
        hint: 'Let the key read item or index.',
      }),
    )
  return issues
}

/** Does the schema say that the input has a value there? */
function isRequired(schema: unknown, path: readonly string[]): boolean {
  let at = schema
  for (const name of path) {
    if (!isObject(at) || !Array.isArray(at.required) || !at.required.includes(name)) return false
    const { properties } = at
    at = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
  }
  return true
}

function mapAround(id: string, graph: RuleContext['graph']): string | null {
  for (
    let at = graph.steps.get(id)?.parent ?? null;
    at !== null;
    at = graph.steps.get(at)?.parent ?? null
  )
    if (graph.steps.get(at)?.step.type === 'map') return at
  return null
}

/** An output of a step of the same item may differ from item to item. */
function readsItsRegion({ step, reads }: ExpressionSite, { graph }: RuleContext): boolean {
  const map = mapAround(step, graph)
  return reads.steps.some((read) => mapAround(read, graph) === map)
}
