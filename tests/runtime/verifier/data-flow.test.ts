import { describe, expect, test } from 'vitest'
import {
  choice,
  done,
  finding,
  findings,
  map,
  parallel,
  readonly,
  region,
  retriable,
  saga,
  undoable,
} from './documents'

const reads = (expression: unknown, next?: string) => readonly(next, { input: expression })
const message = (document: ReturnType<typeof saga>, code: string) => finding(document, code).message

describe('names', () => {
  test('finds a name that expressions do not have, with the likely one', () => {
    const document = saga({ a: reads({ amount: 'inputs.amount' }, 'b'), b: reads('a.id') })
    expect(findings(document)).toEqual(['data/unknown-name a', 'data/unknown-name b'])
    expect(finding(document, 'data/unknown-name')).toMatchObject({
      path: ['steps', 'a', 'input', 'amount'],
      message: '“a” reads “inputs” in its input, and there is no such name.',
      hint: 'Did you mean input?',
    })
    expect(findings(saga({ a: reads('input.a & saga.id & $string(steps)') }))).toEqual([])
  })

  test('finds text that is not an expression', () => {
    const document = saga({ a: reads('input.(') })
    expect(findings(document)).toEqual(['data/expression a'])
    const question = saga({ a: { type: 'approval', question: 'Spend {input.x?', timeoutMs: 5 } })
    expect(findings(question)).toEqual(['data/expression a'])
  })

  test('finds item and index outside a map', () => {
    const document = saga({
      each: map({ x: reads('item.id') }, 'y', { output: '[item, index]' }),
      y: reads({ a: 'item', b: 'index' }),
    })
    expect(findings(document)).toEqual(['data/item-outside-map y', 'data/item-outside-map y'])
  })

  test('finds output outside a compensation', () => {
    const document = saga({
      a: undoable('b', { compensation: { operation: 'undo', input: '[input, output]' } }),
      b: reads('output'),
    })
    expect(findings(document)).toEqual(['data/output-outside-compensation b'])
  })
})

describe('steps', () => {
  test('accepts what ran before on every way', () => {
    const document = saga({
      a: undoable('which'),
      which: choice({ big: 'b' }, 'c'),
      b: reads('steps.a', 'd'),
      c: reads('steps.a', 'd'),
      d: reads({ a: 'steps.a.id', deep: [{ a: 'steps.a' }] }),
    })
    expect(findings(document)).toEqual([])
  })

  test('finds a step that does not exist and offers to rename exactly that reference', () => {
    const document = saga({
      reserve: undoable('ask'),
      ask: {
        type: 'approval',
        question: 'Spend {steps.reserv.amount} of {input.all}?',
        timeoutMs: 1000,
      },
    })
    expect(findings(document)).toEqual(['data/unknown-step ask'])
    expect(finding(document, 'data/unknown-step')).toMatchObject({
      message: '“ask” reads steps.reserv in its question, and there is no step “reserv”.',
      fixes: [
        {
          commands: [
            {
              type: 'setStep',
              id: 'ask',
              path: ['question'],
              value: 'Spend {steps.reserve.amount} of {input.all}?',
            },
          ],
        },
      ],
    })
  })

  test('finds a step that has no output', () => {
    const document = saga({
      cool: { type: 'wait', forMs: 5, next: 'a' },
      a: reads('steps.cool'),
    })
    expect(message(document, 'data/yields-nothing')).toBe(
      '“a” reads steps.cool in its input, and a wait step has no output.',
    )
  })

  test('finds a step that reads itself, and tells a compensation to say output', () => {
    const document = saga({
      a: undoable('b', { compensation: { operation: 'undo', input: '[input, steps.a.id]' } }),
      b: reads('steps.b'),
    })
    expect(findings(document)).toEqual(['data/reads-itself a', 'data/reads-itself b'])
    expect(finding(document, 'data/reads-itself').hint).toBe(
      'A compensation reads the output of its own step as output.',
    )
  })

  test('finds what comes later, also in a compensation', () => {
    const document = saga({
      a: undoable('b', { compensation: { operation: 'undo', input: '[input, steps.b.id]' } }),
      b: reads('steps.c', 'c'),
      c: readonly(),
    })
    expect(findings(document)).toEqual(['data/comes-later a', 'data/comes-later b'])
    expect(message(document, 'data/comes-later')).toBe(
      '“a” reads steps.b in the input of its compensation, which runs only later.',
    )
  })

  test('finds what runs on another way only', () => {
    const document = saga({
      which: choice({ big: 'a' }, 'b'),
      a: undoable(),
      b: reads('steps.a'),
    })
    expect(message(document, 'data/comes-later')).toBe(
      '“b” reads steps.a in its input, and no way leads from “a” to “b”.',
    )
  })

  test('finds what never runs', () => {
    const document = saga({ a: undoable('b'), b: reads('steps.lost'), lost: undoable('b') })
    expect(findings(document)).toEqual(['data/never-assigned b', 'structure/unreachable lost'])
  })

  test('names the way on which a choice skips it', () => {
    const document = saga({
      first: readonly('which'),
      which: choice({ big: 'a' }, 'small'),
      a: undoable('join'),
      small: readonly('join'),
      join: readonly('last'),
      last: reads('steps.a.id'),
    })
    expect(findings(document)).toEqual(['data/maybe-unassigned last'])
    expect(message(document, 'data/maybe-unassigned')).toBe(
      '“last” reads steps.a in its input, but “a” does not run on this way: “which” (otherwise) → “small” → “join” → “last”.',
    )
  })

  test('names the way on which a signal did not come', () => {
    const document = saga({
      ask: { type: 'signal', signal: 'go', timeoutMs: 5, onTimeout: { next: 'z' }, next: 'y' },
      y: reads('steps.ask', 'z'),
      z: reads('steps.ask'),
    })
    expect(findings(document)).toEqual(['data/maybe-unassigned z'])
    expect(message(document, 'data/maybe-unassigned')).toContain('this way: “ask” (timeout) → “z”.')
  })

  test('takes a read inside $exists as meant', () => {
    const optional = (expression: string) =>
      saga({ which: choice({ big: 'a' }, 'b'), a: undoable('b'), b: reads(expression) })
    expect(findings(optional('$exists(steps.a) ? steps.a.id : input.id'))).toEqual([])
    expect(findings(optional('$exists( steps.`a`.id ) ? steps.a.id : 0'))).toEqual([])
    expect(findings(optional('$exists(input) ? steps.a.id : 0'))).toEqual([
      'data/maybe-unassigned b',
    ])
    expect(findings(optional('$exists(steps.ab) ? steps.a.id : 0'))).toContain(
      'data/maybe-unassigned b',
    )
  })

  test('asks only the ways that reach it: a failed end skips nothing', () => {
    const document = saga({
      which: choice({ big: 'a' }, 'no'),
      a: undoable('b'),
      no: { type: 'end', outcome: 'failed' },
      b: reads('steps.a'),
    })
    expect(findings(document)).toEqual([])
  })
})

