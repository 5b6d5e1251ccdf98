import { describe, expect, it } from 'vitest'
import type { Decision } from '@/runtime/journal/entry'
import { action, BY, DryRun, no, ok, saga } from '../../support/dry-run'

const by = { by: BY, reason: 'test' }
const once = { retry: { attemptsMax: 1 } }
const straight = (more: Record<string, unknown> = {}) =>
  saga({ start: 'a', steps: { a: action('a', 'b'), b: action('b', 'c'), c: action('c') }, ...more })

describe('forward', () => {
  it('calls the steps in order and completes', () => {
    const run = new DryRun([straight()]).start('test')
    expect(run.operations).toEqual(['do_a', 'do_b', 'do_c'])
    expect(run.state().status).toBe('COMPLETED')
    expect(run.state().timers).toEqual({})
    expect(run.state().calls).toEqual({})
  })

  it('keeps one idempotency key over all attempts of a step', () => {
    let tries = 0
    const run = new DryRun([straight()], (call) =>
      call.step === 'b' && ++tries < 3 ? no('retryable') : ok(),
    )
      .start('test')
      .pass(60_000)
    const calls = run.calls.filter((call) => call.step === 'b')
    expect(calls.map((call) => call.key)).toEqual(['s:b', 's:b', 's:b'])
    expect(calls.map((call) => call.call)).toEqual(['b#1', 'b#2', 'b#3'])
    expect(run.state().status).toBe('COMPLETED')
  })

  it('passes inputs and outputs through mappings', () => {
    const document = saga({
      start: 'a',
      steps: {
        a: action('a', 'b', { input: { sum: 'input.x + 1', fixed: true } }),
        b: action('b', 'done', { input: { from: 'steps.a.id' } }),
        done: { type: 'end', output: { id: 'steps.b.id' } },
      },
    })
    const run = new DryRun([document], (call) => ok({ id: `of ${call.step}` })).start('test', {
      x: 4,
    })
    expect(run.calls.map((call) => call.input)).toEqual([{ sum: 5, fixed: true }, { from: 'of a' }])
    expect(run.state().output).toEqual({ id: 'of b' })
  })

  it('takes the first branch whose condition is true, else the otherwise', () => {
    const document = saga({
      start: 'which',
      steps: {
        which: {
          type: 'choice',
          branches: [{ when: 'input.n > 10', next: 'big' }],
          otherwise: 'small',
        },
        big: action('big'),
        small: action('small'),
      },
    })
    expect(new DryRun([document]).start('test', { n: 11 }).operations).toEqual(['do_big'])
    expect(new DryRun([document]).start('test', { n: 9 }).operations).toEqual(['do_small'])
  })

  it('waits for a timer, a signal and a callback without anything running', () => {
    const document = saga({
      start: 'w',
      steps: {
        w: { type: 'wait', forMs: 1000, next: 'sig' },
        sig: { type: 'signal', signal: 'go', timeoutMs: 5000, next: 'a' },
        a: action('a'),
      },
    })
    const run = new DryRun([document], () => ({ pending: true })).start('test')
    expect(run.state().timers).toEqual({ 'wait:w': 1_001_000 })
    run.pass(1500)
    run.send('s', { type: 'signal', name: 'go', payload: { yes: 1 } })
    run.settle()
    expect(run.state().steps.sig?.output).toEqual({ yes: 1 })
    expect(run.state().calls['a#1']?.pending).toBe(true)
    run.send('s', { type: 'result', call: 'a#1', outcome: ok() })
    expect(run.settle().state().status).toBe('COMPLETED')
  })

  it('keeps a signal that comes before anybody waits for it', () => {
    const document = saga({
      start: 'w',
      steps: {
        w: { type: 'wait', forMs: 1000, next: 'sig' },
        sig: { type: 'signal', signal: 'go' },
      },
    })
    const run = new DryRun([document]).start('test')
    run.send('s', { type: 'signal', name: 'go', payload: 7 })
    expect(run.pass(2000).state().status).toBe('COMPLETED')
  })

  it('runs a map as child sagas, no more at once than its concurrency', () => {
    const document = saga({
      start: 'each',
      steps: {
        each: {
          type: 'map',
          items: 'input.list',
          concurrency: 2,
          region: {
            start: 'one',
            steps: { one: action('one', undefined, { input: { v: 'item * 2' } }) },
          },
          output: { r: 'steps.one.r' },
        },
      },
    })
    const run = new DryRun([document], (call) => ok({ r: (call.input as { v: number }).v + 1 }))
    run.start('test', { list: [1, 2, 3, 4, 5] })
    expect(run.state().status).toBe('COMPLETED')
    expect(run.state().steps.each?.output).toEqual([
      { r: 3 },
      { r: 5 },
      { r: 7 },
      { r: 9 },
      { r: 11 },
    ])
    expect(run.ids()).toContain('s..each.4')
  })

  it('gives a child saga its input and takes its output', () => {
    const child = saga({
      name: 'child',
      start: 'x',
      steps: { x: action('x', 'e'), e: { type: 'end', output: { got: 'input.v' } } },
    })
    const parent = saga({
      start: 'sub',
      steps: { sub: { type: 'saga', saga: 'child', input: { v: 'input.n' } } },
    })
    const run = new DryRun([parent, child]).start('test', { n: 3 })
    expect(run.state().steps.sub?.output).toEqual({ got: 3 })
    expect(run.state().status).toBe('COMPLETED')
  })
})

