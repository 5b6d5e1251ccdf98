/**
 * Goal: no false alarm on any well-formed saga, and no miss of a planted mistake.
 * Method: fast-check draws a plan of sequences, choices, parallels and maps; a plan becomes a document in which each
 * step reads only what has surely run. What has surely run is worked out on the plan's structure, by other means than the
 * verifier's (sets along the plan, not bits along arrows), so the two check each other. Then one mistake is planted.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasErrors, type Issue } from '@/runtime/definition/issue'
import { type SagaDocument, type Step, sagaDocumentSchema } from '@/runtime/definition/schema'
import { verify } from '@/runtime/verifier/verify'

type Plan = Part[]
type Part =
  | { kind: 'action'; readonly: boolean; reads: number[] }
  | { kind: 'choice'; ways: Plan[] }
  | { kind: 'parallel'; branches: Plan[] }
  | { kind: 'map'; body: Plan }

const { plan } = fc.letrec<{ plan: Plan; part: Part }>((tie) => ({
  plan: fc.array(tie('part'), { maxLength: 4 }),
  part: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      kind: fc.constant('action' as const),
      readonly: fc.boolean(),
      reads: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('choice' as const),
      ways: fc.array(tie('plan'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('parallel' as const),
      branches: fc.array(tie('plan'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('map' as const), body: tie('plan') }),
  ),
}))

type Steps = Record<string, Record<string, unknown>>

interface Built {
  document: SagaDocument
  /** For each action: every step with an output that has surely run before it. */
  surely: Map<string, Set<string>>
  /** Actions behind the pivot, compensatable ones, all, and those inside a map. */
  behind: string[]
  undoable: string[]
  actions: string[]
  inMap: string[]
  pivot: string
}

/** Before the pivot compensatable and readonly steps, behind it retriable and readonly ones. */
function build(before: Plan, after: Plan): Built {
  const surely = new Map<string, Set<string>>()
  const behind: string[] = []
  const undoable: string[] = []
  const actions: string[] = []
  const inMap: string[] = []
  let count = 0
  let forward = false
  let maps = 0
  const fresh = (kind: string) => `${kind}${++count}`

  const action = (id: string, effect: string, known: Set<string>, reads: number[]) => {
    surely.set(id, known)
    actions.push(id)
    if (forward) behind.push(id)
    if (effect === 'compensatable') undoable.push(id)
    if (maps > 0) inMap.push(id)
    const all = [...known]
    const seen = all.length === 0 ? [] : reads.map((n) => all[n % all.length])
    return {
      type: 'action',
      participant: 'ledger',
      operation: 'do',
      effect,
      input: { id: 'input.id', seen: seen.map((id) => `steps.${id}`) },
      ...(effect === 'compensatable'
        ? { compensation: { operation: 'undo', input: '[input.id, output.id]' } }
        : {}),
    }
  }

  /** Adds the plan's steps and returns the first one's id and what has surely run behind them. */
  const emit = (
    plan: Plan,
    next: string,
    into: Steps,
    known: Set<string>,
  ): [string, Set<string>] => {
    const ids = plan.map(({ kind }) => fresh(kind))
    let at = known
    for (const [index, part] of plan.entries()) {
      const id = ids[index] as string
      const follow = ids[index + 1] ?? next
      if (part.kind === 'action') {
        const effect = part.readonly ? 'readonly' : forward ? 'retriable' : 'compensatable'
        into[id] = { ...action(id, effect, at, part.reads), next: follow }
        at = new Set([...at, id])
      } else if (part.kind === 'choice') {
        const step: Record<string, unknown> = { type: 'choice' }
        into[id] = step
        const ways = part.ways.map((way) => emit(way, follow, into, at))
        const starts = ways.map(([start]) => start)
        step.branches = starts.slice(1).map((next) => ({ when: 'input.x = 1', next }))
        step.otherwise = starts[0]
        const [first = at, ...others] = ways.map(([, end]) => end)
        at = new Set([...first].filter((id) => others.every((end) => end.has(id))))
      } else if (part.kind === 'parallel') {
        const regions = part.branches.map((branch) => region(branch, at))
        const branches = Object.fromEntries(regions.map(([source], n) => [`b${n}`, source]))
        into[id] = { type: 'parallel', branches, next: follow }
        at = new Set(regions.flatMap(([, end]) => [...end]))
      } else {
        maps++
        const [body] = region(part.body, at)
        maps--
        into[id] = { type: 'map', items: 'input.items', region: body, next: follow }
        at = new Set([...at, id])
      }
    }
    return [ids[0] ?? next, at]
  }

  const region = (plan: Plan, known: Set<string>): [object, Set<string>] => {
    const steps: Steps = {}
    const end = fresh('end')
    const [start, known2] = emit(plan, end, steps, known)
    steps[end] = { type: 'end' }
    return [{ start, steps }, known2]
  }

  const steps: Steps = {}
  const pivot = fresh('pivot')
  const end = fresh('end')
  const [start, known] = emit(before, pivot, steps, new Set())
  steps[pivot] = action(pivot, 'pivot', known, [0, 1])
  forward = true
  const [then] = emit(after, end, steps, new Set([...known, pivot]))
  steps[pivot].next = then
  steps[end] = { type: 'end' }
  const document = sagaDocumentSchema.parse({ kind: 'saga', name: 'generated', start, steps })
  return { document, surely, behind, undoable, actions, inMap, pivot }
}

