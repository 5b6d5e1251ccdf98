/**
 * Generated sagas and a generated world for them: sequences, parallel branches with every join, choices, maps, pivots and
 * tails past them (a retriable step, a map, a child saga), under generated outcomes, delivery orders and disturbances, in
 * virtual time. Whatever is stuck in the end an operator tries again, a number of times.
 *
 * The world knows which effects exist: an `unknown` outcome happened or not by the seed's choice, and a compensation
 * fences its forward key, as the participant kit does.
 */
import fc from 'fast-check'
import { action, BY, type Call, DryRun, no, ok, saga } from './dry-run'

type Shape =
  | { t: 'act' }
  | { t: 'par'; join: 'all' | 'any'; branches: Shape[][] }
  | { t: 'if'; yes: boolean }
  | { t: 'map'; items: number; body: Shape[] }

const shape: fc.Arbitrary<Shape> = fc.letrec<{ node: Shape }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constant<Shape>({ t: 'act' }),
    fc.record({
      t: fc.constant('par' as const),
      join: fc.constantFrom('all' as const, 'any' as const),
      branches: fc.array(fc.array(tie('node'), { minLength: 1, maxLength: 2 }), {
        minLength: 2,
        maxLength: 3,
      }),
    }),
    fc.record({ t: fc.constant('if' as const), yes: fc.boolean() }),
    fc.record({
      t: fc.constant('map' as const),
      items: fc.integer({ min: 0, max: 4 }),
      body: fc.array(tie('node'), { minLength: 1, maxLength: 2 }),
    }),
  ),
})).node

export const scenario = fc.record({
  shapes: fc.array(shape, { minLength: 1, maxLength: 4 }),
  pivot: fc.boolean(),
  tail: fc.constantFrom('step', 'map', 'saga'),
  order: fc.constantFrom('dependency', 'reverse'),
  failures: fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 40, maxLength: 40 }),
  deliveries: fc.array(fc.nat(9), { minLength: 20, maxLength: 20 }),
  disturb: fc.constantFrom('none', 'cancel', 'pause', 'rollBack'),
  disturbAt: fc.integer({ min: 0, max: 30 }),
})
export type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never

/** Steps of a region in sequence; ids are numbered through the whole document. */
function region(shapes: Shape[], ids: { n: number }, tail: Record<string, unknown> | null = null) {
  const steps: Record<string, unknown> = {}
  const names = shapes.map(() => `n${ids.n++}`)
  const last = tail ? `t${ids.n++}` : undefined
  shapes.forEach((one, i) => {
    const id = names[i] as string
    const next = names[i + 1] ?? last
    const then = next ? { next } : {}
    if (one.t === 'act') steps[id] = action(id, next, { retry: { attemptsMax: 2 } })
    else if (one.t === 'if') {
      const hit = `n${ids.n++}`
      steps[id] = {
        type: 'choice',
        branches: [{ when: String(one.yes), next: hit }],
        otherwise: hit,
      }
      steps[hit] = action(hit, next, { retry: { attemptsMax: 2 } })
    } else if (one.t === 'par')
      steps[id] = {
        type: 'parallel',
        join: one.join,
        branches: Object.fromEntries(one.branches.map((inner, b) => [`b${b}`, region(inner, ids)])),
        ...then,
      }
    else
      steps[id] = {
        type: 'map',
        items: `[${Array.from({ length: one.items }, (_, k) => k).join(',')}]`,
        concurrency: 2,
        region: region(one.body, ids),
        ...then,
      }
  })
  if (tail && last) {
    steps[last] = {
      type: 'action',
      participant: 'svc',
      operation: `do_${last}`,
      effect: 'pivot',
      next: 'tail',
    }
    steps.tail = tail
  }
  return { start: names[0] as string, steps }
}

class World {
  readonly happened = new Set<string>()
  readonly undone = new Set<string>()
  /** Steps in the order they were undone, each with the forward calls made before that. */
  readonly undoOrder: { saga: string; step: string; called: Set<string> }[] = []
  readonly #called = new Set<string>()
  #n = 0
  readonly failures: number[]
  constructor(failures: number[]) {
    this.failures = failures
  }
  answer(call: Call) {
    const roll = this.failures[this.#n++ % this.failures.length] ?? 0
    if (call.kind === 'compensation') {
      const forward = call.undoes ?? ''
      if (roll >= 90) return no('unknown')
      if (!this.undone.has(forward))
        this.undoOrder.push({ saga: call.sagaId, step: call.step, called: new Set(this.#called) })
      this.undone.add(forward)
      return ok()
    }
    if (this.undone.has(call.key)) throw new Error(`${call.key} is called after its compensation`)
    this.#called.add(`${call.sagaId}/${call.step}`)
    const isTail = call.step === 'tail'
    if (roll >= 95 && !isTail) return no('terminal')
    if (roll >= 90) return no('retryable')
    if (roll >= 80) {
      if (roll >= 85) this.happened.add(call.key)
      return no('unknown')
    }
    this.happened.add(call.key)
    return ok({ by: call.step })
  }
}

const body = {
  start: 'u',
  steps: { u: action('u', 'v', { retry: { attemptsMax: 2 } }), v: action('v', undefined, {}) },
}
const tails = {
  step: { type: 'action', participant: 'svc', operation: 'tail', effect: 'retriable' },
  map: { type: 'map', items: '[0,1,2]', concurrency: 2, region: body },
  saga: { type: 'saga', saga: 'part' },
}
const part = saga({ ...body, name: 'part' })
/** How often an operator tries again what is stuck. */
const TRIES = 12

export function play(one: Scenario) {
  const document = saga({
    compensationOrder: one.order,
    ...region(one.shapes, { n: 0 }, one.pivot ? tails[one.tail] : null),
  })
  const world = new World(one.failures)
  let n = 0
  const run = new DryRun([document, part], (call) => {
    if (n++ === one.disturbAt && one.disturb !== 'none') {
      const by = { by: BY, reason: 'disturbed' }
      if (one.disturb === 'pause') {
        run.send('s', { type: 'pause', ...by })
        run.send('s', { type: 'resume', ...by })
      } else run.send('s', { type: one.disturb, ...by })
    }
    return world.answer(call)
  })
  let d = 0
  run.choose = (open) => (one.deliveries[d++ % one.deliveries.length] ?? 0) % open
  run.start('test').pass()
  for (let tries = 0; tries < TRIES && run.state().steps.tail?.stuck; tries++) {
    run.send('s', { type: 'retry', step: 'tail', by: BY, reason: 'tried again' })
    run.pass()
  }
  return { run, world, document }
}
