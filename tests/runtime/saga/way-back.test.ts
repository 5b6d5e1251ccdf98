/**
 * Which compensations start, and when: held against the definition, which compares all steps with each other, on generated
 * sagas; and what finding it out costs, counted in look-ups rather than in time.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CompiledSaga, compileSaga } from '@/runtime/compiler/compile'
import type { SagaDocument } from '@/runtime/definition/schema'
import type { Fact, Message } from '@/runtime/journal/entry'
import { decide } from '@/runtime/saga/decide'
import type { SagaState } from '@/runtime/saga/state'
import { action, DryRun, no, ok, saga } from '../../support/dry-run'
import { reachOf } from '../../support/reach'
import { play, scenario } from '../../support/scenarios'

describe('the way back', () => {
  it('starts what the definition says: all that nothing open comes after, and nothing else', () => {
    let undone = 0
    fc.assert(
      fc.property(scenario, (one) => {
        const { run } = play(one)
        for (const id of run.ids()) {
          const root = run.compiled(id)
          let state: SagaState | null = null
          for (const { seq, at, message } of run.entries(id)) {
            const decided = decide(root, state, message, { entityId: id, at, seq })
            if (!decided.accepted || !decided.changed) throw new Error(`${id}: ${seq} refused`)
            state = decided.state
            if (!state.unwinding || state.unwinding.halted || state.paused) continue
            const { due, waiting } = byDefinition(root, state)
            expect([seq, due]).toEqual([seq, []])
            for (const fact of decided.facts)
              if (fact.t === 'compensation.started' && fact.attempt === 1) {
                undone++
                expect([seq, fact.step, waiting.has(fact.step)]).toEqual([seq, fact.step, false])
              }
          }
        }
      }),
      { numRuns: 200 },
    )
    expect(undone).toBeGreaterThan(0)
  })

  it.each(['dependency', 'reverse'] as const)(
    'looks up as much for the last compensation as for the first (%s)',
    (compensationOrder) => {
      const looks = unwindChain(saga({ ...chain(1_000), compensationOrder }))
      expect(looks).toHaveLength(999)
      expect(Math.max(...looks)).toBeLessThan(20)
    },
  )

  it('looks up as much when branches are undone side by side', () => {
    const branches = Object.fromEntries(
      Array.from({ length: 20 }, (_, b) => [`b${b}`, chain(20, `b${b}_`)]),
    )
    const document = saga({
      start: 'all',
      steps: { all: { type: 'parallel', branches, next: 'last' }, last: action('last', undefined) },
    })
    const looks = unwindChain(document, 'last')
    expect(looks).toHaveLength(400)
    expect(Math.max(...looks)).toBeLessThan(40)
  })

  it.each(['dependency', 'reverse'] as const)(
    'goes on with the others when one is exhausted, and names that one alone (%s)',
    (compensationOrder) => {
      const steps = chain(4)
      const run = new DryRun([saga({ ...steps, compensationOrder })], (call) =>
        call.operation === 'do_s3' || call.operation === 'undo_s1' ? no('terminal') : ok(),
      ).start('test')
      expect(run.operations.slice(4)).toEqual(['undo_s2', 'undo_s1', 'undo_s0'])
      expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['s1'] })
      expect(reasons(run.entries().flatMap(({ facts }) => facts))).toContain(
        'Could not be compensated: s1',
      )
    },
  )

  it('stops at once where that is declared', () => {
    const run = new DryRun(
      [saga({ ...chain(4), onCompensationExhausted: 'QUARANTINE_SAGA' })],
      (call) =>
        call.operation === 'do_s3' || call.operation === 'undo_s1' ? no('terminal') : ok(),
    ).start('test')
    expect(run.operations.slice(4)).toEqual(['undo_s2', 'undo_s1'])
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['s0', 's1'] })
  })

  it('keeps the old rule for sagas of format 1: what comes before an exhausted one waits', () => {
    const run = new DryRun([saga(chain(4))], (call) =>
      call.operation === 'do_s3' || call.operation === 'undo_s1' ? no('terminal') : ok(),
    )
    run.send('s', {
      type: 'start',
      definition: { name: 'test', version: 1, digest: '' },
      input: {},
    })
    run.settle()
    expect(run.operations.slice(4)).toEqual(['undo_s2', 'undo_s1'])
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['s0', 's1'] })
  })

  it('quarantines when the input of a compensation cannot be worked out, with the others undone', () => {
    const { start, steps } = chain(4)
    const broken = action('s1', 's2', {
      compensation: { operation: 'undo_s1', input: { x: '$error("no")' } },
    })
    const run = new DryRun([saga({ start, steps: { ...steps, s1: broken } })], (call) =>
      call.operation === 'do_s3' ? no('terminal') : ok(),
    ).start('test')
    expect(run.operations.slice(4)).toEqual(['undo_s2', 'undo_s0'])
    expect(run.state()).toMatchObject({ status: 'QUARANTINED', left: ['s1'] })
  })
})

function reasons(facts: Fact[]): (string | undefined)[] {
  return facts.flatMap((fact) => (fact.t === 'saga.status' ? [fact.reason] : []))
}

function chain(length: number, prefix = 's') {
  const ids = Array.from({ length }, (_, n) => `${prefix}${n}`)
  return {
    start: `${prefix}0`,
    steps: Object.fromEntries(ids.map((id, n) => [id, action(id, ids[n + 1])])),
  }
}

/** Steps that wait for an open one that comes after them; and those that wait for none, and whose undo was not started. */
function byDefinition(root: CompiledSaga, state: SagaState) {
  const region = state.region === null ? root : root.region(state.region)
  const before = reachOf(region)
  const { document } = root
  const goesOn =
    state.format >= 2 &&
    ['AUTOMATIC_ROLLBACK', 'EVENTUAL_CONSISTENCY'].includes(document.onCompensationExhausted)
  const open = Object.entries(state.steps).filter(([id, record]) => {
    const step = region.steps.get(id)
    const children = [...(record.map?.children ?? []), ...(record.earlier ?? [])]
    if (record.child) children.push(record.child)
    if (step?.type !== 'action')
      return children.some(({ status }) => status !== 'ROLLED_BACK' && status !== 'FAILED')
    if (record.state === 'running') return true
    return (
      step.compensation !== undefined &&
      record.undo?.state !== 'completed' &&
      !record.accepted &&
      (record.state === 'completed' || record.state === 'unknown')
    )
  })
  const waits = ([id, record]: (typeof open)[number]) =>
    open.some(
      ([other, { order, undo }]) =>
        other !== id &&
        !(goesOn && undo?.state === 'exhausted') &&
        (document.compensationOrder === 'reverse' ? order > record.order : before(other).has(id)),
    )
  const waiting = new Set(open.filter(waits).map(([id]) => id))
  const due = open.flatMap(([id, record]) =>
    record.undo || record.state === 'running' || region.steps.get(id)?.type !== 'action'
      ? []
      : [id],
  )
  return { waiting, due: due.filter((id) => !waiting.has(id)) }
}

