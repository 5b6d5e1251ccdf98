/**
 * Reading by steps must be invisible: the same nodes at the same offsets as reading the whole text at once.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planEdit } from '@/runtime/definition/edit'
import { parseDefinition } from '@/runtime/definition/parse'
import { isRawMap } from '@/runtime/definition/raw-steps'
import { readSource } from '@/runtime/definition/text/source'
import { readYamlWhole } from '@/runtime/definition/text/yaml-source'
import { readYamlBySteps } from '@/runtime/definition/text/yaml-steps'
import { commandFor, commandSeed, YAML_TEXT } from './commands'

const LONG = longSaga(40)

function longSaga(steps: number): string {
  const entries = Array.from(
    { length: steps },
    (_, i) => `  # step ${i}
  s${i}:
    type: action
    title: "Step: ${i}" # quoted
    participant: budget-ledger
    operation: reserve
    effect: compensatable
    input:
      ventureId: input.ventureId
      amount: steps.s${i}.amount + 1
    compensation: { operation: release }
    description: |
      Long words

        # no comment
    next: s${i + 1}
`,
  )
  return `# head\nkind: saga\nname: long\nstart: s0\n\nsteps: # all\n\n${entries.join('\n')}# tail\nretentionDays: 3 # last\n`
}

describe('reading step by step', () => {
  it.each([
    ['a long saga', LONG],
    ['with Windows line ends', LONG.replaceAll('\n', '\r\n')],
    ['with the steps last', LONG.replace(/# tail[\s\S]*$/, '').trimEnd()],
  ])('gives the same nodes as reading at once: %s', (_name, text) => {
    const bySteps = readYamlBySteps(text)
    expect(bySteps).toBeDefined()
    expect(bySteps).toEqual(readYamlWhole(text))
  })

  it('gives the same nodes after random edits', () => {
    let compared = 0
    fc.assert(
      fc.property(fc.array(commandSeed, { minLength: 1, maxLength: 15 }), (seeds) => {
        let text = LONG + YAML_TEXT.slice(YAML_TEXT.indexOf('# Last'))
        seeds.forEach((seed, serial) => {
          const value = readSource(text).root?.value
          if (!isRawMap(value)) throw new Error(text)
          const planned = planEdit(text, commandFor(value, seed, serial))
          if ('issues' in planned) return
          text = planned.text
          const bySteps = readYamlBySteps(text)
          if (!bySteps) return
          compared++
          expect(bySteps).toEqual(readYamlWhole(text))
        })
      }),
      { numRuns: 20 },
    )
    expect(compared).toBeGreaterThan(60)
  })

  it.each([
    ['an anchor', LONG.replace('operation: reserve', 'operation: &op reserve')],
    ['a document marker', `---\n${LONG}`],
    ['a step written twice', LONG.replace('  s7:', '  s6:')],
    ['a fault in a step', LONG.replace('title: "Step: 7"', 'title: "Step: 7')],
    ['a second key `steps`', `${LONG}steps:\n  x: { type: end }\n`],
    ['uneven indentation', LONG.replace('  s7:', '   s7:')],
  ])('leaves %s to reading at once', (_name, text) => {
    expect(readYamlBySteps(text)).toBeUndefined()
    expect(readSource(text)).toEqual(readYamlWhole(text))
  })

  it('tells the faults of the whole text', () => {
    const twice = parseDefinition(LONG.replace('  s7:', '  s6:'))
    expect(twice.issues.map((issue) => issue.code)).toContain('parse/duplicate-key')
  })
})

describe('speed', () => {
  // Processor time, and the best of nine: what a loaded machine does to the clock says nothing about the code.
  it('reads a saga of 300 steps again after an edit in less than 30 ms of processor time', () => {
    const text = longSaga(300)
    parseDefinition(text)
    const times = Array.from({ length: 9 }, (_, i) => {
      const edited = text.replace('title: "Step: 150"', `title: "Changed ${i}"`)
      const started = process.cpuUsage()
      expect(parseDefinition(edited).document?.steps.s150?.title).toBe(`Changed ${i}`)
      const { user, system } = process.cpuUsage(started)
      return (user + system) / 1000
    })
    expect(Math.min(...times)).toBeLessThan(30)
  })
})
