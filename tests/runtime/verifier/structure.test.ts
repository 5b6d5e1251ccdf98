import { expect, test } from 'vitest'
import {
  choice,
  done,
  failed,
  finding,
  findings,
  map,
  parallel,
  readonly,
  region,
  saga,
  undoable,
} from './documents'

test('finds nothing in a whole drawing', () => {
  const document = saga({
    reserve: undoable('both'),
    both: parallel({ a: region({ x: readonly() }), b: region({ y: readonly() }) }, 'which'),
    which: choice({ big: 'each' }, 'no'),
    each: map({ file: undoable() }, 'done'),
    done,
    no: failed,
  })
  expect(findings(document)).toEqual([])
})

test('finds a saga, a branch and a map without steps', () => {
  expect(findings(saga({}, { start: 'a' }))).toEqual(['structure/no-steps -'])
  const document = saga({
    both: parallel({ a: region({ x: readonly() }), b: { start: 'y', steps: {} } }, 'each'),
    each: { ...map({}), region: { start: 'z', steps: {} } },
  })
  expect(findings(document)).toEqual(['structure/no-steps both', 'structure/no-steps each'])
  expect(finding(document, 'structure/no-steps')).toMatchObject({
    path: ['steps', 'both', 'branches', 'b', 'steps'],
    message: 'Branch “b” of “both” has no steps.',
  })
})

test('finds a start that does not exist and offers the likely one', () => {
  const document = saga({ reserve: undoable('book'), book: undoable() }, { start: 'reserv' })
  expect(findings(document)).toEqual(['structure/start-missing -'])
  expect(finding(document, 'structure/start-missing')).toMatchObject({
    path: ['start'],
    fixes: [
      {
        title: 'Start at “reserve”',
        commands: [{ type: 'connect', region: [], from: null, to: 'reserve' }],
      },
    ],
  })
})

test('finds an arrow to a step that does not exist and offers the likely one', () => {
  const document = saga({ a: undoable('finsh'), finish: undoable() }, {})
  expect(findings(document)).toEqual(['structure/target-missing a', 'structure/unreachable finish'])
  expect(finding(document, 'structure/target-missing')).toMatchObject({
    path: ['steps', 'a', 'next'],
    message: '“a” goes on to “finsh”, and there is no such step.',
    fixes: [
      { commands: [{ type: 'connect', region: [], from: 'a', to: 'finish' }] },
      { commands: [{ type: 'connect', region: [], from: 'a', to: null }] },
    ],
  })
})

test('finds an arrow of a choice and of a timeout that lead nowhere', () => {
  const document = saga({
    which: choice({ big: 'gone', odd: 'ask' }, 'ask'),
    ask: { type: 'signal', signal: 'go', timeoutMs: 5, onTimeout: { next: 'lost' } },
  })
  expect(findings(document)).toEqual([
    'structure/target-missing which',
    'structure/target-missing ask',
  ])
  expect(finding(document, 'structure/target-missing')).toMatchObject({
    path: ['steps', 'which', 'branches', 0, 'next'],
    fixes: [{ commands: [{ port: 'branch:0', to: null }] }],
  })
})

test('finds an arrow that leaves its region', () => {
  const document = saga({
    both: parallel({ a: region({ x: readonly('end') }), b: region({ y: readonly() }) }, 'end'),
    end: done,
  })
  expect(findings(document)).toEqual(['structure/target-elsewhere x'])
  expect(finding(document, 'structure/target-elsewhere').path).toEqual([
    'steps',
    'both',
    'branches',
    'a',
    'steps',
    'x',
    'next',
  ])
})

test('names the steps of a cycle', () => {
  const document = saga({
    a: undoable('b'),
    b: undoable('c'),
    c: choice({ again: 'b', odd: 'd' }, 'd'),
    d: done,
  })
  expect(findings(document)).toEqual(['structure/cycle c'])
  expect(finding(document, 'structure/cycle')).toMatchObject({
    path: ['steps', 'c', 'branches', 0, 'next'],
    message: 'These steps go round in a circle: “b” → “c” → “b”.',
    fixes: [{ commands: [{ type: 'connect', from: 'c', port: 'branch:0', to: null }] }],
  })
})

test('finds what never runs, counting a container once', () => {
  const document = saga({
    a: undoable(),
    lost: undoable('each'),
    each: map({ file: undoable() }),
  })
  expect(findings(document)).toEqual(['structure/unreachable lost', 'structure/unreachable each'])
})

test('finds what follows a parallel that cannot end well', () => {
  const document = saga({
    both: parallel({ a: region({ x: failed }), b: region({ y: failed }) }, 'after'),
    after: done,
  })
  expect(finding(document, 'structure/unreachable').message).toBe(
    '“after” would never run: “both” cannot end well.',
  )
})

test('finds an id used twice', () => {
  const document = saga({
    a: undoable('both'),
    both: parallel({ left: region({ a: readonly() }), right: region({ b: readonly() }) }),
  })
  expect(findings(document)).toContain('structure/duplicate-id a')
  expect(finding(document, 'structure/duplicate-id').path).toEqual([
    'steps',
    'both',
    'branches',
    'left',
    'steps',
    'a',
  ])
})

test('warns of a choice that may find no condition true, unless one is always true', () => {
  const open = saga({ which: choice({ big: 'a' }), a: done })
  expect(findings(open)).toEqual(['structure/choice-may-fail which'])
  const closed = saga({
    which: {
      type: 'choice',
      branches: [
        { when: 'input.x', next: 'a' },
        { when: ' true ', next: 'a' },
      ],
    },
    a: done,
  })
  expect(findings(closed)).toEqual([])
})

test('offers an end with a fresh id for a choice without otherwise', () => {
  const document = saga({ which: choice({ big: 'which_else' }), which_else: done })
  const [fix] = finding(document, 'structure/choice-may-fail').fixes ?? []
  expect(fix?.commands).toMatchObject([
    {
      type: 'batch',
      commands: [
        {
          type: 'addStep',
          region: [],
          id: 'which_else2',
          step: { type: 'end', outcome: 'failed' },
        },
        { type: 'connect', from: 'which', port: 'otherwise', to: 'which_else2' },
      ],
    },
  ])
})

test('finds a parallel with no branch, and warns of one', () => {
  expect(findings(saga({ both: parallel({}) }))).toEqual(['structure/few-branches both'])
  expect(finding(saga({ both: parallel({}) }), 'structure/few-branches').severity).toBe('error')
  const one = saga({ both: parallel({ a: region({ x: readonly() }) }) })
  expect(finding(one, 'structure/few-branches').severity).toBe('warning')
})

test('finds a quorum that cannot be met', () => {
  const branches = { a: region({ x: readonly() }), b: region({ y: readonly() }) }
  expect(findings(saga({ both: parallel(branches, undefined, { quorum: 3 }) }))).toEqual([
    'structure/quorum-too-high both',
  ])
  expect(findings(saga({ both: parallel(branches, undefined, { quorum: 2 }) }))).toEqual([])
})

test('warns when every way ends as failed', () => {
  expect(findings(saga({ a: undoable('no'), no: failed }))).toEqual(['structure/never-completes -'])
})

test('finds a transaction step, which this version does not run', () => {
  const document = saga({
    group: {
      type: 'transaction',
      participants: [{ participant: 'ledger', operation: 'book' }],
    },
  })
  expect(findings(document)).toEqual(['unsupported/transaction group'])
})