/** Runs it to its end as an owner of its state does; the look-ups into the drawing that each compensation's end cost. */
function unwindChain(document: SagaDocument, fails?: string): number[] {
  const plain = compileSaga(document)
  let looks = 0
  const counted = <V>(map: ReadonlyMap<string, V>): ReadonlyMap<string, V> =>
    new Proxy(map, {
      get(target, name) {
        if (name === 'get' || name === 'has') looks++
        const value = Reflect.get(target, name, target)
        if (name === 'keys' || name === 'values' || name === 'entries') looks += target.size
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const compiled = {
    ...plain,
    steps: counted(plain.steps),
    predecessors: counted(plain.predecessors),
  }
  const last = fails ?? Object.keys(document.steps).at(-1)
  const costs: number[] = []
  const start: Message = {
    type: 'start',
    format: 2,
    definition: { name: 'test', version: 1, digest: '' },
    input: {},
  }
  const queue: Message[] = [start]
  let state: SagaState | null = null
  let seq = 0
  for (let next = queue.shift(); next; next = queue.shift()) {
    looks = 0
    const decided = decide(compiled, state, next, {
      entityId: 's',
      at: 1_000_000,
      seq: ++seq,
      owned: true,
    })
    if (!decided.accepted || !decided.changed) throw new Error('refused')
    if (next.type === 'result' && next.call.includes('!')) costs.push(looks)
    state = decided.state
    for (const command of decided.commands)
      if (command.c === 'call')
        queue.push({
          type: 'result',
          call: command.call,
          outcome: command.call === `${last}#1` ? no('terminal') : ok(),
        })
  }
  expect(state?.status).toBe('ROLLED_BACK')
  // the last one's includes what the end looks at: all steps, once
  return costs.slice(0, -1).concat(0)
}
