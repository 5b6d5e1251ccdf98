/**
 * Does the drawing keep the order of saga theory on every way: compensatable steps, at most one pivot, then only steps
 * that can be repeated until they succeed? (Mehrotra, Rastogi, Korth & Silberschatz 1992; Richardson, Microservices
 * Patterns, ch. 4.)
 *
 * "After" is reachability, so it holds on any way; branches beside a pivot count as after it, for they may still run
 * when it has committed.
 */
import type { GraphStep } from '../../definition/graph'
import type { Issue } from '../../definition/issue'
import type { Step } from '../../definition/schema'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { list } from '../wording'
import { raceAround } from './compensation'
import { alwaysDecides } from './structure'

/** Fewer attempts than this for a step that must succeed deserve a word. */
const ATTEMPTS_FEW = 10

export const pivot: Rule = {
  prefix: 'pivot',
  run(context) {
    const { graph } = context
    const pivots = [...graph.steps.values()].filter(({ step }) => isPivot(step))
    const after = reachedFrom(
      pivots.map(({ id }) => id),
      context,
    )
    const failing = leadingTo(canFailForGood, context)
    return [
      ...beside(pivots, context),
      ...[...graph.steps.values()].flatMap((found) => {
        const first = after.get(found.id)
        return [
          ...(isPivot(found.step) ? misplaced(found, context) : []),
          ...(first === undefined ? [] : behind(found, first, context)),
          ...retriable(found, first, failing.get(found.id), context),
        ]
      }),
    ]
  },
}

function isPivot(step: Step): boolean {
  return (step.type === 'action' || step.type === 'transaction') && step.effect === 'pivot'
}

function isCompensatable(step: Step): boolean {
  return (step.type === 'action' || step.type === 'transaction') && step.effect === 'compensatable'
}

/** For each step behind one of `sources`, the source it is behind; the first in document order wins. */
function reachedFrom(sources: string[], { graph }: RuleContext): Map<string, string> {
  const origin = new Map<string, string>()
  for (const source of sources) {
    const open = [source]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const next of graph.flowsTo(at)) {
        if (next === source || origin.has(next)) continue
        origin.set(next, source)
        open.push(next)
      }
    }
  }
  return origin
}

/** For each step, the nearest step behind it that satisfies `is`, in drawing order. */
function leadingTo(is: (step: Step) => boolean, { graph }: RuleContext): Map<string, string> {
  const ahead = new Map<string, string>()
  for (const id of graph.order.toReversed()) {
    for (const next of graph.flowsTo(id)) {
      const step = graph.steps.get(next)?.step
      const met = step !== undefined && is(step) ? next : ahead.get(next)
      if (met === undefined) continue
      ahead.set(id, met)
      break
    }
  }
  return ahead
}

/** Steps whose failure ends the way forward, so that what went before has to be undone. */
function canFailForGood(step: Step): boolean {
  switch (step.type) {
    case 'action':
      return step.effect === 'compensatable' || step.effect === 'pivot'
    case 'end':
      return step.outcome === 'failed'
    case 'approval':
    case 'saga':
    case 'transaction':
      return true
    default:
      return false
  }
}

function misplaced(found: GraphStep, context: RuleContext): Issue[] {
  const { graph, name } = context
  const issues: Issue[] = []
  for (let at = found.parent; at !== null; at = graph.steps.get(at)?.parent ?? null) {
    if (graph.steps.get(at)?.step.type !== 'map') continue
    issues.push(
      stepIssue(found, {
        at: ['effect'],
        code: 'pivot/in-map',
        severity: 'error',
        message: `${name(found.id)} is a pivot inside map ${name(at)}: one item may commit it and the next one fail.`,
        hint: 'Move the pivot behind the map, or make it compensatable.',
      }),
    )
    break
  }
  const race = raceAround(found, context)
  if (race !== undefined) {
    issues.push(
      stepIssue(found, {
        at: ['effect'],
        code: 'pivot/in-race',
        severity: 'error',
        message: `${name(found.id)} is a pivot in a branch of ${name(race)} that may lose and would have to be undone.`,
        hint: 'Move the pivot behind the join, or wait for all branches.',
      }),
    )
  }
  return issues
}

