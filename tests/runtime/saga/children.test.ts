import { describe, expect, it } from 'vitest'
import { action, BY, DryRun, no, ok, saga } from '../../support/dry-run'

const by = { by: BY, reason: 'test' }
const once = { retry: { attemptsMax: 1 } }

describe('a stuck child', () => {
  const part = saga({
    name: 'part',
    start: 'x',
    steps: { x: action('x', 'y', once), y: action('y', undefined, once) },
  })
  const whole = saga({
    start: 'p',
    steps: {
      p: { type: 'action', participant: 'svc', operation: 'pay', effect: 'pivot', next: 'sub' },
      sub: { type: 'saga', saga: 'part', next: 'z' },
      z: { type: 'action', participant: 'svc', operation: 'tell', effect: 'retriable' },
    },
  })
  const many = saga({
    start: 'p',
    steps: {
      p: { type: 'action', participant: 'svc', operation: 'pay', effect: 'pivot', next: 'each' },
      each: {
        type: 'map',
        items: 'input.list',
        concurrency: 2,
        region: {
          start: 'one',
          steps: { one: action('one', undefined, { ...once, input: 'item' }) },
        },
        output: 'steps.one.v',
      },
    },
  })

  it('is tried again as a new saga, and its parent goes on', () => {
    let mended = false
    const run = new DryRun([whole, part], (call) =>
      call.operation === 'do_y' && !mended ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    expect(run.state()).toMatchObject({ status: 'PAUSED', steps: { sub: { stuck: true } } })
    mended = true
    run.send('s', { type: 'retry', step: 'sub', ...by })
    run.settle()
    expect(run.state().status).toBe('COMPLETED')
    expect(run.operations).toEqual([
      ...['pay', 'do_x', 'do_y', 'undo_x'],
      ...['do_x', 'do_y', 'tell'],
    ])
    expect(run.ids()).toEqual(['s', 's..sub', 's..sub~2'])
  })

  it('is tried again by a resume too', () => {
    let mended = false
    const run = new DryRun([whole, part], (call) =>
      call.operation === 'do_y' && !mended ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    mended = true
    run.send('s', { type: 'resume', ...by })
    expect(run.settle().state().status).toBe('COMPLETED')
  })

  it('is tried again as often as it takes, each time under an id of its own', () => {
    let tries = 0
    const run = new DryRun([whole, part], (call) =>
      call.operation === 'do_y' && ++tries < 3 ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    for (let n = 0; n < 2; n++) {
      expect(run.state()).toMatchObject({ status: 'PAUSED', steps: { sub: { stuck: true } } })
      run.send('s', { type: 'retry', step: 'sub', ...by })
      run.settle()
    }
    expect(run.state().status).toBe('COMPLETED')
    expect(run.ids()).toEqual(['s', 's..sub', 's..sub~2', 's..sub~3'])
    expect(
      run.facts().flatMap((fact) => (fact.t === 'child.ended' ? [fact.sagaId, fact.status] : [])),
    ).toEqual(['s..sub', 'ROLLED_BACK', 's..sub~2', 'ROLLED_BACK', 's..sub~3', 'COMPLETED'])
  })

  it('makes a map try its rolled back items again, and no other', () => {
    let mended = false
    const run = new DryRun([many], (call) =>
      call.input === 'b' && !mended ? no('terminal', 'BROKEN') : ok({ v: call.input }),
    ).start('test', { list: ['a', 'b', 'c', 'd'] })
    expect(run.state()).toMatchObject({ status: 'PAUSED', steps: { each: { stuck: true } } })
    mended = true
    run.send('s', { type: 'retry', step: 'each', ...by })
    run.settle()
    expect(run.state()).toMatchObject({ status: 'COMPLETED' })
    expect(run.state().steps.each?.output).toEqual(['a', 'b', 'c', 'd'])
    expect(run.calls.map((call) => call.input)).toEqual([null, 'a', 'b', 'c', 'b', 'd'])
    expect(run.ids()).toContain('s..each.1~2')
  })

  it('is known to a map by its id, also when its report names no index or another', () => {
    for (const index of [undefined, 0, 1, 7]) {
      const run = new DryRun([many], (call) => (call.operation === 'pay' ? ok() : 'hang'))
      run.start('test', { list: ['a', 'b', 'c'] })
      const report = { step: 'each', status: 'ROLLED_BACK' } as const
      const at = index === undefined ? {} : { index }
      run.send('s', { type: 'child', sagaId: 's..each.9', ...report, ...at })
      expect(run.state().steps.each?.stuck).toBeUndefined()
      run.send('s', { type: 'child', sagaId: 's..each.1', ...report, ...at })
      expect(run.state()).toMatchObject({ status: 'PAUSED', steps: { each: { stuck: true } } })
      expect(run.state().steps.each?.map?.children.map(({ status }) => status)).toEqual([
        null,
        'ROLLED_BACK',
      ])
    }
  })

  it('keeps a map to its concurrency when many items are tried again', () => {
    let mended = false
    const open = new Set<string>()
    let most = 0
    const run = new DryRun([many], (call) => {
      if (call.operation === 'pay') return ok()
      if (!mended) return no('terminal', 'BROKEN')
      open.add(call.sagaId)
      most = Math.max(most, open.size)
      return 'hang'
    }).start('test', { list: ['a', 'b', 'c', 'd'] })
    mended = true
    // The second item's failure waited while the first one's was looked at.
    run.send('s', { type: 'retry', step: 'each', ...by })
    run.settle()
    run.send('s', { type: 'retry', step: 'each', ...by })
    run.settle()
    while (open.size > 0) {
      const [next = ''] = open
      open.delete(next)
      run.send(next, { type: 'result', call: 'one#1', outcome: ok({ v: 1 }) })
      run.settle()
    }
    expect(most).toBe(2)
    expect(run.state().status).toBe('COMPLETED')
    expect(run.state().steps.each?.output).toEqual([1, 1, 1, 1])
  })

  it('is not tried again while effects of it stand: the refusal names it and the way out', () => {
    const kept = saga({
      ...part,
      steps: {
        x: {
          type: 'action',
          participant: 'svc',
          operation: 'do_x',
          effect: 'retriable',
          next: 'y',
        },
        y: action('y', undefined, once),
      },
    })
    const run = new DryRun([whole, kept], (call) =>
      call.operation === 'do_y' ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    expect(run.state('s..sub')).toMatchObject({ status: 'QUARANTINED', left: ['x'] })
    run.send('s..sub', { type: 'resolve', step: 'x', ...by })
    run.settle()
    expect(run.state('s..sub').status).toBe('FAILED')
    expect(run.state()).toMatchObject({
      status: 'PAUSED',
      paused: { reason: expect.stringContaining('s..sub ended FAILED with effects left standing') },
    })
    const refused = {
      accepted: false,
      code: 'WRONG_STATE',
      reason: expect.stringMatching(/s\.\.sub ended FAILED .* twice.* roll saga s back by force/),
    }
    expect(run.send('s', { type: 'retry', step: 'sub', ...by })).toMatchObject(refused)
    expect(run.send('s', { type: 'resume', ...by })).toMatchObject(refused)
    expect(run.ids()).toEqual(['s', 's..sub'])
  })

  it('is not tried again when it undid a call under a key of its own, which would be sent again', () => {
    const keyed = saga({
      ...part,
      steps: {
        x: action('x', 'y', { ...once, idempotencyKey: '"order"' }),
        y: action('y', undefined, once),
      },
    })
    const outer = saga({
      name: 'outer',
      start: 'in',
      steps: { in: { type: 'saga', saga: 'part' } },
    })
    const twice = saga({
      ...whole,
      steps: { ...whole.steps, sub: { type: 'saga', saga: 'outer', next: 'z' } },
    })
    const run = new DryRun([twice, outer, keyed], (call) =>
      call.operation === 'do_y' ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    expect(run.state('s..sub..in').status).toBe('ROLLED_BACK')
    expect(run.send('s', { type: 'retry', step: 'sub', ...by })).toMatchObject({
      accepted: false,
      code: 'WRONG_STATE',
      reason: expect.stringMatching(/s\.\.sub has undone in\.x.* key of their own/),
    })
  })

  it('is tried again under a key of its own that was never undone', () => {
    const keyed = saga({
      ...part,
      steps: {
        x: action('x', 'y', { ...once, idempotencyKey: '"order"' }),
        y: action('y', undefined, once),
      },
    })
    let mended = false
    const run = new DryRun([whole, keyed], (call) =>
      call.operation === 'do_x' && !mended ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    mended = true
    run.send('s', { type: 'retry', step: 'sub', ...by })
    expect(run.settle().state().status).toBe('COMPLETED')
  })

  it('moves nothing once it is replaced, and is unwound if it completed after all', () => {
    let mended = false
    const run = new DryRun([whole, part], (call) =>
      call.operation === 'do_y' && !mended ? no('terminal', 'BROKEN') : ok(),
    ).start('test')
    mended = true
    run.send('s', { type: 'retry', step: 'sub', ...by })
    const late = { type: 'child' as const, step: 'sub', sagaId: 's..sub' }
    const before = run.facts().length
    run.send('s', { ...late, status: 'ROLLED_BACK' })
    expect(run.facts().length).toBe(before)
    expect(run.state().steps.sub).toMatchObject({ state: 'running', child: { status: null } })
    const decided = run.send('s', { ...late, status: 'COMPLETED', output: 'stale' })
    expect(decided).toMatchObject({
      commands: [{ c: 'send', to: 's..sub', message: { type: 'unwind' } }],
    })
    run.settle()
    expect(run.state().steps.sub?.output).not.toBe('stale')
    expect(run.state().status).toBe('COMPLETED')
  })

  it('is not listened to when its parent never started it', () => {
    const run = new DryRun([whole, part], (call) => (call.step === 'x' ? 'hang' : ok())).start(
      'test',
    )
    expect(
      run.send('s', { type: 'child', step: 'sub', sagaId: 'other', status: 'COMPLETED' }),
    ).toEqual({ accepted: true, changed: false })
  })

  it('is unwound with its parent in its newest try', () => {
    let mended = false
    const run = new DryRun([whole, part], (call) =>
      call.operation === 'do_y' && !mended
        ? no('terminal', 'BROKEN')
        : call.operation === 'tell'
          ? 'hang'
          : ok(),
    ).start('test')
    mended = true
    run.send('s', { type: 'retry', step: 'sub', ...by })
    run.settle()
    run.send('s', { type: 'rollBack', ...by })
    run.send('s', { type: 'result', call: 'z#1', outcome: no('terminal') })
    run.settle()
    expect(run.state()).toMatchObject({ status: 'FAILED', left: ['p'] })
    expect(run.state('s..sub~2').status).toBe('ROLLED_BACK')
  })
})

describe('a child', () => {
  const part = saga({ name: 'part', start: 'q', steps: { q: action('q', undefined, once) } })

  it('that says twice how it ended counts once: a loser does not fail what goes on without it', () => {
    const document = saga({
      start: 'p',
      steps: {
        p: {
          type: 'parallel',
          join: 'any',
          branches: {
            x: { start: 'x', steps: { x: action('x') } },
            y: { start: 'sub', steps: { sub: { type: 'saga', saga: 'part' } } },
          },
          next: 'z',
        },
        z: action('z'),
      },
    })
    const run = new DryRun([document, part], (call) => (call.step === 'z' ? ok() : 'hang'))
    run.start('test')
    // The loser is told to unwind, and ends by itself before that reaches it: it answers with its end again.
    run.send('s', { type: 'result', call: 'x#1', outcome: ok() })
    run.send('s..sub', { type: 'result', call: 'q#1', outcome: no('terminal') })
    run.settle()
    expect(run.entries('s..sub').map(({ message }) => message.type)).toEqual([
      'start',
      'result',
      'unwind',
    ])
    expect(run.facts().filter((fact) => fact.t === 'child.ended')).toHaveLength(1)
    expect(run.facts().filter((fact) => fact.t === 'step.failed')).toEqual([])
    expect(run.state().status).toBe('COMPLETED')
  })

  it('that completed is not rolled back alone: the refusal names the saga to roll back instead', () => {
    const document = saga({
      start: 'sub',
      steps: { sub: { type: 'saga', saga: 'part', next: 'z' }, z: action('z') },
    })
    const run = new DryRun([document, part], (call) => (call.step === 'z' ? 'hang' : ok()))
    run.start('test')
    expect(run.state('s..sub').status).toBe('COMPLETED')
    expect(run.send('s..sub', { type: 'rollBack', ...by })).toEqual({
      accepted: false,
      code: 'WRONG_STATE',
      reason:
        'Saga s..sub is step sub of saga s, which relies on what it did. Roll back s instead: that undoes this part too',
    })
    run.send('s', { type: 'rollBack', ...by })
    run.send('s', { type: 'result', call: 'z#1', outcome: no('terminal') })
    run.settle()
    expect(run.operations.at(-1)).toBe('undo_q')
    expect(run.state('s..sub').status).toBe('ROLLED_BACK')
    expect(run.state().status).toBe('ROLLED_BACK')
  })
})

describe('an item of a map', () => {
  const each = (input: Record<string, unknown>) =>
    saga({
      start: 'each',
      steps: {
        each: {
          type: 'map',
          items: 'input.lines',
          region: { start: 'one', steps: { one: action('one', undefined, { input }) } },
        },
      },
    })
  const input = { lines: [{ n: 1 }, { n: 2 }], order: 'o-1', note: 'x'.repeat(1_000) }
  const start = (run: DryRun, id: string) => {
    const [{ message } = { message: null }] = run.entries(id)
    if (message?.type !== 'start') throw new Error(`${id} has no start`)
    return message
  }

  it('is sent the fields of the input that it reads, and no other', () => {
    const run = new DryRun([each({ order: 'input.order', n: 'item.n' })], () => ok()).start(
      'test',
      input,
    )
    expect(run.state().status).toBe('COMPLETED')
    expect(start(run, 's..each.0').scope?.input).toEqual({ order: 'o-1' })
    expect(start(run, 's..each.1').input).toEqual({ n: 2 })
  })

  it('is sent all of the input when it may read all of it', () => {
    const run = new DryRun([each({ all: '$keys(input)' })], () => ok()).start('test', input)
    expect(start(run, 's..each.0').scope?.input).toEqual(input)
  })
})