describe('compensation', () => {
  it('undoes completed steps in reverse order and skips the one that certainly did not happen', () => {
    const run = new DryRun([straight()], (call) =>
      call.operation === 'do_c' ? no('terminal', 'NO') : ok(),
    )
    run.start('test')
    expect(run.operations).toEqual(['do_a', 'do_b', 'do_c', 'undo_b', 'undo_a'])
    expect(run.state().status).toBe('ROLLED_BACK')
    expect(run.state().error?.code).toBe('NO')
  })

  it('undoes a step whose outcome stayed unknown, naming the forward key', () => {
    const document = straight({ retry: { attemptsMax: 2 } })
    const run = new DryRun([document], (call) => (call.operation === 'do_c' ? no('unknown') : ok()))
      .start('test')
      .pass()
    expect(run.operations).toEqual(['do_a', 'do_b', 'do_c', 'do_c', 'undo_c', 'undo_b', 'undo_a'])
    const undo = run.calls.find((call) => call.operation === 'undo_c')
    expect(undo).toMatchObject({ key: 's:c:compensate', undoes: 's:c' })
  })

  it('undoes a step that failed terminally after an attempt with unknown outcome', () => {
    let tries = 0
    const run = new DryRun([straight()], (call) =>
      call.operation === 'do_c' ? (++tries === 1 ? no('unknown') : no('terminal')) : ok(),
    )
      .start('test')
      .pass()
    expect(run.operations.filter((operation) => operation === 'undo_c')).toHaveLength(1)
  })

  it('undoes parallel branches at the same time and what came before them last', () => {
    const branch = (id: string) => ({ start: id, steps: { [id]: action(id) } })
    const document = saga({
      start: 'a',
      steps: {
        a: action('a', 'p'),
        p: { type: 'parallel', branches: { l: branch('l'), r: branch('r') }, next: 'z' },
        z: action('z', undefined, once),
      },
    })
    const run = new DryRun([document], (call) =>
      call.operation === 'do_z'
        ? no('terminal')
        : call.operation.startsWith('undo')
          ? 'hang'
          : ok(),
    ).start('test')
    expect(run.operations.slice(-2).sort()).toEqual(['undo_l', 'undo_r'])
    run.send('s', { type: 'result', call: 'l!1', outcome: ok() })
    expect(run.operations).not.toContain('undo_a')
    run.send('s', { type: 'result', call: 'r!1', outcome: ok() })
    expect(run.operations.at(-1)).toBe('undo_a')
  })

  it('does not overtake a forward call that still runs', () => {
    const branch = (id: string) => ({ start: id, steps: { [id]: action(id, undefined, once) } })
    const document = saga({
      start: 'p',
      steps: { p: { type: 'parallel', branches: { slow: branch('slow'), bad: branch('bad') } } },
    })
    const run = new DryRun([document], (call) =>
      call.operation === 'do_slow' ? 'hang' : call.operation === 'do_bad' ? no('terminal') : ok(),
    ).start('test')
    expect(run.state().status).toBe('COMPENSATING')
    expect(run.operations).not.toContain('undo_slow')
    run.send('s', { type: 'result', call: 'slow#1', outcome: ok() })
    run.settle()
    expect(run.operations).toContain('undo_slow')
    expect(run.state().status).toBe('ROLLED_BACK')
  })

  it('compensates the losers of an any join before it goes on', () => {
    const branch = (id: string) => ({ start: id, steps: { [id]: action(id) } })
    const document = saga({
      start: 'p',
      steps: {
        p: {
          type: 'parallel',
          join: 'any',
          branches: { x: branch('x'), y: branch('y') },
          next: 'z',
        },
        z: action('z'),
      },
    })
    const run = new DryRun([document], (call) => (call.operation === 'do_y' ? 'hang' : ok())).start(
      'test',
    )
    expect(run.operations).toEqual(['do_x', 'do_y'])
    run.send('s', { type: 'result', call: 'y#1', outcome: ok() })
    run.settle()
    expect(run.operations).toEqual(['do_x', 'do_y', 'undo_y', 'do_z'])
    expect(run.state().status).toBe('COMPLETED')
  })

  it('quarantines with the step named when a compensation is exhausted, and goes on when it is resolved by hand', () => {
    const run = new DryRun([straight()], (call) =>
      call.operation === 'do_c' || call.operation === 'undo_b' ? no('terminal') : ok(),
    ).start('test')
    expect(run.operations.at(-1)).toBe('undo_a')
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['b'] })
    run.send('s', { type: 'resolve', step: 'b', ...by })
    run.settle()
    expect(run.state().status).toBe('ROLLED_BACK')
  })

  it.each([
    ['MANUAL_COMPENSATION', 'PAUSED'],
    ['QUARANTINE_SAGA', 'QUARANTINED'],
    ['EVENTUAL_CONSISTENCY', 'COMPENSATING'],
    ['CHAIRMAN_INTERVENTION', 'COMPENSATING'],
  ])('follows %s when a compensation is exhausted', (strategy, status) => {
    const document = straight({ onCompensationExhausted: strategy })
    const run = new DryRun([document], (call) =>
      call.operation === 'do_c' || call.operation === 'undo_b' ? no('terminal') : ok(),
    ).start('test')
    expect(run.state().status).toBe(status)
    if (strategy === 'CHAIRMAN_INTERVENTION') expect(Object.keys(run.state().gates)).toEqual(['b'])
  })

  describe('at the gate of an exhausted compensation', () => {
    const atGate = () => {
      const broken = { is: true }
      const run = new DryRun(
        [straight({ onCompensationExhausted: 'CHAIRMAN_INTERVENTION' })],
        (call) =>
          call.operation === 'do_c' || (call.operation === 'undo_b' && broken.is)
            ? no('terminal')
            : ok(),
      ).start('test')
      broken.is = false
      const decide = (decision: Decision, id: string) =>
        run.send('s', {
          type: 'decide',
          decisionId: id,
          step: 'b',
          decision,
          reasoning: '',
          conditions: [],
          seenSeq: run.entries().length,
          by: BY,
        })
      return { run, decide }
    }

    it('PAUSE and resume leave the decision to be made, and CONTINUE compensates once', () => {
      const { run, decide } = atGate()
      decide('PAUSE', 'd1')
      expect(run.state().status).toBe('PAUSED')
      run.send('s', { type: 'resume', ...by })
      run.settle()
      expect(Object.keys(run.state().gates)).toEqual(['b'])
      expect(run.operations.filter((operation) => operation === 'undo_b')).toHaveLength(1)
      decide('CONTINUE', 'd2')
      run.settle()
      expect(run.operations.slice(-2)).toEqual(['undo_b', 'undo_a'])
      expect(run.state()).toMatchObject({ status: 'ROLLED_BACK', gates: {} })
    })

    it('rolling back by force tries again and closes the gate', () => {
      const { run, decide } = atGate()
      run.send('s', { type: 'rollBack', ...by })
      expect(run.state().gates).toEqual({})
      run.settle()
      expect(decide('CONTINUE', 'd1')).toMatchObject({ accepted: false, code: 'MOVED_ON' })
      expect(run.operations.slice(-3)).toEqual(['undo_b', 'undo_b', 'undo_a'])
      expect(run.state().status).toBe('ROLLED_BACK')
    })
  })

  it('unwinds completed map items when a later step fails', () => {
    const document = saga({
      start: 'each',
      steps: {
        each: {
          type: 'map',
          items: 'input.list',
          region: { start: 'one', steps: { one: action('one') } },
          next: 'last',
        },
        last: action('last', undefined, once),
      },
    })
    const run = new DryRun([document], (call) =>
      call.operation === 'do_last' ? no('terminal') : ok(),
    )
    run.start('test', { list: [1, 2, 3] })
    expect(run.operations.filter((operation) => operation === 'undo_one')).toHaveLength(3)
    expect(run.state().status).toBe('ROLLED_BACK')
    expect(run.state('s..each.1').status).toBe('ROLLED_BACK')
  })
})

