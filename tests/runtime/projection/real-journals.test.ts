/**
 * Folds what `decide` really writes and compares the view with the snapshot: the two are made from the same messages
 * by different code, so they must agree on every step.
 */
import { describe, expect, it } from 'vitest'
import type { Message } from '@/runtime/journal/entry'
import { emptyRunView, foldEntries } from '@/runtime/projection/run-view'
import { action, BY, DryRun, no, ok, saga } from '../../support/dry-run'

const chain = saga({
  start: 'a',
  retry: { attemptsMax: 2, delayMs: 100, jitter: 0 },
  steps: {
    a: action('a', 'p'),
    p: {
      type: 'parallel',
      join: 'any',
      branches: {
        left: { start: 'b', steps: { b: action('b') } },
        right: { start: 'c', steps: { c: action('c') } },
      },
      next: 'g',
    },
    g: { type: 'approval', question: 'Go on?', timeoutMs: 60_000, next: 'd' },
    d: action('d'),
  },
})

const decide = (decision: 'CONTINUE' | 'ABORT', seenSeq: number): Message => ({
  type: 'decide',
  step: 'g',
  decision,
  decisionId: 'x',
  reasoning: 'because',
  conditions: [],
  by: BY,
  seenSeq,
})

describe('the view of a real journal', () => {
  it('agrees with the snapshot when all goes well', () => {
    const run = new DryRun([chain], (call) => ok({ from: call.operation })).start('test')
    run.send('s', decide('CONTINUE', run.entries().length))
    run.settle()
    const view = foldEntries(run.entries())
    expect(view.status).toBe('COMPLETED')
    expect(view.steps.get('a')?.output).toEqual({ from: 'do_a' })
    expect(view.steps.get('d')?.output).toEqual({ from: 'do_d' })
    for (const [id, record] of Object.entries(run.state().steps)) {
      if (record.state === 'completed')
        expect([id, view.steps.get(id)?.state]).toEqual([id, 'completed'])
    }
  })

  it('agrees with the snapshot about retries, a failure and the way back', () => {
    const run = new DryRun([chain], (call) =>
      call.operation === 'do_d' ? no('retryable') : ok({ from: call.operation }),
    ).start('test')
    run.send('s', decide('CONTINUE', run.entries().length))
    run.pass(10_000)
    const view = foldEntries(run.entries())
    const state = run.state()
    expect(view.status).toBe(state.status)
    expect(view.status).toBe('ROLLED_BACK')
    expect(view.cause?.step).toBe('d')
    expect(view.steps.get('d')?.attemptsTotal).toBe(2)
    for (const [id, record] of Object.entries(state.steps)) {
      expect([id, view.steps.get(id)?.compensation?.state === 'compensated']).toEqual([
        id,
        record.undo?.state === 'completed',
      ])
    }
    expect(view.compensations.at(-1)).toBe('a')
  })

  it('shows a join as completed once its losing branches are compensated, before the run ends', () => {
    const run = new DryRun([chain]).start('test')
    expect(run.state().gates.g).toBeDefined()
    expect(run.state().steps.p?.state).toBe('completed')
    const view = foldEntries(run.entries(), emptyRunView(chain))
    expect(view.steps.get('p')?.state).toBe('completed')
  })

  it('knows outputs that arrived while the saga was paused', () => {
    const run = new DryRun([chain], (call) => (call.operation === 'do_a' ? 'hang' : ok()))
    run.start('test')
    run.send('s', { type: 'pause', by: BY, reason: 'lunch' })
    run.send('s', { type: 'result', call: 'a#1', outcome: { ok: true, output: 'late' } })
    run.send('s', { type: 'resume', by: BY, reason: 'back' })
    const view = foldEntries(run.entries())
    expect(run.state().steps.a?.output).toBe('late')
    expect(view.steps.get('a')).toMatchObject({ state: 'completed', output: 'late' })
  })

  it('ends no run with a step that still seems to work', () => {
    for (const fails of ['do_a', 'do_b', 'do_d', 'none']) {
      const run = new DryRun([chain], (call) =>
        call.operation === fails ? no('terminal') : ok({}),
      ).start('test')
      if (run.state().gates.g) run.send('s', decide('CONTINUE', run.entries().length))
      run.pass(120_000)
      const view = foldEntries(run.entries())
      if (view.endedAt === null) continue
      for (const step of view.steps.values()) {
        expect([fails, step.step, step.state]).not.toContain('running')
        expect([fails, step.step, step.state]).not.toContain('approval')
      }
    }
  })
})