const built = fc.tuple(plan, plan).map(([before, after]) => build(before, after))

/** The document with one step changed, wherever it is nested. */
function change(document: SagaDocument, id: string, edit: (step: Step) => object): SagaDocument {
  const copy = structuredClone(document)
  const visit = (steps: Record<string, Step>): void => {
    for (const [at, step] of Object.entries(steps)) {
      if (step.type === 'parallel')
        for (const branch of Object.values(step.branches)) visit(branch.steps)
      if (step.type === 'map') visit(step.region.steps)
      if (at === id) steps[at] = edit(step) as Step
    }
  }
  visit(copy.steps)
  return sagaDocumentSchema.parse(copy)
}

const about = (issues: Issue[], step: string) =>
  issues.filter((issue) => issue.step === step).map(({ code }) => code)

const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % from.length]

describe('a generated well-formed saga', () => {
  test('has no errors', () => {
    fc.assert(
      fc.property(built, ({ document }) => {
        expect(verify(document).filter(({ severity }) => severity === 'error')).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  test('has the same findings each time, errors first', () => {
    fc.assert(
      fc.property(built, ({ document, pivot }) => {
        const broken = change(document, pivot, (step) => ({ ...step, next: 'nowhere' }))
        const issues = verify(broken)
        expect(verify(structuredClone(broken))).toEqual(issues)
        const order = issues.map(({ severity }) => ['error', 'warning', 'info'].indexOf(severity))
        expect(order).toEqual(order.toSorted())
      }),
      { numRuns: 50 },
    )
  })
})

describe('a planted mistake is found', () => {
  /** Plants where there is something to plant in, and says at which step which code must appear. */
  const plant = (
    title: string,
    mistake: (
      built: Built,
      at: number,
    ) => { document: SagaDocument; step: string; code: RegExp } | null,
  ) => {
    test(title, () => {
      let planted = 0
      fc.assert(
        fc.property(built, fc.nat(), (built, at) => {
          const made = mistake(built, at)
          if (made === null) return
          planted++
          const issues = verify(made.document)
          expect(about(issues, made.step).join(' ')).toMatch(made.code)
          expect(hasErrors(issues)).toBe(true)
        }),
        { numRuns: 150 },
      )
      expect(planted).toBeGreaterThan(20)
    })
  }

  plant('a compensation was dropped', ({ document, undoable }, at) => {
    const step = pick(undoable, at)
    if (step === undefined) return null
    const without = change(document, step, ({ ...step }) => {
      if (step.type === 'action') delete step.compensation
      return step
    })
    return { document: without, step, code: /compensation\/missing/ }
  })

  plant('a target was renamed', ({ document, actions }, at) => {
    const step = pick(actions, at)
    if (step === undefined) return null
    const lost = change(document, step, (step) => ({ ...step, next: 'gone' }))
    return { document: lost, step, code: /structure\/target-missing/ }
  })

  plant('an arrow goes back', ({ document, pivot }) => {
    const back = change(document, pivot, (step) => ({ ...step, next: document.start }))
    const { step } = verify(back).find(({ code }) => code === 'structure/cycle') ?? {}
    return { document: back, step: step ?? 'none', code: /structure\/cycle/ }
  })

  plant(
    'the pivot moved before compensatable steps',
    ({ document, actions, behind, pivot }, at) => {
      const step = pick(
        actions.filter(
          (id) => id !== pivot && !behind.includes(id) && document.steps[id] !== undefined,
        ),
        at,
      )
      if (step === undefined) return null
      const early = change(document, step, ({ ...step }) => {
        if (step.type === 'action') delete step.compensation
        return { ...step, effect: 'pivot' }
      })
      return { document: early, step: pivot, code: /pivot\/second/ }
    },
  )

  plant('a step behind the pivot became compensatable', ({ document, behind }, at) => {
    const step = pick(behind, at)
    if (step === undefined) return null
    const late = change(document, step, (step) => ({
      ...step,
      effect: 'compensatable',
      compensation: { operation: 'undo', input: 'input' },
    }))
    return { document: late, step, code: /pivot\/compensatable-after/ }
  })

  plant('a pivot went into a map', ({ document, inMap }, at) => {
    const step = pick(inMap, at)
    if (step === undefined) return null
    const inside = change(document, step, (step) => ({ ...step, effect: 'pivot' }))
    return { document: inside, step, code: /pivot\/in-map/ }
  })

  plant('a step reads what some way does not assign', ({ document, actions, surely }, at) => {
    const step = pick(actions, at)
    if (step === undefined) return null
    const known = surely.get(step) ?? new Set()
    const target = pick(
      actions.filter((id) => !known.has(id)),
      at >>> 8,
    )
    if (target === undefined) return null
    const wrong = change(document, step, (step) => ({ ...step, input: `steps.${target}.id` }))
    return { document: wrong, step, code: /^data\/(?!expression|unknown)/ }
  })
})
