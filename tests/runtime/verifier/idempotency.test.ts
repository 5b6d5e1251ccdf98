import { describe, expect, test } from 'vitest'
import { findings as allFindings, finding, map, readonly, saga } from './documents'

const keyed = (idempotencyKey: string) => readonly(undefined, { idempotencyKey })
const findings = (document: ReturnType<typeof saga>) =>
  allFindings(document).filter((one) => one.startsWith('idempotency/'))
const schema = (required: string[]) => ({
  input: { type: 'object', required, properties: { order: { required: ['no'] } } },
})

describe('an idempotency key', () => {
  test('from a field that a start may leave out is found', () => {
    const code = 'idempotency/key-may-be-missing'
    expect(findings(saga({ a: keyed('input.no') }))).toEqual([`${code} a`])
    expect(findings(saga({ a: keyed('input.no') }, schema(['order'])))).toEqual([`${code} a`])
    expect(findings(saga({ a: keyed('input.order.it') }, schema(['order'])))).toEqual([`${code} a`])
    expect(findings(saga({ a: keyed('input.toString') }, schema([])))).toEqual([`${code} a`])
    expect(findings(saga({ a: keyed('input.order.no') }, schema(['order'])))).toEqual([])
    expect(findings(saga({ a: keyed('saga.id & input.no') }))).toEqual([])
    expect(finding(saga({ a: keyed('input.no') }), code)).toMatchObject({
      path: ['steps', 'a', 'idempotencyKey'],
      severity: 'warning',
      message:
        '“a” takes its idempotency key from “input.no”, which a start may leave out; the step then fails.',
    })
  })

  test('that is the same for all items of a map is found', () => {
    const code = 'idempotency/key-same-for-items'
    const each = (key: string) =>
      saga({ m: map({ x: readonly('y'), y: keyed(key) }) }, schema(['no']))
    expect(findings(each('input.no'))).toEqual([`${code} y`])
    expect(findings(each('saga.name & "x"'))).toEqual([`${code} y`])
    for (const key of ['item.no', 'input.no & $string(index)', 'steps.x.id'])
      expect(findings(each(key))).toEqual([])
  })
})
