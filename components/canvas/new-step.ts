/**
 * New steps as the palette makes them: valid at once, named after what they do, with the questions that only the author
 * can answer left to the verifier to ask.
 */
import type { ActionStep, Region, Step, StepType } from '@/runtime/definition/schema'

/** The part of a participant's operation that a new step takes over. */
export interface OperationTemplate {
  name: string
  title?: string | undefined
  effect?: ActionStep['effect'] | undefined
  compensation?: string | undefined
  /** JSON Schema of the input; its required properties become mapping fields. */
  input?: Record<string, unknown> | undefined
}

export interface StepTemplate {
  type: StepType
  participant?: string
  operation?: OperationTemplate
  /** Of a child saga. */
  saga?: string
}

export interface MadeStep {
  id: string
  step: Step
  /** Steps that must be added first: a choice needs somewhere to lead. */
  extra: { id: string; step: Step }[]
}

/** `target` is what the step will lead to; only a choice needs to know. Ids avoid `taken`, which is added to. */
export function newStep(
  template: StepTemplate,
  taken: Set<string>,
  target: string | null,
): MadeStep {
  const extra: MadeStep['extra'] = []
  const id = mintId(baseOf(template), taken)
  switch (template.type) {
    case 'action':
      return { id, step: newAction(template), extra }
    case 'choice': {
      let next = target
      if (next === null) {
        next = mintId('done', taken)
        extra.push({ id: next, step: { type: 'end', outcome: 'completed' } })
      }
      const step: Step = {
        type: 'choice',
        branches: [{ label: 'yes', when: 'true', next }],
        otherwise: next,
      }
      return { id, step, extra }
    }
    case 'parallel': {
      const branches = { first: oneStepRegion(taken), second: oneStepRegion(taken) }
      return { id, step: { type: 'parallel', branches, join: 'all' }, extra }
    }
    case 'map':
      return {
        id,
        step: { type: 'map', items: 'input.items', concurrency: 10, region: oneStepRegion(taken) },
        extra,
      }
    case 'wait':
      return { id, step: { type: 'wait', forMs: 60_000 }, extra }
    case 'signal':
      return { id, step: { type: 'signal', signal: 'signal-name', timeoutMs: 86_400_000 }, extra }
    case 'approval':
      return {
        id,
        step: {
          type: 'approval',
          question: 'Go on?',
          roles: ['chairman'],
          timeoutMs: 2 * 86_400_000,
          onTimeout: 'PAUSE',
        },
        extra,
      }
    case 'transaction':
      return {
        id,
        step: {
          type: 'transaction',
          participants: [{ participant: 'participant', operation: 'prepare' }],
          effect: 'pivot',
        },
        extra,
      }
    case 'saga':
      return { id, step: { type: 'saga', saga: template.saga ?? 'other-saga' }, extra }
    case 'end':
      return { id, step: { type: 'end', outcome: 'completed' }, extra }
    default:
      return template.type satisfies never
  }
}

/** An action as the participant describes it: effect, compensation and required inputs come along. */
export function newAction({ participant, operation }: StepTemplate): ActionStep {
  if (!participant || !operation) {
    return {
      type: 'action',
      participant: 'participant',
      operation: 'operation',
      effect: 'readonly',
    }
  }
  const step: ActionStep = {
    type: 'action',
    ...(operation.title ? { title: operation.title } : {}),
    participant,
    operation: operation.name,
    effect: operation.effect ?? (operation.compensation ? 'compensatable' : 'readonly'),
  }
  const input = inputFor(operation)
  if (input) step.input = input
  if (operation.compensation && step.effect === 'compensatable') {
    step.compensation = { operation: operation.compensation }
  }
  return step
}

/** Required properties, each taken from the saga's input under the same name until the author says otherwise. */
export function inputFor(operation: OperationTemplate): Record<string, string> | null {
  const properties = operation.input?.properties
  const required = operation.input?.required
  if (typeof properties !== 'object' || properties === null || !Array.isArray(required)) return null
  const names = required.filter((name): name is string => typeof name === 'string')
  if (names.length === 0) return null
  return Object.fromEntries(names.map((name) => [name, `input.${expressionName(name)}`]))
}

/** The base itself when free, else with the smallest number that makes it free. */
export function mintId(base: string, taken: Set<string>): string {
  const clean =
    base
      .replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^[^A-Za-z_]+/, '')
      .slice(0, 56) || 'step'
  let id = clean
  for (let n = 2; taken.has(id); n++) id = `${clean}_${n}`
  taken.add(id)
  return id
}

function baseOf({ type, operation, saga }: StepTemplate): string {
  if (operation) return operation.name
  if (saga) return saga.split('@')[0] ?? 'child'
  return { action: 'step', map: 'each', saga: 'child', end: 'done' }[type as string] ?? type
}

function oneStepRegion(taken: Set<string>): Region {
  const id = mintId('step', taken)
  return { start: id, steps: { [id]: newAction({ type: 'action' }) } }
}

const expressionName = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``
