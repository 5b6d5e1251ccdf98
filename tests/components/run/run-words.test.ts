import { describe, expect, it } from 'vitest'
import { linesOf, messageWords } from '@/components/run/entry-words'
import { refusalsOf, stepRefusalsOf } from '@/components/run/run-controls'
import { newsOf } from '@/components/run/run-news'
import { stepsOf } from '@/runtime/projection/document-steps'
import { foldEntries } from '@/runtime/projection/run-view'
import {
  DOWN,
  JournalBuilder,
  NO,
  OLGA,
  started,
  succeeded,
  undoing,
} from '../../runtime/projection/journal-builder'
import { action, saga } from '../../support/dry-run'

const document = saga({
  start: 'a',
  steps: {
    a: { ...action('a', 'b'), title: 'Reserve budget' },
    b: { ...action('b', 'p'), title: 'Register' },
    p: {
      type: 'parallel',
      branches: { x: { start: 'inner', steps: { inner: action('inner') } } },
      next: 'c',
    },
    c: { type: 'action', participant: 'svc', operation: 'go', effect: 'pivot' },
  },
})
const steps = stepsOf(document)
const view = (journal: JournalBuilder) => foldEntries(journal.entries)
const forward = () => new JournalBuilder([started('a')])
const failing = () =>
  forward()
    .result('a#1', 1, [succeeded('a'), started('b')])
    .failure('b#1', [
      { t: 'step.failed', step: 'b', attempt: 1, error: NO, final: true },
      { t: 'saga.status', status: 'COMPENSATING' },
      undoing('a'),
    ])
const exhausted = () =>
  failing().failure('a!1', [
    { t: 'compensation.failed', step: 'a', attempt: 1, error: DOWN },
    { t: 'compensation.exhausted', step: 'a', strategy: 'AUTOMATIC_ROLLBACK' },
    { t: 'saga.status', status: 'QUARANTINED', reason: 'Could not be compensated: a' },
  ])

describe('the steps of a document', () => {
  it('include those of nested regions', () => {
    expect([...steps.keys()]).toEqual(['a', 'b', 'p', 'inner', 'c'])
  })
})

describe('the verbs of a run', () => {
  it('lets a running run be paused, cancelled and rolled back, not resumed', () => {
    expect(refusalsOf(view(forward()), steps)).toEqual({
      pause: null,
      resume: 'The run is running; only a paused one resumes',
      cancel: null,
      rollBack: null,
      signal: null,
    })
  })

  it('does not cancel past the pivot, and says what to do instead', () => {
    const journal = forward().result('a#1', 1, [succeeded('a'), started('c')])
    expect(refusalsOf(view(journal), steps).cancel).toContain('is being committed')
    journal.result('c#1', 1, [succeeded('c'), started('b')])
    expect(refusalsOf(view(journal), steps).cancel).toContain('roll it back by force')
    expect(refusalsOf(view(journal), steps).rollBack).toBeNull()
  })

  it('neither cancels nor signals what compensates already', () => {
    const refusals = refusalsOf(view(failing()), steps)
    expect(refusals.cancel).toBe('The run is compensating already')
    expect(refusals.signal).toContain('takes no signals')
    expect(refusals.pause).toBeNull()
  })

  it('offers nothing but a forced roll back on a completed run', () => {
    const journal = forward().result('a#1', 1, [
      succeeded('a'),
      { t: 'saga.ended', status: 'COMPLETED' },
    ])
    const { rollBack, ...others } = refusalsOf(view(journal), steps)
    expect(rollBack).toBeNull()
    expect(Object.values(others).every((refusal) => refusal !== null)).toBe(true)
  })

  it('retries what waits, is stuck or has given up; nothing else', () => {
    const retry = (journal: JournalBuilder, step = 'a') =>
      stepRefusalsOf(view(journal), steps, step).retry
    expect(retry(forward(), 'c')).toContain('has not entered step “c”')
    expect(retry(forward())).toContain('Only a step that waits')
    const waiting = forward().failure('a#1', [
      { t: 'step.failed', step: 'a', attempt: 1, error: DOWN, retryAt: 9, final: false },
    ])
    expect(retry(waiting)).toBeNull()
    expect(retry(exhausted())).toBeNull()
  })

  it('resolves by hand an exhausted compensation, and an effect left standing in quarantine', () => {
    const resolve = (journal: JournalBuilder, step = 'a') =>
      stepRefusalsOf(view(journal), steps, step).resolve
    expect(resolve(exhausted())).toBeNull()
    expect(resolve(exhausted(), 'b')).not.toBeNull()
    expect(resolve(forward().result('a#1', 1, [succeeded('a')]))).not.toBeNull()
  })
})

