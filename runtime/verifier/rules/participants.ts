/** Do the participants that the saga calls exist, do they offer the operation, and do both agree on what it does? */
import type { GraphStep } from '../../definition/graph'
import type { Issue } from '../../definition/issue'
import { closest } from '../../definition/nearest'
import { type KnownParticipant, type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

export const participants: Rule = {
  prefix: 'participants',
  run(context) {
    const { participants } = context.options
    if (participants === undefined) return []
    const known = new Map(participants.map((participant) => [participant.name, participant]))
    return [...context.graph.steps.values()].flatMap((found) => {
      const seen = new Set<string>()
      return callsOf(found).flatMap((call) => judge(call, { found, known, seen, context }))
    })
  },
}

interface Call {
  participant: string
  operation: string
  /** Keys inside the step to the object that names both. */
  at: (string | number)[]
  /** False for a compensation that inherits its step's participant. */
  named: boolean
}

function callsOf({ step }: GraphStep): Call[] {
  if (step.type === 'transaction') {
    return step.participants.map(({ participant, operation }, index) => {
      return { participant, operation, at: ['participants', index], named: true }
    })
  }
  if (step.type !== 'action') return []
  const { participant, operation, compensation } = step
  const action: Call = { participant, operation, at: [], named: true }
  if (compensation === undefined) return [action]
  return [
    action,
    {
      participant: compensation.participant ?? participant,
      operation: compensation.operation,
      at: ['compensation'],
      named: compensation.participant !== undefined,
    },
  ]
}

interface Judged {
  found: GraphStep
  known: Map<string, KnownParticipant>
  /** Participants about which this step was already told that they are missing or disabled. */
  seen: Set<string>
  context: RuleContext
}

function judge(call: Call, { found, known, seen, context }: Judged): Issue[] {
  const { participant, operation, at, named } = call
  const who = context.name(found.id)
  const target = known.get(participant)
  if (target === undefined || target.disabled === true) {
    if (seen.has(participant) && !named) return []
    seen.add(participant)
    const guess = closest(participant, [...known.keys()])
    const base = { at: [...at, 'participant'], severity: 'error' as const }
    return [
      target === undefined
        ? stepIssue(found, {
            ...base,
            code: 'participants/unknown',
            message: `${who} calls ${quote(participant)}, and there is no such participant.`,
            hint:
              guess === undefined
                ? 'Register it on the participants page, or name another.'
                : `Did you mean ${guess}?`,
            fixes: guess === undefined ? [] : [mend(found, base.at, guess)],
          })
        : stepIssue(found, {
            ...base,
            code: 'participants/disabled',
            message: `${who} calls ${quote(participant)}, which is disabled.`,
            hint: 'Enable it on the participants page, or name another.',
          }),
    ]
  }
  const operations = target.operations ?? []
  const declared = operations.find(({ name }) => name === operation)
  if (declared === undefined) {
    if (operations.length === 0) return []
    const names = operations.map(({ name }) => name)
    const guess = closest(operation, names)
    const path = [...at, 'operation']
    return [
      stepIssue(found, {
        at: path,
        code: 'participants/unknown-operation',
        severity: 'warning',
        message: `${who} calls ${quote(operation)}, which ${quote(participant)} does not list among its operations.`,
        hint:
          guess === undefined
            ? `It lists ${names.slice(0, 8).join(', ')}.`
            : `Did you mean ${guess}?`,
        fixes: guess === undefined ? [] : [mend(found, path, guess)],
      }),
    ]
  }
  const { step } = found
  if (step.type !== 'action' || at.length > 0) return []
  if (declared.effect === undefined || declared.effect === step.effect) return []
  return [
    stepIssue(found, {
      at: ['effect'],
      code: 'participants/effect-differs',
      severity: 'warning',
      message: `${who} is marked ${step.effect}, and ${quote(participant)} declares ${quote(operation)} as ${declared.effect}.`,
      hint: 'Both should say the same: the participant knows what its operation does.',
      fixes: [mend(found, ['effect'], declared.effect)],
    }),
  ]
}

function mend({ id }: GraphStep, path: (string | number)[], value: string) {
  return {
    title: `Change it to ${value}`,
    commands: [{ type: 'setStep' as const, id, path, value }],
  }
}
