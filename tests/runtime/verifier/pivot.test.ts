import { expect, test } from 'vitest'
import {
  choice,
  done,
  failed,
  finding,
  findings,
  map,
  parallel,
  pivot,
  readonly,
  region,
  retriable,
  saga,
  undoable,
} from './documents'

test('accepts compensatable steps, one pivot, then retriable and readonly steps', () => {
  const document = saga({
    a: undoable('ask'),
    ask: { type: 'approval', question: 'Go?', timeoutMs: 1000, next: 'b' },
    b: pivot('c'),
    c: retriable('d'),
    d: readonly('e'),
    e: done,
  })
  expect(findings(document)).toEqual([])
})

test('finds a compensatable step behind the pivot, on any way and in any region', () => {
  const document = saga({
    a: pivot('which'),
    which: choice({ big: 'each' }, 'd'),
    each: map({ file: undoable() }, 'd'),
    d: done,
  })
  expect(findings(document)).toEqual(['pivot/compensatable-after file'])
  expect(finding(document, 'pivot/compensatable-after')).toMatchObject({
    message:
      '“file” is compensatable, but runs after the pivot “a”, when nothing is undone any more.',
    fixes: [{ commands: [{ type: 'setStep', id: 'file', path: ['effect'], value: 'retriable' }] }],
  })
})

test('finds a second pivot on a way, but not on another way', () => {
  expect(findings(saga({ a: pivot('b'), b: pivot() }))).toEqual(['pivot/second b'])
  const either = saga({ which: choice({ big: 'a' }, 'b'), a: pivot(), b: pivot() })
  expect(findings(either)).toEqual([])
})

test('finds a pivot inside a map', () => {
  expect(findings(saga({ each: map({ file: pivot() }) }))).toEqual(['pivot/in-map file'])
})

test('finds a pivot beside steps that may fail, however deep', () => {
  const beside = (step: object) =>
    saga({
      both: parallel({ a: region({ p: pivot() }), b: region({ each: map({ x: step }) }) }),
    })
  expect(findings(beside(undoable()))).toEqual(['pivot/in-parallel p'])
  expect(findings(beside(retriable()))).toEqual([])
  expect(findings(beside(readonly()))).toEqual([])
})

test('finds a pivot in a branch that may lose', () => {
  const branches = { a: region({ p: pivot() }), b: region({ y: readonly() }) }
  expect(findings(saga({ both: parallel(branches, undefined, 'any') }))).toEqual([
    'pivot/in-race p',
  ])
})

test('warns of an approval behind the pivot', () => {
  const document = saga({
    a: pivot('ask'),
    ask: { type: 'approval', question: 'Go?', timeoutMs: 1000 },
  })
  expect(findings(document)).toEqual(['pivot/approval-after ask'])
})

test('warns of every way to fail behind the pivot', () => {
  const document = saga({
    a: pivot('ask'),
    ask: { type: 'signal', signal: 'go', timeoutMs: 1000, next: 'child' },
    child: { type: 'saga', saga: 'other', next: 'which' },
    which: choice({ big: 'no' }),
    no: failed,
  })
  expect(findings(document).filter((line) => line.startsWith('pivot'))).toEqual([
    'pivot/may-fail-after ask',
    'pivot/may-fail-after child',
    'pivot/may-fail-after which',
    'pivot/may-fail-after no',
  ])
})

test('warns of a retriable step before something that may fail the saga', () => {
  expect(findings(saga({ a: retriable('b'), b: undoable() }))).toEqual(['pivot/retriable-before a'])
  expect(findings(saga({ a: retriable('b'), b: readonly() }))).toEqual([])
  expect(
    finding(saga({ a: retriable('b'), b: readonly('c'), c: pivot() }), 'pivot/retriable-before')
      .message,
  ).toBe('“a” cannot be undone, and “c” behind it may still fail the saga.')
})

test('mentions a retriable step that soon gives up', () => {
  const few = saga({ a: retriable(undefined, { retry: { attemptsMax: 3 } }) })
  expect(finding(few, 'pivot/few-attempts')).toMatchObject({
    severity: 'info',
    path: ['steps', 'a', 'retry', 'attemptsMax'],
  })
  expect(findings(saga({ a: retriable() }, { retry: { attemptsMax: 3 } }))).toEqual([
    'pivot/few-attempts a',
  ])
  expect(findings(saga({ a: retriable() }))).toEqual([])
})
