import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020'
import { describe, expect, it } from 'vitest'
import { convertDefinition, toMermaid } from '@/runtime/definition/export'
import { sagaJsonSchema } from '@/runtime/definition/json-schema'
import { parseDefinition } from '@/runtime/definition/parse'
import { YAML_TEXT } from './commands'

const LAUNCH = readFileSync('prisma/sagas/venture-launch.saga.yaml', 'utf8')

describe('conversion', () => {
  it('gives the same document in JSON and back in YAML', () => {
    const json = convertDefinition(LAUNCH, 'json')
    if ('issues' in json) throw new Error('not converted')
    expect(JSON.parse(json.text).start).toBe('reserveBudget')
    expect(parseDefinition(json.text).document).toEqual(parseDefinition(LAUNCH).document)
    const yaml = convertDefinition(json.text, 'yaml')
    if ('issues' in yaml) throw new Error('not converted')
    expect(parseDefinition(yaml.text).document).toEqual(parseDefinition(LAUNCH).document)
  })

  it('leaves a text that is in the language already as it is', () => {
    expect(convertDefinition(LAUNCH, 'yaml')).toEqual({ text: LAUNCH })
  })

  it('tells what is wrong with a text that cannot be read', () => {
    expect(convertDefinition('a: [', 'json')).toMatchObject({ issues: [{ code: 'parse/syntax' }] })
  })
})

describe('Mermaid', () => {
  it('draws steps, arrows, regions and compensations', () => {
    const { document } = parseDefinition(LAUNCH)
    if (!document) throw new Error('no document')
    const drawing = toMermaid(document)
    expect(drawing).toContain('flowchart TD\n  start(("Launch a venture"))')
    expect(drawing).toContain('  start --> s_reserveBudget\n')
    expect(drawing).toContain('s_reserveBudget -. undo .-> s_reserveBudget_undo[/"release"/]')
    expect(drawing).toContain(
      '  subgraph s_prepare ["Prepare"]\n    subgraph s_prepare_0 ["legal"]',
    )
    expect(drawing).toContain('s_assess -->|"Much at stake"| s_approve')
    expect(drawing.match(/\bsubgraph\b/g)).toHaveLength(3)
    expect(drawing.match(/^ *end$/gm)).toHaveLength(3)
  })
})

describe('the JSON Schema', () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(sagaJsonSchema())
  const valueOfYaml = (text: string) => {
    const json = convertDefinition(text, 'json')
    if ('issues' in json) throw new Error('not converted')
    return JSON.parse(json.text)
  }

  it('accepts what parsing accepts, nested regions included', () => {
    for (const text of [LAUNCH, YAML_TEXT]) {
      expect(parseDefinition(text).document).toBeDefined()
      expect(validate(valueOfYaml(text)), JSON.stringify(validate.errors)).toBe(true)
    }
  })

  it('refuses unknown fields and types, also in nested regions', () => {
    const wrongType = valueOfYaml(LAUNCH)
    wrongType.steps.prepare.branches.legal.steps.reserveName.type = 'actoin'
    expect(validate(wrongType)).toBe(false)
    const unknown = valueOfYaml(LAUNCH)
    unknown.steps.charge.tries = 3
    expect(validate(unknown)).toBe(false)
  })
})