describe('a losing branch that cannot be compensated', () => {
  const branch = (id: string) => ({ start: id, steps: { [id]: action(id) } })
  const race = (strategy: string) =>
    saga({
      start: 'p',
      onCompensationExhausted: strategy,
      steps: {
        p: {
          type: 'parallel',
          join: 'any',
          branches: { x: branch('x'), y: branch('y') },
          next: 'z',
        },
        z: action('z'),
      },
    })
  /** `x` wins, `y` loses after it happened, and its compensation is refused until `mend`. */
  const lost = (strategy: string) => {
    const world = { mended: false }
    const run = new DryRun([race(strategy)], (call) =>
      call.operation === 'do_y'
        ? 'hang'
        : call.operation === 'undo_y' && !world.mended
          ? no('terminal')
          : ok(),
    ).start('test')
    run.send('s', { type: 'result', call: 'y#1', outcome: ok() })
    run.settle()
    return { run, world }
  }
  const decided = (run: DryRun, decision: 'CONTINUE' | 'ABORT') =>
    run.send('s', {
      type: 'decide',
      step: 'y',
      decision,
      decisionId: 'd',
      reasoning: 'because',
      conditions: [],
      by: BY,
      seenSeq: run.entries().length,
    })

  it('waits for whoever undoes it by hand, and then goes forward', () => {
    const { run } = lost('MANUAL_COMPENSATION')
    expect(run.state()).toMatchObject({ status: 'PAUSED', unwinding: null })
    run.send('s', { type: 'resolve', step: 'y', ...by })
    run.settle()
    expect(run.operations).toEqual(['do_x', 'do_y', 'undo_y', 'do_z'])
    expect(run.state().status).toBe('COMPLETED')
    expect(
      run.facts().flatMap((fact) => (fact.t === 'saga.status' ? [fact.status] : [])),
    ).not.toContain('COMPENSATING')
  })

  it('waits for the decision about it, and goes forward when another try succeeds', () => {
    const { run, world } = lost('CHAIRMAN_INTERVENTION')
    expect(Object.keys(run.state().gates)).toEqual(['y'])
    expect(run.operations).toEqual(['do_x', 'do_y', 'undo_y'])
    expect(run.state().status).toBe('RUNNING')
    world.mended = true
    decided(run, 'CONTINUE')
    run.settle()
    expect(run.operations).toEqual(['do_x', 'do_y', 'undo_y', 'undo_y', 'do_z'])
    expect(run.state().status).toBe('COMPLETED')
  })

  it('ends the way forward when the decision is to give it up', () => {
    const { run } = lost('CHAIRMAN_INTERVENTION')
    decided(run, 'ABORT')
    run.settle()
    expect(run.operations).not.toContain('do_z')
    expect(run.state()).toMatchObject({
      status: 'QUARANTINED',
      left: ['x', 'y'],
      unwinding: { halted: true },
    })
  })

  it('stops everything where that is declared: nothing is undone and nothing new starts', () => {
    const { run, world } = lost('QUARANTINE_SAGA')
    expect(run.operations).toEqual(['do_x', 'do_y', 'undo_y'])
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', unwinding: { halted: true } })
    world.mended = true
    run.send('s', { type: 'retry', step: 'y', ...by })
    run.settle()
    expect(run.operations.slice(3)).toEqual(['undo_y', 'undo_x'])
    expect(run.state().status).toBe('ROLLED_BACK')
  })
})

