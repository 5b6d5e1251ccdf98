import { describe, expect, it } from 'vitest'
import { applyCommand } from '@/runtime/definition/apply-command'
import { type EditCommand, planEdit } from '@/runtime/definition/edit'
import { parseDefinition } from '@/runtime/definition/parse'
import { applyEdits } from '@/runtime/definition/text/text-edit'
import { JSON_TEXT, YAML_TEXT } from './commands'

function edit(text: string, command: EditCommand) {
  const planned = planEdit(text, command)
  if ('issues' in planned) throw new Error(planned.issues.map((issue) => issue.message).join(' '))
  expect(applyEdits(planned.text, planned.inverse)).toBe(text)
  return planned
}

function refusal(text: string, command: EditCommand): string {
  const planned = planEdit(text, command)
  if (!('issues' in planned)) throw new Error('not refused')
  return planned.issues[0]?.message ?? ''
}

const SMALL = `kind: saga
name: small
start: a # first
steps:
  # about a
  a:
    type: wait
    forMs: 5 # short
    next: b

  # about b
  b: { type: end }
`

describe('an edit', () => {
  it('changes nothing but what it is about', () => {
    const set: EditCommand = { type: 'setStep', id: 'a', path: ['forMs'], value: 50 }
    expect(edit(SMALL, set).edits).toEqual([
      { start: SMALL.indexOf('5 #') + 1, end: SMALL.indexOf('5 #') + 1, text: '0' },
    ])
  })

  it('puts a step on an arrow, behind the step it comes from', () => {
    const insert: EditCommand = {
      type: 'insertStep',
      region: [],
      from: 'a',
      id: 'c',
      step: { type: 'wait', forMs: 1 },
    }
    expect(edit(SMALL, insert).text).toBe(
      SMALL.replace('next: b', 'next: c\n\n  c:\n    type: wait\n    forMs: 1\n    next: b'),
    )
    const atStart: EditCommand = { ...insert, from: null }
    const { document } = parseDefinition(edit(SMALL, atStart).text)
    expect(document).toMatchObject({ start: 'c', steps: { c: { next: 'a' } } })
  })

  it('takes a step out with its own comments and joins its neighbours', () => {
    const remove: EditCommand = { type: 'removeStep', id: 'a', reconnect: true }
    expect(edit(SMALL, remove).text).toBe(
      `kind: saga\nname: small\nstart: b # first\nsteps:\n\n  # about b\n  b: { type: end }\n`,
    )
  })

  it('leaves a start that must name something to the verifier when nothing follows', () => {
    const remove: EditCommand = { type: 'removeStep', id: 'b', reconnect: true }
    expect(parseDefinition(edit(SMALL, remove).text).document?.steps).toEqual({
      a: { type: 'wait', forMs: 5 },
    })
  })

  it('renames a step in arrows, starts, expressions and templates alone', () => {
    const { text } = edit(YAML_TEXT, { type: 'renameStep', id: 'reserve', to: 'hold' })
    expect(text).toContain('start: hold\n')
    expect(text).toContain('  # Money first.\n  hold:\n')
    expect(text).toContain('when: steps.hold.amount > 1000')
    expect(text).toContain('question: "Spend {steps.hold.amount} on {input.name}?"')
    expect(text).toContain('key: budget/{steps.hold.id}')
    // An operation and a text that only look alike stay.
    expect(text).toContain('operation: reserve\n')
    expect(text).toContain("note: 'It''s for steps.reserve'\n")
  })

  it('quotes a new name that an expression would read as something else', () => {
    const { text } = edit(YAML_TEXT, { type: 'renameStep', id: 'reserve', to: 'and' })
    expect(text).toContain('context: steps.`and`')
    const faults = parseDefinition(text).issues.filter(({ code }) => code === 'parse/expression')
    // The one that was there before: a note in plain words.
    expect(faults.map(({ path }) => path.at(-1))).toEqual(['note'])
  })

  it('writes new fields where their schema lists them', () => {
    const titled = edit(SMALL, { type: 'setStep', id: 'a', path: ['title'], value: 'A: one' }).text
    expect(titled).toContain('    type: wait\n    title: "A: one"\n    forMs: 5 # short\n')
    const saga = edit(SMALL, { type: 'setSaga', fields: { title: 'T' } }).text
    expect(saga).toContain('name: small\ntitle: T\nstart: a # first\n')
  })

  it('keeps the comments of a field it removes', () => {
    const { text } = edit(SMALL, { type: 'setStep', id: 'a', path: ['forMs'] })
    expect(text).toContain('    type: wait\n    # short\n    next: b\n')
  })

  it('keeps JSON pretty, with commas right', () => {
    const { text } = edit(JSON_TEXT, { type: 'removeStep', id: 'done', reconnect: false })
    expect(text).toContain('          }\n        }\n      }\n    }\n  }\n}\n')
    const added = edit(JSON_TEXT, {
      type: 'addStep',
      region: ['both', 'right'],
      id: 'c',
      step: { type: 'wait', forMs: 1 },
    }).text
    expect(added).toContain(
      '"b": { "type": "end" }, // right end\n            "c": {\n              "type": "wait",\n              "forMs": 1\n            }\n',
    )
  })

  it('fills an empty region', () => {
    const text = 'kind: saga\nname: x\nstart: a\nsteps: {} # none yet\n'
    const add: EditCommand = {
      type: 'addStep',
      region: [],
      id: 'a',
      step: { type: 'wait', forMs: 1 },
    }
    expect(edit(text, add).text).toBe(
      'kind: saga\nname: x\nstart: a\n# none yet\nsteps:\n  a:\n    type: wait\n    forMs: 1\n',
    )
    const json = '{\n  "kind": "saga",\n  "steps": {}\n}\n'
    expect(edit(json, add).text).toBe(
      '{\n  "kind": "saga",\n  "steps": {\n    "a": {\n      "type": "wait",\n      "forMs": 1\n    }\n  }\n}\n',
    )
  })

  it('works on a document that is wrong elsewhere', () => {
    const broken = SMALL.replace('type: end', 'type: edn')
    expect(edit(broken, { type: 'setStep', id: 'a', path: ['forMs'], value: 6 }).text).toBe(
      broken.replace('forMs: 5', 'forMs: 6'),
    )
  })
})

