import { describe, expect, it } from 'vitest'
import {
  emptyRunView,
  foldEntries,
  foldEntry,
  itemsEnded,
  KEPT,
  type RunView,
} from '@/runtime/projection/run-view'
import {
  DOWN,
  JournalBuilder,
  NO,
  OLGA,
  START,
  started,
  succeeded,
  undoing,
} from './journal-builder'

const fold = (journal: JournalBuilder): RunView => foldEntries(journal.entries)

describe('a run that goes forward', () => {
  it('knows who started what, and when', () => {
    const view = fold(new JournalBuilder([started('a')]))
    expect(view).toMatchObject({
      seq: 1,
      status: 'RUNNING',
      definition: { name: 'launch', version: 3, digest: 'd3' },
      startedBy: OLGA,
      input: { budget: 5 },
      totalSteps: 4,
      startedAt: START,
      endedAt: null,
      order: ['a'],
    })
  })

  it('takes a step’s output from the result message of its call', () => {
    const view = fold(new JournalBuilder([started('a')]).result('a#1', { id: 7 }, [succeeded('a')]))
    expect(view.steps.get('a')).toMatchObject({
      state: 'completed',
      output: { id: 7 },
      startedAt: START,
      endedAt: START + 100,
      attempts: [
        {
          attempt: 1,
          key: 's:a',
          participant: 'svc',
          operation: 'do_a',
          input: { of: 'a' },
          output: { id: 7 },
          startedAt: START,
          endedAt: START + 100,
          startedSeq: 1,
          endedSeq: 2,
        },
      ],
    })
  })

  it('gives the output to the step whose call answered, and to no other that ends with it', () => {
    const view = fold(
      new JournalBuilder([started('a')]).result('a#1', 'mine', [
        { t: 'step.succeeded', step: 'end', attempt: 1 },
        succeeded('a'),
      ]),
    )
    expect(view.steps.get('a')?.output).toBe('mine')
    expect(view.steps.get('end')?.output).toBeUndefined()
  })

  it('finds the output of a call that answered while the saga was paused', () => {
    const view = fold(
      new JournalBuilder([started('a')])
        .add({ type: 'pause', by: OLGA, reason: 'lunch' }, [
          { t: 'saga.status', status: 'PAUSED', reason: 'lunch' },
        ])
        .result('a#1', { late: true }, [{ t: 'deferred', message: 'result' }])
        .add({ type: 'resume', by: OLGA, reason: 'back' }, [
          { t: 'saga.status', status: 'RUNNING' },
          succeeded('a'),
        ]),
    )
    expect(view.steps.get('a')).toMatchObject({ state: 'completed', output: { late: true } })
    expect(view.pauses).toEqual([{ from: START + 100, to: START + 300, reason: 'lunch' }])
    expect(view.deferred.size).toBe(0)
  })

  it('counts retries as attempts and shows when the next is due', () => {
    const journal = new JournalBuilder([started('a')]).failure('a#1', [
      { t: 'step.failed', step: 'a', attempt: 1, error: DOWN, retryAt: START + 600, final: false },
    ])
    const waiting = fold(journal).steps.get('a')
    expect(waiting).toMatchObject({ state: 'retrying', error: DOWN, endedAt: null })
    expect(waiting?.attempts[0]).toMatchObject({ error: DOWN, retryAt: START + 600 })

    journal.timer('retry:a', [started('a', 2)], 500).result('a#2', 1, [succeeded('a', 2)])
    const done = fold(journal).steps.get('a')
    expect(done).toMatchObject({ state: 'completed', attemptsTotal: 2, output: 1 })
    expect(done?.error).toBeUndefined()
    expect(done?.attempts.map((attempt) => attempt.error?.code)).toEqual(['HTTP_503', undefined])
  })

  it('keeps the first and the latest attempts when there are very many', () => {
    const journal = new JournalBuilder([started('a')])
    for (let n = 1; n <= KEPT + 50; n++) {
      journal.failure(`a#${n}`, [
        { t: 'step.failed', step: 'a', attempt: n, error: DOWN, retryAt: 0, final: false },
        started('a', n + 1),
      ])
    }
    const step = fold(journal).steps.get('a')
    expect(step?.attemptsTotal).toBe(KEPT + 51)
    expect(step?.attempts).toHaveLength(KEPT)
    expect(step?.attempts[0]?.attempt).toBe(1)
    expect(step?.attempts.at(-1)?.attempt).toBe(KEPT + 51)
  })

  it('records waits, choices, maps and children', () => {
    const view = fold(
      new JournalBuilder([{ t: 'step.waiting', step: 'w', for: 'timer', until: START + 500 }])
        .timer(
          'wait:w',
          [
            succeeded('w'),
            { t: 'choice.taken', step: 'c', branch: 1, next: 'm' },
            { t: 'step.started', step: 'm', attempt: 1 },
            { t: 'map.planned', step: 'm', items: 2 },
            { t: 'child.started', step: 'm', sagaId: 's.m.0', index: 0 },
            { t: 'child.started', step: 'm', sagaId: 's.m.1', index: 1 },
          ],
          500,
        )
        .add({ type: 'child', step: 'm', index: 1, sagaId: 's.m.1', status: 'COMPLETED' }, [
          { t: 'child.ended', step: 'm', sagaId: 's.m.1', index: 1, status: 'COMPLETED' },
        ]),
    )
    expect(view.steps.get('w')).toMatchObject({
      state: 'completed',
      waitingFor: null,
      waits: [{ for: 'timer', from: START, to: START + 500 }],
    })
    expect(view.steps.get('c')?.choice).toEqual({ branch: 1, next: 'm' })
    expect(view.steps.get('m')).toMatchObject({ state: 'running', items: 2 })
    expect(view.steps.get('m')?.children.map((child) => child.status)).toEqual([
      'RUNNING',
      'COMPLETED',
    ])
  })

  it('shows a child that is tried again beside the one before, and counts its item once', () => {
    const journal = new JournalBuilder([
      { t: 'step.started', step: 'm', attempt: 1 },
      { t: 'map.planned', step: 'm', items: 2 },
      { t: 'child.started', step: 'm', sagaId: 's.m.0', index: 0 },
      { t: 'child.started', step: 'm', sagaId: 's.m.1', index: 1 },
    ]).add({ type: 'child', step: 'm', index: 0, sagaId: 's.m.0', status: 'ROLLED_BACK' }, [
      { t: 'child.ended', step: 'm', sagaId: 's.m.0', index: 0, status: 'ROLLED_BACK' },
      { t: 'step.failed', step: 'm', attempt: 1, error: NO, final: true },
      { t: 'saga.status', status: 'PAUSED', reason: 'm failed past the pivot' },
    ])
    expect(fold(journal).steps.get('m')).toMatchObject({ state: 'failed', stuck: true })
    journal.add({ type: 'retry', step: 'm', by: OLGA, reason: 'mended' }, [
      { t: 'saga.status', status: 'RUNNING' },
      { t: 'step.started', step: 'm', attempt: 2 },
      { t: 'child.started', step: 'm', sagaId: 's.m.0~2', index: 0 },
    ])
    const step = fold(journal).steps.get('m')
    expect(step).toMatchObject({ state: 'running', stuck: false, attemptsTotal: 2 })
    expect(step?.children.map(({ sagaId, status }) => [sagaId, status])).toEqual([
      ['s.m.0', 'ROLLED_BACK'],
      ['s.m.1', 'RUNNING'],
      ['s.m.0~2', 'RUNNING'],
    ])
    expect(step && itemsEnded(step)).toBe(0)
    journal.add({ type: 'child', step: 'm', index: 0, sagaId: 's.m.0~2', status: 'COMPLETED' }, [
      { t: 'child.ended', step: 'm', sagaId: 's.m.0~2', index: 0, status: 'COMPLETED' },
    ])
    const after = fold(journal).steps.get('m')
    expect(after?.children.map((child) => child.status)).toEqual([
      'ROLLED_BACK',
      'RUNNING',
      'COMPLETED',
    ])
    expect(after && itemsEnded(after)).toBe(1)
  })
})