describe('what is left standing', () => {
  const kept = { type: 'action', participant: 'svc', operation: 'keep', effect: 'retriable' }
  const document = saga({
    start: 'k',
    steps: { k: { ...kept, next: 'b' }, b: action('b', 'c'), c: action('c', undefined, once) },
  })

  it('is still named when the rest is undone after somebody accepted it', () => {
    let mended = false
    const run = new DryRun([document], (call) =>
      call.operation === 'do_c' || (call.operation === 'undo_b' && !mended) ? no('terminal') : ok(),
    ).start('test')
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['k', 'b'] })
    run.send('s', { type: 'resolve', step: 'k', ...by })
    mended = true
    run.send('s', { type: 'retry', step: 'b', ...by })
    run.settle()
    expect(run.state()).toMatchObject({ status: 'FAILED', left: ['k'] })
  })

  it('can be accepted for a child saga too', () => {
    const inner = saga({ name: 'inner', start: 'k', steps: { k: kept } })
    const outer = saga({
      start: 'sub',
      steps: { sub: { type: 'saga', saga: 'inner', next: 'c' }, c: action('c', undefined, once) },
    })
    const run = new DryRun([outer, inner], (call) =>
      call.operation === 'do_c' ? no('terminal') : ok(),
    ).start('test')
    expect(run.state('s..sub')).toMatchObject({ status: 'FAILED', left: ['k'] })
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['sub'] })
    run.send('s', { type: 'resolve', step: 'sub', ...by })
    expect(run.state()).toMatchObject({ status: 'FAILED', left: ['sub'] })
  })
})

