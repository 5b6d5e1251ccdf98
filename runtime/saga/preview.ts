/**
 * What each decision at a gate would do: `decide` itself on the stored snapshot, then the rest of the run with every call
 * answered well and every wait over, until the saga ends or waits for somebody. Nothing is stored and nothing is called.
 *
 * 1. Answers are invented, so nothing is told that depends on one: an input that reads it is left out, and at a choice
 *    that reads it looking ahead ends.
 */
import type { CompiledSaga } from '../compiler/compile'
import { compileExpression } from '../expression/expression'
import { compileMapping } from '../expression/mapping'
import type { Command, Decision, Fact, Message } from '../journal/entry'
import type { AheadItem, DecisionPreview, GatePreview } from '../runtime'
import { digestJson } from '../security/digest'
import { decide } from './decide'
import type { CallCommand, SagaState } from './state'

const DECISIONS: readonly Decision[] = ['CONTINUE', 'PAUSE', 'ABORT', 'FORCE_COMPENSATION']
/** Calls answered and timers fired before a preview stops looking ahead. */
const LOOK_AHEAD = 2_000
/** Items told, and characters of an input. */
const TOLD = 200
const INPUT_CHARS = 2_000

export function previewGate(
  saga: CompiledSaga,
  state: SagaState,
  step: string,
  context: { seq: number; at: number },
): GatePreview {
  return {
    sagaId: state.id,
    step,
    seq: context.seq,
    previews: DECISIONS.map((decision) => preview(saga, state, step, decision, context)),
  }
}

function preview(
  saga: CompiledSaga,
  state: SagaState,
  step: string,
  decision: Decision,
  context: { seq: number; at: number },
): DecisionPreview {
  const message: Message = {
    type: 'decide',
    step,
    decision,
    decisionId: 'preview',
    reasoning: 'preview',
    conditions: [],
    by: { kind: 'user', id: 'preview', name: 'preview' },
    seenSeq: context.seq,
  }
  const decided = decide(saga, state, message, {
    entityId: state.id,
    at: context.at,
    seq: context.seq + 1,
  })
  const gate = state.gates[step]?.kind ?? 'approval'
  if (!decided.accepted || !decided.changed)
    return sealed({
      decision,
      gate,
      allowed: false,
      ...(decided.accepted ? {} : { refusal: decided.reason }),
      status: state.status,
      finalStatus: state.status,
      starts: [],
      compensates: [],
      irreversible: [],
      timersCancelled: [],
      ahead: [],
    })
  const ahead = lookAhead(saga, decided.state, decided.commands, decided.facts, context)
  return sealed({
    decision,
    gate,
    allowed: true,
    status: decided.state.status,
    finalStatus: ahead.status,
    starts: decided.commands.flatMap((command) =>
      command.c === 'call' && command.kind === 'action'
        ? [
            {
              step: command.step,
              participant: command.participant,
              operation: command.operation,
            },
          ]
        : [],
    ),
    compensates: ahead.compensates,
    irreversible: ahead.left,
    timersCancelled: decided.commands.flatMap((command) =>
      command.c === 'cancelTimer' && !(command.timer in decided.state.timers)
        ? [command.timer]
        : [],
    ),
    ahead: ahead.told,
  })
}

