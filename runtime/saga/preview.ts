/**
 * What each decision at a gate would do: `decide` itself on the stored snapshot, then the rest of the run with every call
 * answered well, until the saga ends or waits for somebody. Nothing is stored and nothing is called.
 */
import type { CompiledSaga } from '../compiler/compile'
import type { Command, Decision, Fact, Message, SagaStatus } from '../journal/entry'
import type { DecisionPreview, GatePreview } from '../runtime'
import { digestJson } from '../security/digest'
import { decide } from './decide'
import type { SagaState } from './state'

const DECISIONS: readonly Decision[] = ['CONTINUE', 'PAUSE', 'ABORT', 'FORCE_COMPENSATION']
/** Calls answered before a preview stops looking ahead. */
const LOOK_AHEAD = 2_000

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
  if (!decided.accepted || !decided.changed)
    return sealed({
      decision,
      allowed: false,
      ...(decided.accepted ? {} : { refusal: decided.reason }),
      status: state.status,
      finalStatus: state.status,
      starts: [],
      compensates: [],
      irreversible: [],
      timersCancelled: [],
    })
  const ahead = lookAhead(saga, decided.state, decided.commands, decided.facts, context)
  return sealed({
    decision,
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
  })
}

/** Answers every call with success, round by round; a round's compensations run at the same time. */
function lookAhead(
  saga: CompiledSaga,
  first: SagaState,
  commands: Command[],
  facts: Fact[],
  context: { seq: number; at: number },
): { status: SagaStatus; compensates: DecisionPreview['compensates']; left: string[] } {
  const compensates: DecisionPreview['compensates'] = []
  let state = first
  let seq = context.seq + 1
  let answered = 0
  let rank = 1
  let left = leftOf(facts)
  // Calls that were under way before the decision settle first.
  let round: { call: string }[] = [
    ...Object.values(first.calls).filter(
      (call) => !commands.some((c) => c.c === 'call' && c.call === call.call),
    ),
    ...commands.filter((command) => command.c === 'call'),
  ]
  note(round as Command[])
  while (round.length > 0 && answered < LOOK_AHEAD && !state.paused) {
    const next: Command[] = []
    for (const { call } of round) {
      const decided = decide(
        saga,
        state,
        { type: 'result', call, outcome: { ok: true, output: {} } },
        // `first` was decided for this preview alone; its records are not looked at again.
        { entityId: state.id, at: context.at, seq: ++seq, owned: true },
      )
      answered++
      if (!decided.accepted || !decided.changed) continue
      state = decided.state
      next.push(...decided.commands.filter((command) => command.c === 'call'))
      left = leftOf(decided.facts) ?? left
    }
    rank++
    note(next)
    round = next.flatMap((command) => (command.c === 'call' ? [command] : []))
  }
  return { status: state.status, compensates, left: left ?? state.left ?? [] }

  function note(commands: readonly Command[]): void {
    for (const command of commands)
      if (command.c === 'call' && command.kind === 'compensation')
        compensates.push({
          step: command.step,
          participant: command.participant,
          operation: command.operation,
          key: command.key,
          rank,
        })
  }
}

function leftOf(facts: readonly Fact[]): string[] | undefined {
  const ended = facts.find((fact) => fact.t === 'saga.ended')
  return ended?.t === 'saga.ended' ? (ended.left ?? []) : undefined
}

function sealed(preview: Omit<DecisionPreview, 'digest'>): DecisionPreview {
  return { ...preview, digest: digestJson(preview) }
}