describe('a gate', () => {
  const opened = new JournalBuilder([
    {
      t: 'gate.opened',
      step: 'g',
      gate: 's:g:1',
      question: 'Spend 5?',
      roles: ['chairman'],
      dueAt: START + 1000,
    },
    { t: 'timer.set', timer: 'gate:g', dueAt: START + 1000 },
  ])

  it('shows its step as waiting for approval until the deadline', () => {
    const view = fold(opened)
    expect(view.steps.get('g')).toMatchObject({
      state: 'approval',
      waitingFor: { for: 'approval', since: START, until: START + 1000 },
    })
    expect(view.gates).toMatchObject([{ gate: 's:g:1', dueAt: START + 1000, closedAt: null }])
  })

  it('moves its deadline when a pause has frozen its timer', () => {
    const journal = new JournalBuilder(opened.entries[0]?.facts.slice(2))
      .add({ type: 'pause', by: OLGA, reason: 'x' }, [
        { t: 'timer.cancelled', timer: 'gate:g' },
        { t: 'saga.status', status: 'PAUSED', reason: 'x' },
      ])
      .add(
        { type: 'resume', by: OLGA, reason: 'y' },
        [
          { t: 'timer.set', timer: 'gate:g', dueAt: START + 5900 },
          { t: 'saga.status', status: 'RUNNING' },
        ],
        5000,
      )
    expect(fold(journal).gates[0]?.dueAt).toBe(START + 5900)
    expect(fold(journal).steps.get('g')?.waitingFor?.until).toBe(START + 5900)
  })

  it('closes with the decision, and the decision is kept', () => {
    const journal = new JournalBuilder(opened.entries[0]?.facts.slice(2)).add(
      {
        type: 'decide',
        step: 'g',
        decision: 'CONTINUE',
        decisionId: 'd',
        reasoning: 'Within plan',
        conditions: ['monthly report'],
        by: OLGA,
        seenSeq: 1,
      },
      [
        { t: 'gate.closed', step: 'g', gate: 's:g:1', how: 'DECIDED' },
        { t: 'step.succeeded', step: 'g', attempt: 1, output: { decision: 'CONTINUE' } },
      ],
    )
    const view = fold(journal)
    expect(view.gates[0]).toMatchObject({ how: 'DECIDED', closedAt: START + 100 })
    expect(view.steps.get('g')).toMatchObject({ state: 'completed', attempts: [] })
    expect(view.decisions).toMatchObject([
      { decision: 'CONTINUE', reasoning: 'Within plan', conditions: ['monthly report'], seq: 2 },
    ])
  })
})

