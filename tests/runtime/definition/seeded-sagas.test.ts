import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseDefinition } from '@/runtime/definition/parse'
import { layoutSchema } from '@/runtime/definition/schema'
import { validateInput } from '@/runtime/definition/validate-input'
import { verify } from '@/runtime/verifier/verify'
import { demoParticipants } from '@/server/demo/participants'

const FOLDER = 'prisma/sagas'
const names = readdirSync(FOLDER).flatMap((file) => /^(.*)\.saga\.yaml$/.exec(file)?.[1] ?? [])

const INPUTS: Record<string, unknown> = {
  'venture-launch': { ventureId: 'v-1', name: 'Aurora', budget: 5000 },
  'venture-funding': { ventureId: 'v-1', round: 'A', investors: [{ id: 'n', amount: 4 }] },
}

describe.each(names)('the saga %s', (name) => {
  const text = readFileSync(`${FOLDER}/${name}.saga.yaml`, 'utf8')

  it('reads and verifies without errors or warnings, also against the demo participants', () => {
    const { document, issues } = parseDefinition(text)
    expect(issues).toEqual([])
    if (!document) throw new Error('no document')
    expect(document.name).toBe(name)
    const participants = demoParticipants('http://127.0.0.1:1')
    const findings = verify(document, { participants }).filter((issue) => issue.severity !== 'info')
    expect(findings.map(({ code, message }) => `${code}: ${message}`)).toEqual([])
  })

  it('takes a small input and refuses an empty one', () => {
    const { document } = parseDefinition(text)
    if (!document) throw new Error('no document')
    expect(validateInput(document, INPUTS[name])).toEqual([])
    expect(validateInput(document, {}).map((issue) => issue.code)).toContain('input/required')
  })

  it('has a layout', () => {
    const layout = JSON.parse(readFileSync(`${FOLDER}/${name}.layout.json`, 'utf8'))
    expect(layoutSchema.safeParse(layout).success).toBe(true)
  })
})

it('finds both sagas', () => {
  expect(names.sort()).toEqual(['venture-funding', 'venture-launch'])
})