describe('regions', () => {
  test('sees all of a parallel behind its join, and the outside from inside', () => {
    const document = saga({
      a: undoable('both'),
      both: parallel(
        { left: region({ x: reads('steps.a') }), right: region({ y: reads('steps.a') }) },
        'z',
      ),
      z: reads('[steps.x, steps.y]'),
    })
    expect(findings(document)).toEqual([])
  })

  test('finds a read across branches', () => {
    const document = saga({
      both: parallel({
        left: region({ x: readonly() }),
        right: region({ each: map({ y: reads('steps.x') }) }),
      }),
    })
    expect(findings(document)).toEqual(['data/other-branch y'])
    expect(message(document, 'data/other-branch')).toBe(
      '“y” reads steps.x in its input, which runs in another branch of “both” and may not have finished.',
    )
  })

  test('knows that a join that does not wait for all proves nothing', () => {
    const join = (join: unknown) =>
      saga({
        both: parallel({ l: region({ x: readonly() }), r: region({ y: readonly() }) }, 'z', join),
        z: reads('steps.x'),
      })
    expect(findings(join({ quorum: 2 }))).toEqual([])
    expect(message(join('any'), 'data/maybe-unassigned')).toContain(
      'this way: “both” (goes on after 1 of 2 branches) → “z”.',
    )
  })

  test('names the way inside a branch that skips it', () => {
    const document = saga({
      both: parallel(
        {
          left: region({ which: choice({ big: 'x' }, 'w'), x: readonly('w'), w: readonly() }),
          right: region({ y: readonly() }),
        },
        'z',
      ),
      z: reads('steps.x'),
    })
    expect(message(document, 'data/maybe-unassigned')).toContain(
      'this way: “which” (otherwise) → “w” → “both” → “z”.',
    )
  })

  test('keeps what a map assigns inside the map', () => {
    const document = saga({
      a: undoable('each'),
      each: map({ x: reads('[steps.a, item]', 'y'), y: reads('steps.x') }, 'z', {
        output: { x: 'steps.x', y: 'steps.y', a: 'steps.a' },
      }),
      z: reads('[steps.x, steps.each]'),
    })
    expect(findings(document)).toEqual(['data/out-of-scope z'])
    expect(finding(document, 'data/out-of-scope').hint).toBe(
      'Read steps.each: it is the list of what each item yields.',
    )
  })

  test('lets a map’s output read only what every item assigned', () => {
    const document = saga({
      each: map({ which: choice({ big: 'x' }, 'y'), x: retriable('y'), y: readonly() }, undefined, {
        output: 'steps.x',
      }),
    })
    expect(findings(document)).toEqual(['data/maybe-unassigned each'])
    expect(message(document, 'data/maybe-unassigned')).toContain(
      'this way: “which” (otherwise) → “y” → “each”.',
    )
  })

  test('does not let a map’s items read the map itself or what follows', () => {
    const document = saga({
      each: map({ x: reads('[steps.each, steps.z]') }, 'z'),
      z: readonly('end'),
      end: done,
    })
    expect(findings(document)).toEqual(['data/comes-later x', 'data/comes-later x'])
  })
})

test('reads every field that holds an expression', () => {
  const gone = 'steps.gone'
  const document = saga({
    a: undoable('b', {
      input: gone,
      idempotencyKey: gone,
      resources: [{ key: 'budget/{steps.gone.id}', access: 'write' }],
      compensation: { operation: 'undo', input: { a: 'input', b: gone } },
    }),
    b: { type: 'choice', branches: [{ when: gone, next: 'c' }], otherwise: 'c' },
    c: { type: 'map', items: gone, region: region({ x: readonly() }), output: gone, next: 'd' },
    d: { type: 'wait', until: gone, next: 'e' },
    e: {
      type: 'approval',
      question: '{steps.gone}?',
      context: { x: gone },
      timeoutMs: 5,
      next: 'f',
    },
    f: { type: 'saga', saga: 'other', input: gone, next: 'g' },
    g: { type: 'end', output: { deep: { list: [gone] } } },
  })
  expect(findings(document)).toEqual([
    ...Array<string>(4).fill('data/unknown-step a'),
    'data/unknown-step b',
    ...Array<string>(2).fill('data/unknown-step c'),
    'data/unknown-step d',
    ...Array<string>(2).fill('data/unknown-step e'),
    'data/unknown-step f',
    'data/unknown-step g',
  ])
})
