/** What decisions would do, told before anybody decides. */
import { describe, expect, it } from 'vitest'
import type { Decision } from '@/runtime/journal/entry'
import { previewGate } from '@/runtime/saga/preview'
import { action, BY, DryRun, no, ok, saga } from '../../support/dry-run'

const LAUNCH = saga({
  start: 'reserve',
  steps: {
    reserve: action('reserve', 'g'),
    g: { type: 'approval', question: 'Go?', roles: ['chairman'], next: 'cool' },
    cool: { type: 'wait', forMs: 3000, next: 'charge' },
    charge: action('charge', 'register', { input: { amount: 'input.amount' } }),
    register: {
      type: 'action',
      participant: 'registry',
      operation: 'register',
      effect: 'pivot',
      input: { receipt: 'steps.charge.id' },
      next: 'told',
    },
    told: { type: 'signal', signal: 'told', next: 'end' },
    end: { type: 'end', outcome: 'completed' },
  },
})

function previewOf(run: DryRun, step: string, decision: Decision) {
  const state = run.state()
  const seen = previewGate(run.compiled(), state, step, { seq: run.entries().length, at: run.now })
  const found = seen.previews.find((preview) => preview.decision === decision)
  if (!found) throw new Error(`no preview of ${decision}`)
  return found
}

describe('continuing', () => {
  it('is told through waits to where the run next waits for somebody', () => {
    const run = new DryRun([LAUNCH]).start('test', { amount: 185_000 })
    const preview = previewOf(run, 'g', 'CONTINUE')
    expect(preview.ahead).toEqual([
      { t: 'wait', step: 'cool', forMs: 3000 },
      {
        t: 'call',
        step: 'charge',
        participant: 'svc',
        operation: 'do_charge',
        input: { amount: 185_000 },
        pivot: false,
      },
      // Its input depends on an answer that is still to come.
      { t: 'call', step: 'register', participant: 'registry', operation: 'register', pivot: true },
      { t: 'signal', step: 'told' },
    ])
    expect(preview.finalStatus).toBe('RUNNING')
  })

  it('ends where a choice depends on an answer that is still to come', () => {
    const document = saga({
      start: 'g',
      steps: {
        g: { type: 'approval', question: 'Go?', roles: ['chairman'], next: 'rate' },
        rate: action('rate', 'c'),
        c: {
          type: 'choice',
          branches: [{ when: 'steps.rate.risk > 5', next: 'x' }],
          otherwise: 'y',
        },
        x: action('x'),
        y: action('y'),
      },
    })
    const preview = previewOf(new DryRun([document]).start('test'), 'g', 'CONTINUE')
    expect(preview.ahead.map((item) => [item.t, item.step])).toEqual([
      ['call', 'rate'],
      ['depends', 'c'],
    ])
  })

  it('has the same digest however often it is asked, and another when the way ahead changes', () => {
    const run = new DryRun([LAUNCH]).start('test', { amount: 1 })
    const first = previewOf(run, 'g', 'CONTINUE').digest
    run.now += 60_000
    expect(previewOf(run, 'g', 'CONTINUE').digest).toBe(first)
    const other = new DryRun([LAUNCH]).start('test', { amount: 2 })
    expect(previewOf(other, 'g', 'CONTINUE').digest).not.toBe(first)
  })
})

describe('a gate on a compensation that failed', () => {
  const document = saga({
    start: 'a',
    onCompensationExhausted: 'CHAIRMAN_INTERVENTION',
    steps: { a: { ...action('a', 'b'), title: 'Reserve the budget' }, b: action('b') },
  })
  const stuck = () =>
    new DryRun([document], (call) =>
      call.kind === 'compensation' || call.step === 'b' ? no('terminal') : ok(),
    )
      .start('test')
      .pass()

  it('asks by the step’s title, and tells that aborting leaves it standing', () => {
    const run = stuck()
    expect(run.facts().find((fact) => fact.t === 'gate.opened')).toMatchObject({
      question: expect.stringContaining('The compensation of Reserve the budget failed for good'),
    })
    const abort = previewOf(run, 'a', 'ABORT')
    expect(abort).toMatchObject({ gate: 'undo', status: 'QUARANTINED', irreversible: ['a'] })
    expect(previewOf(run, 'a', 'CONTINUE')).toMatchObject({
      gate: 'undo',
      compensates: [{ step: 'a', operation: 'undo_a' }],
      finalStatus: 'ROLLED_BACK',
    })
    const by = { reasoning: 'left', conditions: [], by: BY, seenSeq: run.entries().length }
    run.send('s', { type: 'decide', step: 'a', decision: 'ABORT', decisionId: 'd', ...by })
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['a'] })
  })
})
