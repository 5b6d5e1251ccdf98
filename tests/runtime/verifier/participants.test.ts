import { expect, test } from 'vitest'
import { finding, findings, readonly, saga, undoable } from './documents'

const participants = [
  {
    name: 'ledger',
    operations: [
      { name: 'do', effect: 'compensatable' as const, compensation: 'undo' },
      { name: 'undo' },
      { name: 'look', effect: 'readonly' as const },
    ],
  },
  { name: 'bank', disabled: true },
  { name: 'silent' },
]

test('says nothing when nobody tells which participants there are', () => {
  expect(findings(saga({ a: readonly(undefined, { participant: 'nobody' }) }))).toEqual([])
})

test('accepts registered participants with listed operations, or with none listed', () => {
  const document = saga({ a: undoable('b'), b: readonly(undefined, { participant: 'silent' }) })
  expect(findings(document, { participants })).toEqual([])
})

test('finds an unknown participant once per step and offers the likely one', () => {
  const document = saga({ a: undoable(undefined, { participant: 'leger' }) })
  expect(findings(document, { participants })).toEqual(['participants/unknown a'])
  expect(finding(document, 'participants/unknown', { participants })).toMatchObject({
    path: ['steps', 'a', 'participant'],
    fixes: [{ commands: [{ type: 'setStep', id: 'a', path: ['participant'], value: 'ledger' }] }],
  })
})

test('finds a disabled participant, also of a compensation', () => {
  const document = saga({
    a: undoable(undefined, {
      compensation: { participant: 'bank', operation: 'undo', input: 'input' },
    }),
  })
  expect(findings(document, { participants })).toEqual(['participants/disabled a'])
  expect(finding(document, 'participants/disabled', { participants }).path).toEqual([
    'steps',
    'a',
    'compensation',
    'participant',
  ])
})

test('warns of an operation the participant does not list', () => {
  const document = saga({
    a: readonly('b', { operation: 'loook' }),
    b: undoable(undefined, { compensation: { operation: 'undoo', input: 'input' } }),
  })
  expect(findings(document, { participants })).toEqual([
    'participants/unknown-operation a',
    'participants/unknown-operation b',
  ])
  expect(finding(document, 'participants/unknown-operation', { participants }).hint).toBe(
    'Did you mean look?',
  )
})

test('warns of an effect that the participant declares otherwise', () => {
  const document = saga({ a: readonly() })
  expect(findings(document, { participants })).toEqual(['participants/effect-differs a'])
  const { fixes } = finding(document, 'participants/effect-differs', { participants })
  expect(fixes?.[0]?.commands).toEqual([
    { type: 'setStep', id: 'a', path: ['effect'], value: 'compensatable' },
  ])
})

const sagas = [
  { name: 'audit', versions: [1, 2] },
  { name: 'draft', versions: [] },
]
const child = (reference: string) => saga({ a: { type: 'saga', saga: reference } })

test('accepts published child definitions, and any when nobody tells which there are', () => {
  for (const reference of ['audit', 'audit@1']) {
    expect(findings(child(reference), { sagas })).toEqual([])
  }
  expect(findings(child('whatever@7'))).toEqual([])
})

test('finds child definitions that are unknown, unpublished or of no such version', () => {
  expect(findings(child('audti'), { sagas })).toEqual(['child/unknown-saga a'])
  expect(findings(child('draft'), { sagas })).toEqual(['child/not-published a'])
  expect(findings(child('audit@9'), { sagas })).toEqual(['child/unknown-version a'])
  const { fixes } = finding(child('audit@9'), 'child/unknown-version', { sagas })
  expect(fixes?.[0]?.commands).toMatchObject([{ path: ['saga'], value: 'audit@2' }])
})

test('finds a saga that starts itself, but not one that starts a fixed version', () => {
  expect(findings(child('test'))).toEqual(['child/recursion a'])
  expect(findings(child('test@1'))).toEqual([])
})

test('mentions two steps with one title', () => {
  const document = saga({
    a: readonly('b', { title: 'Look it up' }),
    b: readonly('c', { title: 'look it up' }),
    c: readonly(),
  })
  expect(findings(document)).toEqual(['naming/duplicate-title b'])
})
