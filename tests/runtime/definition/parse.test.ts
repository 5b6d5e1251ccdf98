import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDefinition } from '@/runtime/definition/parse'
import { LIMITS } from '@/runtime/definition/schema'

const BROKEN = `kind: saga
name: Bad Name
steps:
  a:
    type: actoin
  charge:
    type: action
    participant: budget-ledger
    efect: pivot
    input:
      amount: input.a +
      ok: "input.b"
    retry: { attemptMax: 3, jitter: 2 }
    nxt: b
  1x: { type: end }
  w: { type: wait }
  both: { type: wait, forMs: 1, until: saga.startedAt }
  ap: { type: approval, question: "Spend {input.x +}?", roles: [king] }
  p:
    type: parallel
    join: { quorum: 3 }
    branches:
      l: { start: a, steps: { a: { type: end } } }
  m: { type: map, items: 7, region: { start: x } }
`

function findings(text: unknown) {
  return parseDefinition(text).issues.map(({ message, hint, range }) => ({
    message,
    ...(hint === undefined ? {} : { hint }),
    at: typeof text === 'string' && range ? text.slice(range.start, range.end) : undefined,
  }))
}

describe('a broken document', () => {
  it('gives all its issues at once, in words, with places', () => {
    const found = findings(BROKEN)
    for (const expected of [
      { message: 'The saga has no `start`.', hint: 'Name the step that runs first.' },
      { message: '`name` of the saga is `Bad Name`, which cannot be used here.', at: 'Bad Name' },
      { message: 'Step `a` has the type `actoin`, which does not exist.', at: 'actoin' },
      { message: 'Step `charge` has no `operation`.', at: 'charge' },
      {
        message: 'Step `charge` has the unknown key `efect`.',
        hint: 'Did you mean `effect`?',
        at: 'efect',
      },
      {
        message: '`retry` of step `charge` has the unknown key `attemptMax`.',
        hint: 'Did you mean `attemptsMax`?',
        at: 'attemptMax',
      },
      { message: '`retry.jitter` of step `charge` must be at most 1.', at: '2' },
      { message: '`1x` cannot be the id of a step.', at: '1x' },
      { message: 'Step `w` does not say how long it waits.', at: 'w' },
      { message: 'Step `both` has both `forMs` and `until`.' },
      {
        message:
          '`roles[0]` of step `ap` is `king`; it must be one of `chairman`, `operator`, `admin`.',
        at: 'king',
      },
      { message: 'Step `p` waits for 3 branches but has 1.', at: '3' },
      { message: 'There are two steps `a`; the other is in the saga itself.', at: 'a' },
      { message: '`items` of step `m` is `7`; it must be a text.', at: '7' },
      { message: '`region` of step `m` has no `steps`.' },
    ]) {
      expect(found).toContainEqual(expect.objectContaining(expected))
    }
    expect(parseDefinition(BROKEN).document).toBeUndefined()
  })

  it('marks the very place inside an expression and a template', () => {
    const { issues } = parseDefinition(BROKEN)
    const places = issues
      .filter((issue) => issue.code === 'parse/expression')
      .map(({ range }) => range && BROKEN.slice(range.start, range.end))
    expect(places).toEqual(['+', '}?'])
  })

  it('names the step each issue belongs to, the innermost one', () => {
    const text = `kind: saga\nname: x\nstart: p\nsteps:\n  p:\n    type: parallel\n    branches:\n      one:\n        start: q\n        steps:\n          q: { type: end, outcom: failed }\n`
    expect(parseDefinition(text).issues).toMatchObject([
      { code: 'parse/unknown-key', step: 'q', hint: 'Did you mean `outcome`?' },
    ])
  })

  it('lists issues in the order of the text', () => {
    const starts = parseDefinition(BROKEN).issues.map((issue) => issue.range?.start ?? -1)
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
  })

  it('still gives the document when only an expression is wrong', () => {
    const text = 'kind: saga\nname: x\nstart: w\nsteps:\n  w: { type: wait, until: "input." }\n'
    const { document, issues } = parseDefinition(text)
    expect(document?.steps.w).toMatchObject({ type: 'wait' })
    expect(issues).toMatchObject([{ code: 'parse/expression', step: 'w' }])
  })

  it('explains unions: a join, a mapping, a missing type', () => {
    const text = `kind: saga
name: x
start: p
steps:
  p: { type: parallel, join: some, branches: {} }
  q: { title: no type }
  r: { type: saga, saga: child, input: 7 }
`
    expect(findings(text)).toMatchObject([
      { message: '`join` of step `p` is `some`; it must be `all`, `any` or `{quorum: n}`.' },
      { message: 'Step `q` has no `type`.' },
      {
        message:
          '`input` of step `r` is `7`; it must be one expression, or an object in which each text is an expression.',
      },
    ])
  })
})

