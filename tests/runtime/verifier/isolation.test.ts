import { expect, test } from 'vitest'
import { finding, findings, map, parallel, readonly, region, saga, undoable } from './documents'

const touch = (access: string, more: object = {}, key = 'budget/{input.id}') => ({
  resources: [{ key, access }],
  ...more,
})
const beside = (left: object, right: object) =>
  saga({
    both: parallel({
      a: region({ x: undoable(undefined, left) }),
      b: region({ y: undoable(undefined, right) }),
    }),
  })
const locked = { countermeasure: 'semantic-lock' }

test('warns when two branches write one resource and not both declare a countermeasure', () => {
  const plain = beside(touch('write'), touch('write'))
  expect(findings(plain)).toEqual(['isolation/branches y'])
  expect(finding(plain, 'isolation/branches')).toMatchObject({
    severity: 'warning',
    path: ['steps', 'both', 'branches', 'b', 'steps', 'y', 'resources', 0],
    message: '“x” writes “budget/{input.id}” while “y” writes it, in another branch of “both”.',
  })
  expect(findings(beside(touch('write', locked), touch('write')))).toEqual(['isolation/branches y'])
  expect(findings(beside(touch('write', locked), touch('write', locked)))).toEqual([])
})

test('warns when one branch reads what another writes and neither declares a countermeasure', () => {
  expect(findings(beside(touch('read'), touch('write')))).toEqual(['isolation/branches y'])
  expect(findings(beside(touch('read', { countermeasure: 'reread' }), touch('write')))).toEqual([])
  expect(findings(beside(touch('read'), touch('write', locked)))).toEqual([])
})

test('says nothing of two readers, of different keys, or of steps in a row', () => {
  expect(findings(beside(touch('read'), touch('read')))).toEqual([])
  expect(findings(beside(touch('write'), touch('write', {}, 'company')))).toEqual([])
  const row = saga({
    both: parallel({
      a: region({ x: undoable('y', touch('write')), y: undoable(undefined, touch('write')) }),
      b: region({ z: readonly() }),
    }),
  })
  expect(findings(row)).toEqual([])
})

test('warns when items of a map may write one resource at the same time', () => {
  const each = (key: string, more?: object) =>
    saga({ each: map({ x: undoable(undefined, touch('write', {}, key)) }, undefined, more) })
  expect(findings(each('budget/{input.id}'))).toEqual(['isolation/items x'])
  expect(findings(each('paper/{item.id}'))).toEqual([])
  expect(findings(each('budget/{input.id}', { concurrency: 1 }))).toEqual([])
})