describe('pivot', () => {
  const document = saga({
    start: 'a',
    steps: {
      a: action('a', 'p'),
      p: { type: 'action', participant: 'svc', operation: 'pay', effect: 'pivot', next: 't' },
      t: { type: 'action', participant: 'svc', operation: 'tell', effect: 'retriable' },
    },
  })

  it('goes forward after it: a retriable step is tried until it succeeds', () => {
    let tries = 0
    const run = new DryRun([document], (call) =>
      call.operation === 'tell' && ++tries < 20 ? no('unknown') : ok(),
    )
      .start('test')
      .pass()
    expect(run.state().status).toBe('COMPLETED')
    expect(tries).toBe(20)
  })

  it('pauses rather than fails when a step past it is refused for good', () => {
    let mended = false
    const run = new DryRun([document], (call) =>
      call.operation === 'tell' && !mended ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    expect(run.state().status).toBe('PAUSED')
    mended = true
    run.send('s', { type: 'retry', step: 't', ...by })
    expect(run.settle().state().status).toBe('COMPLETED')
    expect(run.operations).not.toContain('undo_a')
  })

  it('does not compensate on an unknown pivot: it pauses until the outcome is known', () => {
    const run = new DryRun([document], (call) => (call.operation === 'pay' ? no('unknown') : ok()))
      .start('test')
      .pass()
    expect(run.state().status).toBe('PAUSED')
    expect(run.operations).not.toContain('undo_a')
  })

  it('refuses cancel past it and names the way out', () => {
    const run = new DryRun([document], (call) => (call.operation === 'tell' ? 'hang' : ok())).start(
      'test',
    )
    expect(run.send('s', { type: 'cancel', ...by })).toMatchObject({
      accepted: false,
      code: 'WRONG_STATE',
      reason: expect.stringContaining('past its pivot p'),
    })
  })

  it('compensates by force even past it and names what is irreversible', () => {
    const run = new DryRun([document], (call) => (call.operation === 'tell' ? 'hang' : ok())).start(
      'test',
    )
    run.send('s', { type: 'rollBack', ...by })
    run.settle()
    run.send('s', { type: 'result', call: 't#1', outcome: no('terminal') })
    run.settle()
    expect(run.operations.at(-1)).toBe('undo_a')
    expect(run.state()).toMatchObject({ status: 'FAILED', left: ['p'] })
  })

  it('rolls back a completed saga by force', () => {
    const run = new DryRun([straight()]).start('test')
    run.send('s', { type: 'rollBack', ...by })
    run.settle()
    expect(run.operations.slice(3)).toEqual(['undo_c', 'undo_b', 'undo_a'])
    expect(run.state().status).toBe('ROLLED_BACK')
  })
})

describe('control', () => {
  it('freezes timers while paused and takes results in order when resumed', () => {
    const document = saga({
      start: 'a',
      steps: { a: action('a', 'w'), w: { type: 'wait', forMs: 10_000, next: 'b' }, b: action('b') },
    })
    const run = new DryRun([document], (call) => (call.step === 'a' ? 'hang' : ok())).start('test')
    run.send('s', { type: 'pause', ...by })
    run.send('s', { type: 'result', call: 'a#1', outcome: ok() })
    expect(run.state().status).toBe('PAUSED')
    expect(run.state().steps.a?.state).toBe('running')
    run.send('s', { type: 'resume', ...by })
    expect(run.state().steps.w?.state).toBe('waiting')
    run.pass(4_000)
    run.send('s', { type: 'pause', ...by })
    run.pass(100_000)
    expect(run.state().status).toBe('PAUSED')
    run.send('s', { type: 'resume', ...by })
    expect(run.state().timers['wait:w']).toBe(run.now + 6_000)
    expect(run.pass(6_000).state().status).toBe('COMPLETED')
  })

  it('resumes although what waited comes too late: that is dropped, the rest is taken', () => {
    const document = saga({
      start: 'a',
      steps: { a: action('a', 'b', once), b: { type: 'signal', signal: 'go' } },
    })
    const run = new DryRun([document], () => 'hang').start('test')
    run.send('s', { type: 'pause', ...by })
    run.send('s', { type: 'result', call: 'a#1', outcome: no('terminal') })
    run.send('s', { type: 'signal', name: 'go', payload: null })
    run.send('s', { type: 'signal', name: 'go', payload: null })
    expect(run.send('s', { type: 'resume', ...by })).toMatchObject({ accepted: true })
    expect(run.state().status).toBe('ROLLED_BACK')
  })

  it('cancels by compensating', () => {
    const run = new DryRun([straight()], (call) =>
      call.operation === 'do_c' ? 'hang' : ok(),
    ).start('test')
    run.send('s', { type: 'cancel', ...by })
    run.send('s', { type: 'result', call: 'c#1', outcome: ok() })
    run.settle()
    expect(run.operations.slice(3)).toEqual(['undo_c', 'undo_b', 'undo_a'])
    expect(run.state()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'CANCELLED' } })
  })

  it('cancels a paused saga, settling the result that waited', () => {
    const run = new DryRun([straight()], (call) =>
      call.operation === 'do_b' ? 'hang' : ok(),
    ).start('test')
    run.send('s', { type: 'pause', ...by })
    run.send('s', { type: 'result', call: 'b#1', outcome: ok() })
    run.send('s', { type: 'cancel', ...by })
    run.settle()
    expect(run.operations).toEqual(['do_a', 'do_b', 'undo_b', 'undo_a'])
    expect(run.state().status).toBe('ROLLED_BACK')
  })

  it('fails and compensates when the saga takes too long', () => {
    const document = straight({ maxDurationMs: 1000 })
    const run = new DryRun([document], (call) => (call.operation === 'do_b' ? 'hang' : ok())).start(
      'test',
    )
    run.pass(2000)
    run.send('s', { type: 'result', call: 'b#1', outcome: no('unknown') })
    run.settle()
    expect(run.operations).toEqual(['do_a', 'do_b', 'undo_b', 'undo_a'])
    expect(run.state().error?.code).toBe('SAGA_TIMEOUT')
  })

  it('ignores a result that comes twice', () => {
    const run = new DryRun([straight()]).start('test')
    expect(run.send('s', { type: 'result', call: 'a#1', outcome: ok() })).toEqual({
      accepted: true,
      changed: false,
    })
  })
})

