import { expect, test } from 'vitest'
import { applyCommand } from '@/runtime/definition/apply-command'
import { parseDefinition } from '@/runtime/definition/parse'
import { finding, findings, parallel, readonly, region, saga } from './documents'

test.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty'])(
  'refuses the step id %s, under which a run would find what every object has',
  (id) => {
    const document = saga({ a: readonly(id), [id]: readonly() })
    expect(findings(document)).toEqual([`naming/reserved ${id}`])
    const [fix] = finding(document, 'naming/reserved').fixes ?? []
    const after = applyCommand(document, {
      type: 'batch',
      label: fix?.title ?? '',
      commands: fix?.commands ?? [],
    })
    expect(findings(after)).toEqual([])
    expect(after.steps.a).toMatchObject({ next: `${id}_step` })
  },
)

test('refuses branches of such a name, and takes names that only look like one', () => {
  const branches = { toString: region({ b: readonly() }), ok: region({ prototype: readonly() }) }
  const document = saga({ a: parallel(branches) })
  expect(findings(document)).toEqual(['naming/reserved a'])
  expect(finding(document, 'naming/reserved').path).toEqual(['steps', 'a', 'branches', 'toString'])
})

test('never sees __proto__, which parsing refuses by name', () => {
  const steps = '"steps":{"a":{"type":"end"},"__proto__":{"type":"end"}}'
  const { document, issues } = parseDefinition(`{"kind":"saga","name":"t","start":"a",${steps}}`)
  expect(issues).toMatchObject([{ code: 'parse/key', severity: 'error' }])
  expect(Object.keys(document?.steps ?? {})).toEqual(['a'])
})
