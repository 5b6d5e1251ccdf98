import { describe, expect, it } from 'vitest'
import {
  effectWords,
  inputWords,
  previewChanges,
  reasoningProblem,
  verbOf,
} from '@/components/approval/decision-words'
import { groupGates, urgencyOf } from '@/components/approval/gate-groups'
import type { DecisionPreview } from '@/runtime/runtime'
import type { GateListItem } from '@/server/api/contract'

const preview = (patch: Partial<DecisionPreview>): DecisionPreview => ({
  decision: 'CONTINUE',
  gate: 'approval',
  allowed: true,
  status: 'RUNNING',
  finalStatus: 'COMPLETED',
  starts: [],
  compensates: [],
  irreversible: [],
  timersCancelled: [],
  ahead: [],
  digest: 'd',
  ...patch,
})
const undo = (step: string, rank: number) => ({
  step,
  participant: 'svc',
  operation: `undo_${step}`,
  key: `s:${step}:compensate`,
  rank,
})
const title = (step: string) => step.toUpperCase()

describe('a decision’s button', () => {
  it.each([
    [preview({ starts: [{ step: 'pay' }] }), 'Continue with PAY'],
    [preview({ starts: [{ step: 'pay' }, { step: 'tell' }] }), 'Continue with 2 steps'],
    [preview({}), 'Continue'],
    [preview({ decision: 'PAUSE' }), 'Pause the saga'],
    [
      preview({ decision: 'ABORT', compensates: [undo('a', 1), undo('b', 2), undo('c', 2)] }),
      'Abort and compensate 3 steps',
    ],
    [preview({ decision: 'ABORT' }), 'Abort the saga'],
    [
      preview({ decision: 'FORCE_COMPENSATION', compensates: [undo('a', 1)] }),
      'Force compensation of 1 step',
    ],
  ])('is named by its effect', (given, words) => {
    expect(verbOf(given, title)).toBe(words)
  })

  it('counts a step once, however often its compensation would run', () => {
    const given = preview({ decision: 'ABORT', compensates: [undo('a', 1), undo('a', 2)] })
    expect(verbOf(given, title)).toBe('Abort and compensate 1 step')
    expect(effectWords(given)).toContain('1 step')
  })
})

describe('the words of a decision', () => {
  const failed = (patch: Partial<DecisionPreview>) =>
    preview({ gate: 'undo', status: 'COMPENSATING', finalStatus: 'ROLLED_BACK', ...patch })

  it('come from the preview at a compensation that failed', () => {
    const abort = failed({
      decision: 'ABORT',
      status: 'QUARANTINED',
      finalStatus: 'QUARANTINED',
      irreversible: ['a', 'b'],
    })
    expect(effectWords(abort)).toBe('Stops undoing; the run is quarantined and 2 steps stand')
    expect(verbOf(abort, title)).toBe('Leave it and quarantine')
    const again = failed({ compensates: [undo('a', 1)] })
    expect(effectWords(again)).toBe('Tries again to undo what failed')
    expect(verbOf(again, title)).toBe('Try again to undo A')
    const forced = failed({ decision: 'FORCE_COMPENSATION', compensates: [undo('a', 1)] })
    expect(effectWords(forced)).toContain('the same as Continue')
  })

  it('name what cannot be undone, behind the gate and before it', () => {
    const pivot = {
      t: 'call',
      step: 'pay',
      participant: 'p',
      operation: 'pay',
      pivot: true,
    } as const
    expect(effectWords(preview({ starts: [{ step: 'tell' }], ahead: [pivot] }))).toBe(
      'Opens the gate; 1 step starts; then one that cannot be undone',
    )
    const abort = preview({ decision: 'ABORT', compensates: [undo('a', 1)], irreversible: ['b'] })
    expect(effectWords(abort)).toBe('Ends forward work and undoes 1 step; 1 step cannot be undone')
  })

  it('show plain fields of what a call is sent', () => {
    expect(inputWords({ amount: 185000, currency: 'EUR', lines: [1] })).toBe(
      'amount 185,000 · currency EUR',
    )
    expect(inputWords(undefined)).toBeNull()
  })
})

describe('a reason', () => {
  it('is needed for all but continuing', () => {
    expect(reasoningProblem('CONTINUE', '')).toBeNull()
    expect(reasoningProblem('PAUSE', '  ')).not.toBeNull()
    expect(reasoningProblem('ABORT', 'x')).toBeNull()
  })

  it('has at least 20 characters before anything is forced', () => {
    expect(reasoningProblem('FORCE_COMPENSATION', 'x'.repeat(19))).toContain('19 so far')
    expect(reasoningProblem('FORCE_COMPENSATION', 'x'.repeat(20))).toBeNull()
  })
})

describe('a saga that moved on', () => {
  it('is told by what the decision would now do differently', () => {
    const before = preview({
      decision: 'ABORT',
      compensates: [undo('a', 1)],
      finalStatus: 'ROLLED_BACK',
    })
    const after = preview({
      decision: 'ABORT',
      compensates: [undo('a', 1), undo('b', 2)],
      irreversible: ['pay'],
      finalStatus: 'FAILED',
    })
    expect(previewChanges(before, after, title)).toEqual([
      'Would now also be undone: B',
      'Can now no longer be undone: PAY',
      'Would now end failed, not rolled back',
    ])
    expect(previewChanges(before, { ...before, digest: 'other' }, title)).toEqual([])
  })

  it('says when the decision is not possible any more', () => {
    expect(
      previewChanges(preview({}), preview({ allowed: false, refusal: 'past the pivot' }), title),
    ).toEqual(['No longer possible: past the pivot'])
  })
})

describe('the list of gates', () => {
  const now = Date.UTC(2026, 10, 23, 12)
  const gate = (gateId: string, dueInMs: number | null, mayDecide = true): GateListItem => ({
    gateId,
    sagaId: 's',
    step: 'g',
    about: 'approval',
    sagaName: 'Launch',
    definition: 'launch',
    ventureName: null,
    question: '?',
    roles: ['chairman'],
    status: 'OPEN',
    openedAt: new Date(now - 1000),
    dueAt: dueInMs === null ? null : new Date(now + dueInMs),
    closedAt: null,
    mayDecide,
    mayNotDecide: mayDecide ? null : 'not you',
  })

  it('puts the most urgent first and what others decide last', () => {
    const groups = groupGates(
      [
        gate('none', null),
        gate('soon', 60_000),
        gate('others', 1000, false),
        gate('later', 3 * 86_400_000),
        gate('sooner', 1_000),
        gate('today', 7_200_000),
        { ...gate('failed', null), about: 'compensation' as const },
      ],
      now,
    )
    expect(groups.map((group) => [group.title, group.gates.map((each) => each.gateId)])).toEqual([
      ['Could not be undone', ['failed']],
      ['Due within the hour', ['sooner', 'soon']],
      ['Due today', ['today']],
      ['Later', ['later']],
      ['Without a deadline', ['none']],
      ['Waiting on others', ['others']],
    ])
  })

  it.each([
    [0, 'calm', 1000],
    [749, 'calm', 251],
    [750, 'soon', 250],
    [900, 'now', 100],
    [2000, 'now', 0],
  ])(
    'is amber from a quarter and red from a tenth of the time: after %d of 1000',
    (now, urgency, left) => {
      expect(urgencyOf({ openedAt: 0, dueAt: 1000 }, now)).toEqual({ leftMs: left, urgency })
    },
  )
})