describe('a run that turns back', () => {
  const failing = () =>
    new JournalBuilder([started('a')])
      .result('a#1', 'A', [
        succeeded('a'),
        { t: 'step.started', step: 'p', attempt: 1 },
        started('b'),
        started('c'),
      ])
      .result('b#1', 'B', [succeeded('b')])
      .failure('c#1', [
        { t: 'step.failed', step: 'c', attempt: 1, error: NO, final: true },
        { t: 'saga.status', status: 'COMPENSATING', reason: 'c failed' },
        undoing('b'),
      ])

  it('names the step and the error that caused it', () => {
    const view = fold(failing())
    expect(view.status).toBe('COMPENSATING')
    expect(view.cause).toMatchObject({ step: 'c', error: NO, by: null, reason: 'c failed' })
  })

  it('shows a region it left as stopped, and calls still under way as running', () => {
    const view = fold(failing())
    expect(view.steps.get('p')?.state).toBe('cancelled')
    const busy = foldEntries(
      new JournalBuilder([started('x'), started('y')]).failure('x#1', [
        { t: 'step.failed', step: 'x', attempt: 1, error: NO, final: true },
        { t: 'saga.status', status: 'COMPENSATING' },
      ]).entries,
    )
    expect(busy.steps.get('y')?.state).toBe('running')
  })

  it('numbers compensations in the order they started; those that started together share one', () => {
    const journal = failing()
      .result('b!1', {}, [
        { t: 'compensation.succeeded', step: 'b', attempt: 1 },
        undoing('x'),
        undoing('y'),
      ])
      .result('x!1', {}, [{ t: 'compensation.succeeded', step: 'x', attempt: 1 }, undoing('a')])
    const view = fold(journal)
    expect(view.compensations).toEqual(['b', 'x', 'y', 'a'])
    expect(view.compensations.map((id) => view.steps.get(id)?.compensation?.rank)).toEqual([
      1, 2, 2, 3,
    ])
  })

  it('does not take a compensation’s answer for the step’s output', () => {
    const view = fold(
      failing().result('b!1', 'undone', [{ t: 'compensation.succeeded', step: 'b', attempt: 1 }]),
    )
    expect(view.steps.get('b')).toMatchObject({
      state: 'completed',
      output: 'B',
      compensation: { state: 'compensated' },
    })
  })

  it('follows a compensation through retry, exhaustion and resolution by hand', () => {
    const journal = failing().failure('b!1', [
      { t: 'compensation.failed', step: 'b', attempt: 1, error: DOWN, retryAt: START + 900 },
    ])
    expect(fold(journal).steps.get('b')?.compensation).toMatchObject({ state: 'retrying' })
    journal.timer('undo:b', [undoing('b', 2)], 300).failure('b!2', [
      { t: 'compensation.failed', step: 'b', attempt: 2, error: DOWN },
      { t: 'compensation.exhausted', step: 'b', strategy: 'MANUAL_COMPENSATION' },
      { t: 'saga.status', status: 'PAUSED', reason: 'by hand' },
    ])
    expect(fold(journal).steps.get('b')?.compensation).toMatchObject({
      state: 'exhausted',
      attemptsTotal: 2,
      strategy: 'MANUAL_COMPENSATION',
      error: DOWN,
      rank: 1,
    })
    journal.add({ type: 'resolve', step: 'b', by: OLGA, reason: 'done at the desk' }, [
      { t: 'compensation.resolved', step: 'b', by: OLGA },
      { t: 'saga.status', status: 'COMPENSATING', reason: 'done at the desk' },
      { t: 'saga.ended', status: 'ROLLED_BACK', error: NO },
    ])
    const view = fold(journal)
    expect(view.steps.get('b')?.compensation).toMatchObject({ state: 'resolved', resolvedBy: OLGA })
    expect(view).toMatchObject({ status: 'ROLLED_BACK', error: NO })
    expect(view.cause).toMatchObject({ step: 'c' })
    expect(view.interventions).toMatchObject([{ verb: 'resolve', step: 'b' }])
  })

  it('leaves the step of an exhausted compensation completed while a gate asks about it', () => {
    const view = fold(
      failing().failure('b!1', [
        { t: 'compensation.failed', step: 'b', attempt: 1, error: DOWN },
        { t: 'compensation.exhausted', step: 'b', strategy: 'CHAIRMAN_INTERVENTION' },
        {
          t: 'gate.opened',
          step: 'b',
          gate: 's:b:undo:5',
          question: 'Again?',
          roles: ['chairman'],
        },
      ]),
    )
    expect(view.steps.get('b')).toMatchObject({
      state: 'completed',
      compensation: { state: 'exhausted' },
    })
    expect(view.gates).toHaveLength(1)
  })

  it('says who cancelled it', () => {
    const view = fold(
      new JournalBuilder([started('a')]).add({ type: 'cancel', by: OLGA, reason: 'wrong budget' }, [
        { t: 'saga.status', status: 'COMPENSATING', reason: 'wrong budget' },
      ]),
    )
    expect(view.cause).toMatchObject({
      by: { verb: 'cancel', actor: OLGA },
      reason: 'wrong budget',
      step: null,
    })
  })

  it('is open again when it is rolled back after its end, with the new cause', () => {
    const view = fold(
      new JournalBuilder([started('a')])
        .result('a#1', 1, [succeeded('a'), { t: 'saga.ended', status: 'COMPLETED', output: 9 }])
        .add({ type: 'rollBack', by: OLGA, reason: 'fraud' }, [
          { t: 'saga.status', status: 'COMPENSATING', reason: 'fraud' },
          undoing('a'),
        ]),
    )
    expect(view).toMatchObject({ status: 'COMPENSATING', endedAt: null, output: 9 })
    expect(view.cause).toMatchObject({ by: { verb: 'rollBack' } })
  })

  it('marks a step that gave up past the pivot as stuck, until it is tried again', () => {
    const journal = new JournalBuilder([started('a')]).failure('a#1', [
      { t: 'step.failed', step: 'a', attempt: 1, error: NO, final: true },
      { t: 'saga.status', status: 'PAUSED', reason: 'past the pivot' },
    ])
    expect(fold(journal).steps.get('a')).toMatchObject({ state: 'failed', stuck: true })
    journal.add({ type: 'retry', step: 'a', by: OLGA, reason: 'mended' }, [
      { t: 'saga.status', status: 'RUNNING' },
      started('a', 2),
    ])
    expect(fold(journal).steps.get('a')).toMatchObject({ state: 'running', stuck: false })
  })
})

describe('folding', () => {
  it('changes nothing for an entry it has seen', () => {
    const { entries } = new JournalBuilder([started('a')]).result('a#1', 1, [succeeded('a')])
    const view = foldEntries(entries)
    for (const entry of entries) expect(foldEntry(view, entry)).toBe(view)
    expect(view.steps.get('a')?.attemptsTotal).toBe(1)
  })

  it('makes a new object of each step that changed, and keeps the others', () => {
    const { entries } = new JournalBuilder([started('a'), started('b')]).result('a#1', 1, [
      succeeded('a'),
    ])
    const [first, second] = entries
    if (!first || !second) throw new Error('two entries were written')
    const before = foldEntry(emptyRunView(), first)
    const [a, b] = [before.steps.get('a'), before.steps.get('b')]
    const after = foldEntry(before, second)
    expect(after).not.toBe(before)
    expect(after.steps.get('a')).not.toBe(a)
    expect(after.steps.get('b')).toBe(b)
  })
})