/** A pivot in a branch whose sibling branches may still fail. */
function beside(pivots: GraphStep[], { graph, name }: RuleContext): Issue[] {
  if (pivots.every(({ parent }) => parent === null)) return []
  const undoable = new Map<string, string[]>()
  for (const found of graph.steps.values()) {
    if (!isCompensatable(found.step) && !isPivot(found.step) && found.step.type !== 'saga') continue
    for (let at = found as GraphStep | undefined; at !== undefined && at.parent !== null; ) {
      const key = at.region.join('.')
      undoable.set(key, [...(undoable.get(key) ?? []), found.id].slice(0, 4))
      at = graph.steps.get(at.parent)
    }
  }
  const regions = new Map<string, string[]>()
  for (const { region, owner } of graph.regions) {
    if (owner !== null) regions.set(owner, [...(regions.get(owner) ?? []), region.join('.')])
  }
  return pivots.flatMap((found) => {
    for (let at: GraphStep | undefined = found; at !== undefined && at.parent !== null; ) {
      const own = at.region.join('.')
      const others = (regions.get(at.parent) ?? [])
        .filter((region) => region !== own)
        .flatMap((region) => undoable.get(region) ?? [])
      if (others.length > 0) {
        return [
          stepIssue(found, {
            at: ['effect'],
            code: 'pivot/in-parallel',
            severity: 'error',
            message: `${name(found.id)} is a pivot beside ${list(others.map(name))} in ${name(at.parent)}, which may still fail when it has committed.`,
            hint: 'Move the pivot behind the join, or keep only retriable and readonly steps beside it.',
          }),
        ]
      }
      at = graph.steps.get(at.parent)
    }
    return []
  })
}

/** A step that runs after the pivot `first`. */
function behind(found: GraphStep, first: string, { name }: RuleContext): Issue[] {
  const { id, step } = found
  const who = name(id)
  const where = `after the pivot ${name(first)}`
  if (isPivot(step)) {
    return [
      stepIssue(found, {
        at: ['effect'],
        code: 'pivot/second',
        severity: 'error',
        message: `${who} is a second pivot ${where}.`,
        hint: 'One way has one point of no return: mark this step retriable, or the other one compensatable.',
        fixes: [effect(id, 'retriable')],
      }),
    ]
  }
  if (isCompensatable(step)) {
    return [
      stepIssue(found, {
        at: ['effect'],
        code: 'pivot/compensatable-after',
        severity: 'error',
        message: `${who} is compensatable, but runs ${where}, when nothing is undone any more.`,
        hint: 'Move it before the pivot, or make it retriable.',
        fixes: step.type === 'action' ? [effect(id, 'retriable')] : [],
      }),
    ]
  }
  if (step.type === 'approval') {
    return [
      stepIssue(found, {
        code: 'pivot/approval-after',
        severity: 'warning',
        message: `${who} is asked for ${where}: ABORT is no longer possible there.`,
        hint: 'Ask before the pivot.',
      }),
    ]
  }
  const failure = failureOf(step)
  if (failure === undefined) return []
  return [
    stepIssue(found, {
      code: 'pivot/may-fail-after',
      severity: 'warning',
      message: `${who} runs ${where} and ${failure}; the saga would stop there until an operator acts.`,
      hint: 'After the pivot the only way is forward: leave no way to fail.',
    }),
  ]
}

function effect(id: string, value: string) {
  return {
    title: `Mark it ${value}`,
    commands: [{ type: 'setStep' as const, id, path: ['effect'], value }],
  }
}

function failureOf(step: Step): string | undefined {
  if (step.type === 'end' && step.outcome === 'failed') return 'ends as failed'
  if (step.type === 'choice' && !alwaysDecides(step)) return 'has no way when no condition holds'
  if (step.type === 'signal' && step.timeoutMs !== undefined && step.onTimeout === undefined) {
    return 'fails when the signal does not come in time'
  }
  return step.type === 'saga' ? 'fails when the child saga does' : undefined
}

function retriable(
  found: GraphStep,
  first: string | undefined,
  failing: string | undefined,
  { document, name }: RuleContext,
): Issue[] {
  const { id, step } = found
  if (step.type !== 'action' || step.effect !== 'retriable') return []
  const issues: Issue[] = []
  if (first === undefined && failing !== undefined && step.compensation === undefined) {
    issues.push(
      stepIssue(found, {
        at: ['effect'],
        code: 'pivot/retriable-before',
        severity: 'warning',
        message: `${name(id)} cannot be undone, and ${name(failing)} behind it may still fail the saga.`,
        hint: 'Move it behind the pivot, or make it compensatable.',
      }),
    )
  }
  const attempts = step.retry?.attemptsMax ?? document.retry?.attemptsMax
  if (attempts !== undefined && attempts < ATTEMPTS_FEW) {
    issues.push(
      stepIssue(found, {
        at: step.retry?.attemptsMax === undefined ? [] : ['retry', 'attemptsMax'],
        code: 'pivot/few-attempts',
        severity: 'info',
        message: `${name(id)} is retriable and gives up after ${attempts === 1 ? 'one attempt' : `${attempts} attempts`}.`,
        hint: 'A step that must succeed should be tried for long; after the last attempt an operator has to act.',
        fixes: [
          {
            title: 'Try 1,000 times',
            commands: [{ type: 'setStep', id, path: ['retry', 'attemptsMax'], value: 1000 }],
          },
        ],
      }),
    )
  }
  return issues
}
