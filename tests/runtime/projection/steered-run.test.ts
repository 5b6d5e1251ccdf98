/**
 * What the screen offers is what the runtime takes: for generated sagas (tests/support/scenarios.ts), after each of their
 * entries, every verb is decided on the snapshot and looked up on the view folded from the same journal.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusalsOf, stepRefusalsOf } from '@/components/run/run-controls'
import type { Message } from '@/runtime/journal/entry'
import { stepsOf } from '@/runtime/projection/document-steps'
import { emptyRunView, foldEntry } from '@/runtime/projection/run-view'
import { stepsThatTake } from '@/runtime/projection/steered-run'
import { decide } from '@/runtime/saga/decide'
import type { SagaState } from '@/runtime/saga/state'
import { action, BY, DryRun, no, ok, saga } from '../../support/dry-run'
import { play, scenario } from '../../support/scenarios'

const by = { by: BY, reason: 'tried' }

/** Every verb on a run and its steps, as [what, may the runtime do it, may the screen]. */
function disagreements(run: DryRun, id: string): string[] {
  const compiled = run.compiled(id)
  const steps = stepsOf(compiled.document)
  const found: string[] = []
  let state: SagaState | null = null
  let view = emptyRunView(compiled.document)
  for (const entry of run.entries(id)) {
    const context = { entityId: id, at: entry.at, seq: entry.seq }
    const decided = decide(compiled, state, entry.message, context)
    if (!decided.accepted || !decided.changed) throw new Error(`entry ${entry.seq} is refused`)
    state = decided.state
    view = foldEntry(view, entry)
    const ask = (message: Message) => {
      const answer = decide(compiled, state, message, { ...context, seq: entry.seq + 1 })
      return answer.accepted ? null : answer.reason
    }
    const compare = (verb: string, runtime: string | null, screen: string | null) => {
      if ((runtime === null) !== (screen === null))
        found.push(`${id}@${entry.seq} ${verb}: runtime ${runtime}, screen ${screen}`)
    }
    const screen = refusalsOf(view, steps)
    compare('pause', ask({ type: 'pause', ...by }), screen.pause)
    compare('resume', ask({ type: 'resume', ...by }), screen.resume)
    compare('cancel', ask({ type: 'cancel', ...by }), screen.cancel)
    compare('rollBack', ask({ type: 'rollBack', ...by }), screen.rollBack)
    compare('signal', ask({ type: 'signal', name: 'x', payload: null, by: BY }), screen.signal)
    for (const step of steps.keys()) {
      const refusals = stepRefusalsOf(view, steps, step)
      compare(`retry ${step}`, ask({ type: 'retry', step, ...by }), refusals.retry)
      compare(`resolve ${step}`, ask({ type: 'resolve', step, ...by }), refusals.resolve)
      const happened = state.steps[step]?.state === 'unknown'
      if (happened !== (view.steps.get(step)?.state === 'unknown'))
        found.push(
          `${id}@${entry.seq} ${step}: ${state.steps[step]?.state} is shown as ${view.steps.get(step)?.state}`,
        )
    }
  }
  return found
}

describe('the screen', () => {
  it('offers what the runtime takes, and nothing else, after every entry of every saga', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const { run } = play(one)
        for (const id of run.ids()) expect(disagreements(run, id)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  const pivot = saga({
    start: 'a',
    steps: {
      a: action('a', 'p'),
      p: {
        type: 'action',
        participant: 'svc',
        operation: 'pay',
        effect: 'pivot',
        retry: { attemptsMax: 2 },
      },
    },
  })
  const quarantined = () => {
    const run = new DryRun([pivot], (call) => (call.operation === 'pay' ? no('unknown') : ok()))
      .start('test')
      .pass()
    run.send('s', { type: 'cancel', ...by })
    return run.settle()
  }

  it('has a way out of a pivot that may have happened: it can be resolved by hand', () => {
    const run = quarantined()
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['p'] })
    const steps = stepsOf(pivot)
    const view = run.entries().reduce(foldEntry, emptyRunView(pivot))
    expect(view.steps.get('p')?.state).toBe('unknown')
    expect(stepRefusalsOf(view, steps, 'p').resolve).toBeNull()
    expect(stepsThatTake('resolveStep', view, steps)).toEqual(['p'])
    expect(stepsThatTake('retryStep', view, steps)).toEqual([])
    expect(run.send('s', { type: 'resolve', step: 'p', ...by })).toMatchObject({ accepted: true })
    expect(run.state()).toMatchObject({ status: 'FAILED', left: ['p'] })
    expect(disagreements(run, 's')).toEqual([])
  })

  it('offers no second roll back by force, nor one of a completed child', () => {
    const part = saga({ ...pivot, name: 'part', start: 'x', steps: { x: action('x') } })
    const parent = saga({
      start: 'c',
      steps: { c: { type: 'saga', saga: 'part', next: 'd' }, d: action('d') },
    })
    const run = new DryRun([parent, part], (call) => (call.step === 'd' ? 'hang' : ok())).start(
      'test',
    )
    run.send('s', { type: 'rollBack', ...by })
    run.settle()
    expect(run.ids()).toContain('s..c')
    for (const id of run.ids()) expect(disagreements(run, id)).toEqual([])
  })

  it('offers no retry of a step that waits for its retry while the run is paused', () => {
    const run = new DryRun([pivot], (call) => (call.operation === 'pay' ? no('retryable') : ok()))
    run.start('test')
    run.send('s', { type: 'pause', ...by })
    const view = run.entries().reduce(foldEntry, emptyRunView(pivot))
    expect(stepRefusalsOf(view, stepsOf(pivot), 'p').retry).toContain('resume it first')
    expect(disagreements(run, 's')).toEqual([])
  })

  it.each([
    'AUTOMATIC_ROLLBACK',
    'QUARANTINE_SAGA',
    'MANUAL_COMPENSATION',
    'CHAIRMAN_INTERVENTION',
  ])('agrees with the runtime when compensations give up under %s', (onCompensationExhausted) => {
    const document = saga({
      start: 'a',
      onCompensationExhausted,
      steps: { a: action('a', 'b'), b: action('b', 'c'), c: action('c') },
    })
    for (const verb of ['retry', 'resolve', 'rollBack', 'resume'] as const) {
      const run = new DryRun([document], (call) =>
        call.kind === 'compensation' || call.step === 'c' ? no('terminal') : ok(),
      ).start('test')
      run.pass()
      for (let n = 0; n < 4; n++) {
        for (const step of ['b', 'a'])
          run.send(
            's',
            verb === 'retry' || verb === 'resolve'
              ? { type: verb, step, ...by }
              : { type: verb, ...by },
          )
        run.pass()
      }
      expect(disagreements(run, 's')).toEqual([])
    }
  })
})
