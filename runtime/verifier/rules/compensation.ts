/**
 * Can everything that may be undone be undone: with a compensation, and with data that is there when it runs?
 *
 * A step whose outcome is unknown (a timeout, a lost reply) is compensated too, and then has no output. So a
 * compensation that knows its effect only by `output` would go out with nothing in its hands.
 */

import type { GraphStep } from '../../definition/graph'
import type { Fix, Issue } from '../../definition/issue'
import type { ActionStep, Compensation } from '../../definition/schema'
import { branchesNeeded } from '../assignment'
import type { ExpressionSite } from '../expression-sites'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

export const compensation: Rule = {
  prefix: 'compensation',
  run(context) {
    const inputs = new Map<string, ExpressionSite[]>()
    for (const site of context.sites) {
      if (site.moment === 'compensation')
        inputs.set(site.step, [...(inputs.get(site.step) ?? []), site])
    }
    return [...context.graph.steps.values()].flatMap((found) => {
      const { step } = found
      if (step.type !== 'action') return []
      return [
        ...missing(found, step, context),
        ...unused(found, step, context),
        ...needsOutput(found, step, inputs.get(found.id) ?? [], context),
        ...notUndoneWhenLosing(found, step, context),
      ]
    })
  },
}

function missing(found: GraphStep, step: ActionStep, context: RuleContext): Issue[] {
  if (step.effect !== 'compensatable' || step.compensation !== undefined) return []
  const value: Compensation = {
    operation: undoName(step, context),
    ...(step.input === undefined ? {} : { input: step.input }),
  }
  return [
    stepIssue(found, {
      code: 'compensation/missing',
      severity: 'error',
      message: `${context.name(found.id)} is compensatable and has no compensation.`,
      hint: 'Say which operation undoes it; if it changes nothing, mark it readonly.',
      fixes: [
        set(found.id, `Add the compensation ${value.operation}`, ['compensation'], value),
        set(found.id, 'Mark it readonly', ['effect'], 'readonly'),
      ],
    }),
  ]
}

/** What the participant declares, else `undo` and the operation in its own way of writing. */
function undoName({ participant, operation }: ActionStep, { options }: RuleContext): string {
  const declared = options.participants
    ?.find(({ name }) => name === participant)
    ?.operations?.find(({ name }) => name === operation)?.compensation
  if (declared !== undefined) return declared
  const name = operation.includes('_')
    ? `undo_${operation}`
    : `undo${operation.charAt(0).toUpperCase()}${operation.slice(1)}`
  return name.slice(0, 64)
}

function set(id: string, title: string, path: string[], value?: unknown): Fix {
  const command = { type: 'setStep' as const, id, path }
  return { title, commands: [value === undefined ? command : { ...command, value }] }
}

function unused(found: GraphStep, step: ActionStep, { name }: RuleContext): Issue[] {
  if (step.effect === 'compensatable' || step.compensation === undefined) return []
  return [
    stepIssue(found, {
      at: ['compensation'],
      code: 'compensation/unused',
      severity: 'warning',
      message: `${name(found.id)} is marked ${step.effect} and yet has the compensation ${quote(step.compensation.operation)}.`,
      hint: 'Mark it compensatable, or remove the compensation.',
      fixes: [
        set(found.id, 'Mark it compensatable', ['effect'], 'compensatable'),
        set(found.id, 'Remove the compensation', ['compensation']),
      ],
    }),
  ]
}

function needsOutput(
  found: GraphStep,
  step: ActionStep,
  sites: ExpressionSite[],
  { name }: RuleContext,
): Issue[] {
  if (step.effect !== 'compensatable' || step.compensation === undefined) return []
  const copy =
    step.input === undefined
      ? []
      : [set(found.id, 'Send what the step sent', ['compensation', 'input'], step.input)]
  if (step.compensation.input === undefined) {
    return [
      stepIssue(found, {
        at: ['compensation'],
        code: 'compensation/no-input',
        severity: 'info',
        message: `The compensation of ${name(found.id)} declares no input: it gets the output of the step, and nothing when its outcome is unknown.`,
        hint: 'The participant can then tell the effect only by the key of the call it undoes; send what identifies it.',
        fixes: copy,
      }),
    ]
  }
  const output = sites.find(({ reads }) => reads.output)
  const identified = sites.some(
    ({ reads: { input, saga, item, index, steps, wholeSteps } }) =>
      input || saga || item || index || wholeSteps || steps.length > 0,
  )
  const asked = sites.some(({ source }) => /\$exists\s*\(\s*output\b/.test(source))
  if (output === undefined || identified || asked) return []
  return [
    stepIssue(found, {
      at: output.at,
      code: 'compensation/output-may-be-absent',
      severity: 'warning',
      message: `The compensation of ${name(found.id)} knows what to undo only by output, which is absent when the outcome of the step is unknown.`,
      hint: 'Send what the step was asked to do (input or steps), or ask first: $exists(output) ? … : ….',
      fixes: copy,
    }),
  ]
}

/** In a race the losers are undone; a retriable step cannot be. (A pivot there is an error of rules/pivot.ts.) */
function notUndoneWhenLosing(found: GraphStep, step: ActionStep, context: RuleContext): Issue[] {
  if (step.effect !== 'retriable' || step.compensation !== undefined) return []
  const race = raceAround(found, context)
  if (race === undefined) return []
  return [
    stepIssue(found, {
      at: ['effect'],
      code: 'compensation/race',
      severity: 'warning',
      message: `${context.name(found.id)} cannot be undone when its branch of ${context.name(race)} loses.`,
      hint: 'Make it compensatable, or move it behind the join.',
    }),
  ]
}

/** The innermost parallel around a step whose join may be won without the step's branch. */
export function raceAround({ parent }: GraphStep, { graph }: RuleContext): string | undefined {
  for (let at = parent; at !== null; at = graph.steps.get(at)?.parent ?? null) {
    const step = graph.steps.get(at)?.step
    if (step?.type === 'parallel' && branchesNeeded(step) < Object.keys(step.branches).length)
      return at
  }
  return undefined
}