describe('texts that cannot be read', () => {
  it.each([
    ['nothing', '', 'parse/empty'],
    ['only a comment', '# only words', 'parse/empty'],
    ['a list', '[1, 2]', 'parse/type'],
    ['an open bracket', 'kind: saga\nname: [', 'parse/syntax'],
    ['a doubled comma', '{"kind": "saga",, }', 'parse/syntax'],
    ['two documents', 'a: 1\n---\nb: 2', 'parse/several-documents'],
    ['a doubled key', 'kind: saga\nkind: saga', 'parse/duplicate-key'],
    ['a doubled JSON key', '{"kind": "saga", "kind": "saga"}', 'parse/duplicate-key'],
    ['a tab', 'kind: saga\n\tname: x', 'parse/syntax'],
    ['the prototype in YAML', '__proto__: { a: 1 }', 'parse/key'],
    ['the prototype in JSON', '{"__proto__": {"a": 1}}', 'parse/key'],
    ['a list as key', '? [a, b]\n: 1', 'parse/key'],
    ['an alias of nothing', 'a: *nobody', 'parse/alias'],
    ['a later format', 'kind: saga\nformat: 2', 'parse/newer-format'],
    ['too long a text', `kind: saga\ntitle: ${'x'.repeat(LIMITS.textBytes)}`, 'parse/too-large'],
    ['too deep a text', '['.repeat(20_000), 'parse/too-deep'],
  ])('%s is told', (_what, text, code) => {
    const codes = parseDefinition(text).issues.map((issue) => issue.code)
    expect(codes).toContain(code)
    expect(codes.length).toBeLessThanOrEqual(20)
  })

  it('stops a bomb of aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 12; i++) {
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
    }
    const { issues } = parseDefinition(lines.join('\n'))
    expect(issues.map((issue) => issue.message)).toContainEqual(
      expect.stringContaining('aliases unfold to more than'),
    )
  })

  it('takes plain values, too, and refuses what is not JSON', () => {
    const value = { kind: 'saga', name: 'x', start: 'a', steps: { a: { type: 'end' } } }
    expect(parseDefinition(value)).toMatchObject({
      document: { steps: { a: { outcome: 'completed' } } },
      issues: [],
    })
    const circle: Record<string, unknown> = { kind: 'saga' }
    circle.self = circle
    expect(parseDefinition(circle).issues).toMatchObject([{ code: 'parse/syntax' }])
    expect(parseDefinition(undefined).issues).toHaveLength(1)
    expect(parseDefinition(JSON.parse('{"__proto__": {}}')).issues).toHaveLength(1)
  })

  it('never throws, whatever the text or value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.anything()), (input) => {
        expect(Array.isArray(parseDefinition(input).issues)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('never throws on a good text with a piece cut out or doubled', () => {
    fc.assert(
      fc.property(fc.nat(BROKEN.length), fc.nat(40), fc.boolean(), (at, length, double) => {
        const piece = BROKEN.slice(at, at + length)
        const text = double
          ? BROKEN.slice(0, at) + piece + BROKEN.slice(at)
          : BROKEN.slice(0, at) + BROKEN.slice(at + length)
        for (const issue of parseDefinition(text).issues) {
          expect(issue.message).toMatch(/\.$/)
          if (!issue.range) continue
          expect(issue.range.start).toBeLessThanOrEqual(issue.range.end)
          expect(issue.range.end).toBeLessThanOrEqual(text.length)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('bounds', () => {
  it('name the region that lies too deep', () => {
    let region: object = { start: 'end', steps: { end: { type: 'end' } } }
    for (let i = 0; i < LIMITS.depth; i++) {
      region = { start: `m${i}`, steps: { [`m${i}`]: { type: 'map', items: 'input', region } } }
    }
    const { issues } = parseDefinition({ kind: 'saga', name: 'deep', ...region })
    expect(issues).toMatchObject([{ code: 'parse/too-deep', step: 'end' }])
  })

  it('refuse more steps than can be read', () => {
    const steps = Object.fromEntries(
      Array.from({ length: LIMITS.steps + 1 }, (_, i) => [`s${i}`, { type: 'end' }]),
    )
    const { issues } = parseDefinition({ kind: 'saga', name: 'many', start: 's0', steps })
    expect(issues).toMatchObject([{ code: 'parse/too-many-steps' }])
  })

  it('tell an input schema that is none', () => {
    const text =
      'kind: saga\nname: x\nstart: a\ninput: { type: text }\nsteps: { a: { type: end } }\n'
    expect(parseDefinition(text).issues).toMatchObject([{ code: 'parse/input-schema' }])
  })
})
