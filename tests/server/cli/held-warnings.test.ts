import { expect, it } from 'vitest'
import { HeldWarnings } from '@/server/cli/held-warnings'

it('tells nothing of a lease that lapsed while the run went on', () => {
  let now = 0
  const warnings = new HeldWarnings(() => now)
  warnings.add('This worker stops working until its lease is renewed')
  now = 9_999
  expect(warnings.due()).toEqual([])
  warnings.moved()
  now = 60_000
  expect(warnings.due()).toEqual([])
})

it('tells what was warned of, once, when the run stands still', () => {
  let now = 0
  const warnings = new HeldWarnings(() => now)
  for (let n = 0; n < 100; n++) warnings.add('The lease could not be renewed; trying again')
  warnings.add('another')
  now = 10_000
  expect(warnings.due()).toEqual(['The lease could not be renewed; trying again', 'another'])
  expect(warnings.due()).toEqual([])
})