describe('a refused edit', () => {
  it.each<[string, EditCommand, string]>([
    [
      'a used id',
      { type: 'addStep', region: [], id: 'b', step: { type: 'end', outcome: 'failed' } },
      'There is a step `b` already.',
    ],
    [
      'an id that is none',
      { type: 'renameStep', id: 'a', to: 'a b' },
      '`a b` cannot be the id of a step.',
    ],
    [
      'the prototype as id',
      { type: 'renameStep', id: 'a', to: '__proto__' },
      '`__proto__` cannot be the id of a step.',
    ],
    [
      'an unknown step',
      { type: 'setStep', id: 'z', path: ['title'], value: 'x' },
      'There is no step `z` here.',
    ],
    [
      'an unknown target',
      { type: 'connect', region: [], from: 'a', to: 'z' },
      'There is no step `z` here.',
    ],
    [
      'an unknown region',
      { type: 'addStep', region: ['a'], id: 'n', step: { type: 'wait', forMs: 1 } },
      'There is no region `a`.',
    ],
    [
      'an arrow from an end',
      { type: 'connect', region: [], from: 'b', to: 'a' },
      'Step `b` (end) has no arrow of its own.',
    ],
    [
      'a port that is not there',
      { type: 'connect', region: [], from: 'a', port: 'timeout', to: 'b' },
      'Step `a` (wait) has no port `timeout`.',
    ],
    [
      'a region without start',
      { type: 'connect', region: [], from: null, to: null },
      'A region must start with a step: connect it to another one.',
    ],
    [
      'a changed type',
      { type: 'setStep', id: 'a', path: ['type'], value: 'end' },
      'The type of step `a` changes by replacing the step.',
    ],
    [
      'a path through a text',
      { type: 'setStep', id: 'a', path: ['next', 'x'], value: 1 },
      'Step `a` has no place `next.x`.',
    ],
    [
      'a missing name',
      { type: 'setSaga', fields: { name: null } },
      'A saga cannot be without `name`.',
    ],
  ])('says why: %s', (_what, command, message) => {
    expect(refusal(SMALL, command)).toBe(message)
    const { document } = parseDefinition(SMALL)
    if (!document) throw new Error('no document')
    expect(() => applyCommand(document, command)).toThrow(message)
  })

  it('refuses an arrow into another region', () => {
    const command: EditCommand = { type: 'connect', region: [], from: 'reserve', to: 'screen' }
    expect(refusal(YAML_TEXT, command)).toBe(
      'Step `screen` is in another region; arrows stay inside one.',
    )
  })

  it('does nothing of a batch of which one command is refused', () => {
    const batch: EditCommand = {
      type: 'batch',
      label: 'two',
      commands: [
        { type: 'setStep', id: 'a', path: ['forMs'], value: 6 },
        { type: 'removeStep', id: 'z', reconnect: true },
      ],
    }
    expect(refusal(SMALL, batch)).toBe('There is no step `z` here.')
  })

  it('leaves a text that cannot be read alone', () => {
    expect(refusal('a: [', { type: 'setSaga', fields: { title: 'x' } })).toBe(
      'The text cannot be read, so it cannot be edited on the canvas.',
    )
  })

  it('does not break an anchor that is used elsewhere', () => {
    const text = SMALL.replace('type: wait', 'type: wait\n    title: &t T').replace(
      '{ type: end }',
      '{ type: end, title: *t }',
    )
    const planned = planEdit(text, { type: 'removeStep', id: 'a', reconnect: true })
    expect('issues' in planned && planned.issues[0]?.code).toBe('edit/not-writable')
    // What only one of the two shows is changed for that one.
    const changed = edit(text, { type: 'setStep', id: 'b', path: ['title'], value: 'Other' })
    expect(parseDefinition(changed.text).document?.steps).toMatchObject({
      a: { title: 'T' },
      b: { title: 'Other' },
    })
  })
})

it('renames twice and edits between in one batch', () => {
  const batch: EditCommand = {
    type: 'batch',
    label: 'swap',
    commands: [
      { type: 'renameStep', id: 'a', to: 't' },
      { type: 'setStep', id: 't', path: ['forMs'], value: 9 },
      { type: 'renameStep', id: 'b', to: 'a' },
    ],
  }
  expect(edit(SMALL, batch).text).toBe(
    SMALL.replace('start: a', 'start: t')
      .replace('\n  a:', '\n  t:')
      .replace('forMs: 5', 'forMs: 9')
      .replace('next: b', 'next: a')
      .replace('\n  b:', '\n  a:'),
  )
})