describe('the news of a run', () => {
  it('is none while all goes well', () => {
    expect(newsOf(view(forward()), steps)).toBeNull()
  })

  it('is that of a child that waits for somebody, with the way to it', () => {
    const waits = {
      sagaId: 's.x',
      name: 'Ship',
      for: 'owner',
      gateId: null,
      reason: 'Cannot undo h',
    } as const
    expect(newsOf(view(forward()), steps, waits)).toMatchObject({
      tone: 'failed',
      title: 'It waits: its part Ship is quarantined',
      why: 'Cannot undo h',
      run: 's.x',
    })
  })

  it('is that of a step that is tried again', () => {
    const retrying = forward().failure('a#1', [
      { t: 'step.failed', step: 'a', attempt: 1, error: DOWN, retryAt: 9, final: false },
    ])
    expect(newsOf(view(retrying), steps)).toMatchObject({
      tone: 'timed-out',
      title: '“Reserve budget” failed and is tried again',
      why: 'HTTP_503: the service is down',
      step: 'a',
    })
  })

  it('says which step failed, why, and how far the way back is', () => {
    expect(newsOf(view(failing()), steps)).toMatchObject({
      tone: 'compensating',
      title: '“Register” failed',
      why: 'REFUSED: the service refused',
      step: 'b',
      next: expect.stringContaining('0 of 1 started so far are done'),
    })
  })

  it('still names the first failure once everything is compensated', () => {
    const journal = failing().result('a!1', {}, [
      { t: 'compensation.succeeded', step: 'a', attempt: 1 },
      { t: 'saga.ended', status: 'ROLLED_BACK', error: NO },
    ])
    expect(newsOf(view(journal), steps)).toMatchObject({
      tone: 'compensated',
      title: '“Register” failed',
      next: 'Rolled back: 1 step is compensated. No effect is left standing.',
    })
  })

  it('asks for an owner in quarantine and points at the step', () => {
    expect(newsOf(view(exhausted()), steps)).toMatchObject({
      tone: 'failed',
      step: 'a',
      why: 'Could not be undone: “Reserve budget”. HTTP_503: the service is down',
    })
  })

  it('names who cancelled', () => {
    const journal = forward().add({ type: 'cancel', by: OLGA, reason: 'wrong budget' }, [
      { t: 'saga.status', status: 'COMPENSATING', reason: 'wrong budget' },
    ])
    expect(newsOf(view(journal), steps)).toMatchObject({
      title: 'Cancelled by Olga',
      why: 'wrong budget',
    })
  })

  it('shows the open gate’s question and where to decide', () => {
    const journal = new JournalBuilder([
      { t: 'gate.opened', step: 'c', gate: 's:c:1', question: 'Go on?', roles: ['chairman'] },
    ])
    expect(newsOf(view(journal), steps)).toMatchObject({
      tone: 'approval',
      title: 'Go on?',
      gate: 's:c:1',
      next: 'Waits for a decision by chairman.',
    })
  })

  it('names the effects left standing when it ended in failure', () => {
    const journal = exhausted().add({ type: 'resolve', step: 'a', by: OLGA, reason: 'accepted' }, [
      { t: 'compensation.resolved', step: 'a', by: OLGA },
      { t: 'saga.ended', status: 'FAILED', error: NO, left: ['a'] },
    ])
    expect(newsOf(view(journal), steps)?.title).toBe(
      'Ended with effects left standing: “Reserve budget”',
    )
  })
})

describe('journal entries in words', () => {
  const title = (id: string) => steps.get(id)?.title ?? id

  it('says what was done and when it is tried again', () => {
    const entry = forward().failure('a#1', [
      {
        t: 'step.failed',
        step: 'a',
        attempt: 1,
        error: DOWN,
        retryAt: new JournalBuilder().at + 2_100,
        final: false,
      },
      { t: 'timer.set', timer: 'retry:a', dueAt: new JournalBuilder().at + 2_100 },
    ]).entries[1]
    if (!entry) throw new Error('the entry was written')
    expect(linesOf(entry, title)).toEqual([
      {
        words: 'Reserve budget failed: HTTP_503, again in 2.0 s',
        tone: 'timed-out',
        step: 'a',
        minor: false,
      },
      { words: 'Timer retry:a set for 2.0 s', tone: 'idle', step: null, minor: true },
    ])
  })

  it('quotes people with their reasons', () => {
    expect(messageWords({ type: 'pause', by: OLGA, reason: 'audit' })).toBe('Paused by Olga: audit')
    expect(
      messageWords({
        type: 'decide',
        step: 'g',
        decision: 'FORCE_COMPENSATION',
        decisionId: 'd',
        reasoning: 'fraud',
        conditions: [],
        by: OLGA,
        seenSeq: 1,
      }),
    ).toBe('Olga decided force compensation: fraud')
  })
})
