import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hasErrors } from '@/runtime/definition/issue'
import { parseDefinition } from '@/runtime/definition/parse'
import { RULES, verify } from '@/runtime/verifier/verify'
import { finding, map, parallel, readonly, region, retriable, saga, undoable } from './documents'

test('lists errors, then warnings, then infos, each in document order', () => {
  const document = saga({
    few: retriable('b', { retry: { attemptsMax: 2 } }),
    b: undoable('ask', { compensation: undefined }),
    ask: { type: 'signal', signal: 'go', onTimeout: { next: 'c' }, next: 'c' },
    c: readonly('gone'),
  })
  expect(verify(document).map(({ severity, code, step }) => [severity, code, step])).toEqual([
    ['error', 'compensation/missing', 'b'],
    ['error', 'structure/target-missing', 'c'],
    ['warning', 'pivot/retriable-before', 'few'],
    ['warning', 'timing/timeout-never', 'ask'],
    ['info', 'pivot/few-attempts', 'few'],
  ])
})

test('calls a step by its title', () => {
  const document = saga({ a: undoable(undefined, { title: 'Reserve', compensation: undefined }) })
  expect(finding(document, 'compensation/missing').message).toBe(
    '“Reserve” is compensatable and has no compensation.',
  )
})

test('does not say again what parsing said', () => {
  const { document, issues } = parseDefinition({
    kind: 'saga',
    name: 'test',
    start: 'a',
    steps: {
      a: { ...readonly('b'), input: 'input.(' },
      b: parallel({ x: region({ a: readonly() }), y: region({ c: readonly() }) }, undefined, {
        quorum: 5,
      }),
    },
  })
  if (document === undefined) throw new Error('The document has the right shape')
  const codes = ['data/expression', 'structure/duplicate-id', 'structure/quorum-too-high']
  const found = (issues: { code: string }[]) => {
    return issues.map(({ code }) => code).filter((code) => codes.includes(code))
  }
  expect(found(verify(document)).toSorted()).toEqual(codes)
  expect(found(verify(document, { parsed: issues }))).toEqual([])
})

test('finds nothing to say about the seeded sagas', () => {
  for (const name of ['venture-funding', 'venture-launch']) {
    const { document, issues } = parseDefinition(
      readFileSync(`prisma/sagas/${name}.saga.yaml`, 'utf8'),
    )
    expect(issues).toEqual([])
    expect(document === undefined ? null : verify(document)).toEqual([])
  }
})

test('takes any document that has the right shape, however broken', () => {
  const documents = [
    saga({}, { start: 'constructor' }),
    saga({ a: map({ a: map({ a: undoable('a') }) }, 'a') }),
    saga({ toString: readonly('constructor', { input: 'steps.valueOf & steps.toString' }) }),
  ]
  for (const document of documents) expect(hasErrors(verify(document))).toBe(true)
})

test('has every code in the table of its header, and no other', () => {
  const header = readFileSync('runtime/verifier/verify.ts', 'utf8').split('*/')[0] ?? ''
  const listed = [...header.matchAll(/^ \* \| ([a-z]+\/[a-z-]+)/gm)].map((row) => row[1])
  const folder = 'runtime/verifier/rules'
  const sources = readdirSync(folder)
    .map((rule) => readFileSync(`${folder}/${rule}`, 'utf8'))
    .join('')
  const prefixes = RULES.map(({ prefix }) => prefix).join('|')
  const made = [...sources.matchAll(new RegExp(`'((?:${prefixes})/[a-z-]+)'`, 'g'))].map(
    (code) => code[1],
  )
  expect([...new Set(made)].toSorted()).toEqual(listed.toSorted())
})