describe('gate', () => {
  const document = saga({
    start: 'a',
    steps: {
      a: action('a', 'gate'),
      gate: {
        type: 'approval',
        question: 'Spend {input.amount}?',
        timeoutMs: 10_000,
        onTimeout: 'ABORT',
        next: 'b',
      },
      b: action('b'),
    },
  })
  const at = (run: DryRun) => run.entries().length
  const say = (
    run: DryRun,
    decision: 'CONTINUE' | 'PAUSE' | 'ABORT' | 'FORCE_COMPENSATION',
    seenSeq = at(run),
  ) =>
    run.send('s', {
      type: 'decide',
      step: 'gate',
      decision,
      decisionId: `d${at(run)}`,
      reasoning: 'because',
      conditions: ['by Friday'],
      by: BY,
      seenSeq,
    })

  it('opens only by a decision, which becomes its output', () => {
    const run = new DryRun([document]).start('test', { amount: 5 })
    expect(run.facts().find((fact) => fact.t === 'gate.opened')).toMatchObject({
      question: 'Spend 5?',
    })
    expect(run.operations).toEqual(['do_a'])
    say(run, 'CONTINUE')
    run.settle()
    expect(run.state().status).toBe('COMPLETED')
    expect(run.state().steps.gate?.output).toMatchObject({ conditions: ['by Friday'] })
  })

  it('refuses a decision made on a snapshot that has moved on', () => {
    const run = new DryRun([document]).start('test', { amount: 5 })
    expect(say(run, 'CONTINUE', 1)).toMatchObject({ accepted: false, code: 'MOVED_ON' })
  })

  it('refuses a second decision', () => {
    const run = new DryRun([document]).start('test')
    say(run, 'CONTINUE')
    run.settle()
    expect(say(run, 'ABORT')).toMatchObject({ accepted: false, code: 'MOVED_ON' })
  })

  it('holds on PAUSE and still opens by CONTINUE', () => {
    const run = new DryRun([document]).start('test')
    say(run, 'PAUSE')
    run.pass(100_000)
    expect(run.state().status).toBe('PAUSED')
    say(run, 'CONTINUE')
    expect(run.settle().state().status).toBe('COMPLETED')
  })

  it('compensates on ABORT', () => {
    const run = new DryRun([document]).start('test')
    say(run, 'ABORT')
    run.settle()
    expect(run.operations).toEqual(['do_a', 'undo_a'])
    expect(run.state()).toMatchObject({ status: 'ROLLED_BACK', error: { code: 'ABORTED' } })
  })

  it('takes the declared way when nobody decides in time', () => {
    const run = new DryRun([document]).start('test').pass(20_000)
    expect(run.facts()).toContainEqual(
      expect.objectContaining({ t: 'gate.closed', how: 'EXPIRED' }),
    )
    expect(run.state().status).toBe('ROLLED_BACK')
  })
})