/** Answers every call with success, round by round; a round's compensations run at the same time. */
function lookAhead(
  saga: CompiledSaga,
  first: SagaState,
  commands: Command[],
  facts: Fact[],
  context: { seq: number; at: number },
) {
  const compensates: DecisionPreview['compensates'] = []
  const told: AheadItem[] = []
  /** Steps whose output is made up. */
  const invented = new Set<string>()
  const steps = first.region === null ? saga.steps : saga.region(first.region).steps
  let state = first
  let { at } = context
  let seq = context.seq + 1
  let taken = 0
  let rank = 1
  let left = leftOf(facts)
  let isOpen = true
  // Calls that were under way before the decision settle first.
  const underWay = Object.values(first.calls).filter(
    (call) => !commands.some((c) => c.c === 'call' && c.call === call.call),
  )
  let round: CallCommand[] = [...underWay, ...callsOf(commands)]
  note(round, facts)
  while (isOpen && taken < LOOK_AHEAD && !state.paused) {
    const next: CallCommand[] = []
    if (round.length > 0) {
      for (const { call, kind, step } of round) {
        if (kind === 'action') invented.add(step)
        next.push(...take({ type: 'result', call, outcome: { ok: true, output: {} } }))
      }
    } else {
      const due = nextDue(state)
      if (due === null) break
      at = Math.max(at, state.timers[due] ?? at)
      next.push(...take({ type: 'timer', timer: due }))
    }
    rank++
    round = next
  }
  return { status: state.status, compensates, left: left ?? state.left ?? [], told }

  /** The calls that follow. What cannot be foreseen is not taken, and ends the way. */
  function take(message: Message): CallCommand[] {
    taken++
    if (!isOpen) return []
    // `first` was decided for this preview alone; its records are not looked at again
    const decided = decide(saga, state, message, {
      entityId: state.id,
      at,
      seq: ++seq,
      owned: true,
    })
    if (!decided.accepted || !decided.changed) return []
    const unforeseen = decided.facts.find(
      (fact) =>
        (fact.t === 'choice.taken' && dependsOnAnswer(fact.step)) ||
        (fact.t === 'step.failed' && fact.final && !state.unwinding),
    )
    if (unforeseen && 'step' in unforeseen) {
      isOpen = false
      tell({ t: 'depends', step: unforeseen.step })
      return []
    }
    state = decided.state
    left = leftOf(decided.facts) ?? left
    const calls = callsOf(decided.commands)
    note(calls, decided.facts, rank + 1)
    return calls
  }

  function dependsOnAnswer(id: string): boolean {
    const step = steps.get(id)
    if (step?.type !== 'choice') return false
    return step.branches.some(({ when }) => isMadeUp(compileExpression(when).reads))
  }

  function isMadeUp(reads: { steps: readonly string[]; wholeSteps: boolean }): boolean {
    return reads.wholeSteps ? invented.size > 0 : reads.steps.some((id) => invented.has(id))
  }

  function note(calls: readonly CallCommand[], facts: readonly Fact[], at = rank): void {
    for (const call of calls)
      if (call.kind === 'compensation')
        compensates.push({
          step: call.step,
          participant: call.participant,
          operation: call.operation,
          key: call.key,
          rank: at,
        })
    for (const fact of facts)
      if (fact.t === 'gate.opened') tell({ t: 'gate', step: fact.step })
      else if (fact.t === 'child.started' || fact.t === 'map.planned') {
        if (told.at(-1)?.step !== fact.step) tell({ t: 'children', step: fact.step })
      } else if (fact.t === 'step.waiting' && fact.for === 'signal')
        tell({ t: 'signal', step: fact.step })
      else if (fact.t === 'step.waiting' && fact.for === 'timer') {
        const step = steps.get(fact.step)
        tell({
          t: 'wait',
          step: fact.step,
          ...(step?.type === 'wait' && step.until === undefined
            ? { forMs: step.forMs ?? 0 }
            : { until: fact.until ?? context.at }),
        })
      }
    for (const call of calls) if (call.kind === 'action') tell(callItem(call))
  }

  function callItem(call: CallCommand): AheadItem {
    const step = steps.get(call.step)
    const action = step?.type === 'action' ? step : undefined
    const isKnown =
      (action?.input === undefined || !isMadeUp(compileMapping(action.input).reads)) &&
      JSON.stringify(call.input ?? null).length <= INPUT_CHARS
    return {
      t: 'call',
      step: call.step,
      participant: call.participant,
      operation: call.operation,
      ...(isKnown ? { input: call.input } : {}),
      pivot: action?.effect === 'pivot',
    }
  }

  function tell(item: AheadItem): void {
    if (told.length < TOLD) told.push(item)
  }
}

const callsOf = (commands: readonly Command[]): CallCommand[] =>
  commands.filter((command) => command.c === 'call')

/** The next timer that goes on by itself; deadlines of people and calls are not waited out. */
function nextDue(state: SagaState): string | null {
  const due = Object.entries(state.timers)
    .filter(([timer]) => /^(wait|retry|undo):/.test(timer))
    .sort(([, a], [, b]) => a - b)[0]
  return due?.[0] ?? null
}

function leftOf(facts: readonly Fact[]): string[] | undefined {
  const ended = facts.find((fact) => fact.t === 'saga.ended')
  return ended?.t === 'saga.ended' ? (ended.left ?? []) : undefined
}

function sealed(preview: Omit<DecisionPreview, 'digest'>): DecisionPreview {
  return { ...preview, digest: digestJson(preview) }
}
