/**
 * Goal: no edit loses or disturbs what it does not concern. Method: long random walks of commands over commented YAML
 * and JSON; after each command the new text is read and compared with the command's meaning on plain data, the inverse
 * is tried at once, and at the end all is undone.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyCommand, applyToValue } from '@/runtime/definition/apply-command'
import { type EditCommand, planEdit, type TextEdit } from '@/runtime/definition/edit'
import { parseDefinition } from '@/runtime/definition/parse'
import { isRawMap, type RawMap } from '@/runtime/definition/raw-steps'
import { readSource } from '@/runtime/definition/text/source'
import { applyEdits } from '@/runtime/definition/text/text-edit'
import { commandFor, commandSeed, JSON_TEXT, YAML_TEXT } from './commands'

const TEXTS: [string, string][] = [
  ['YAML with comments', YAML_TEXT],
  ['YAML with Windows line ends', YAML_TEXT.replaceAll('\n', '\r\n')],
  ['YAML without a last line end', YAML_TEXT.trimEnd()],
  ['JSON with comments', JSON_TEXT],
  ['JSON on one line', JSON.stringify(readSource(JSON_TEXT).root?.value)],
]

describe.each(TEXTS)('%s', (_name, text) => {
  it('comes back byte for byte when 200 random commands are undone', () => {
    fc.assert(
      fc.property(fc.array(commandSeed, { minLength: 200, maxLength: 200 }), (seeds) => {
        let current = text
        const undo: TextEdit[][] = []
        seeds.forEach((seed, serial) => {
          const planned = planEdit(current, commandFor(rootOf(current), seed, serial))
          if ('issues' in planned) return
          undo.push(planned.inverse)
          current = planned.text
        })
        expect(undo.length).toBeGreaterThan(60)
        for (const inverse of undo.reverse()) current = applyEdits(current, inverse)
        expect(current).toBe(text)
      }),
      { numRuns: 2 },
    )
  })

  it('says after each command what the command means', () => {
    fc.assert(
      fc.property(fc.array(commandSeed, { minLength: 1, maxLength: 25 }), (seeds) => {
        let current = text
        seeds.forEach((seed, serial) => {
          const command = commandFor(rootOf(current), seed, serial)
          const next = checkOne(current, command)
          current = next ?? current
        })
      }),
      { numRuns: 40 },
    )
  })
})

/** The text after the command; undefined when it is refused. */
function checkOne(text: string, command: EditCommand): string | undefined {
  const meant = applyToValue(rootOf(text), command)
  const planned = planEdit(text, command)
  if ('issues' in meant || 'issues' in planned) {
    // Refused by the one is refused by the other, and never for want of skill in writing.
    expect('issues' in planned && planned.issues).toEqual('issues' in meant && meant.issues)
    return undefined
  }
  expect(rootOf(planned.text)).toEqual(meant.value)
  expect(Object.keys(rootOf(planned.text).steps as RawMap).sort()).toEqual(
    Object.keys(meant.value.steps as RawMap).sort(),
  )
  expect(applyEdits(text, planned.edits)).toBe(planned.text)
  expect(applyEdits(planned.text, planned.inverse)).toBe(text)
  const before = parseDefinition(text).document
  const after = parseDefinition(planned.text).document
  if (before && after) expect(after).toEqual(applyCommand(before, command))
  if (!removesSteps(command)) {
    for (const comment of commentsOf(text)) expect(planned.text).toContain(comment)
  }
  return planned.text
}

function removesSteps(command: EditCommand): boolean {
  if (command.type === 'batch') return command.commands.some(removesSteps)
  return command.type === 'removeStep' || command.type === 'replaceStep'
}

const ORIGINAL_COMMENTS =
  /# (The saga of|what it is|Where it|for all|Money|one call|what it costs|in euro|soon|patience|no money|Two at|quick|trailing|flow|first|the second|The end|Last)[^\n\r]*|\/\/ (A saga|short|Money|the bank|the second|right end)|\/\* (all of them|undo) \*\//g

function commentsOf(text: string): string[] {
  return text.match(ORIGINAL_COMMENTS) ?? []
}

function rootOf(text: string): RawMap {
  const { root, issues } = readSource(text)
  if (issues.length > 0 || !isRawMap(root?.value))
    throw new Error(`${JSON.stringify(issues)}\n${text}`)
  return root.value
}
