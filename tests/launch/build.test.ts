import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sourceDigest } from '../../server/launch/build.mjs'

let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'sources-'))
  mkdirSync(path.join(root, 'app/[...any]'), { recursive: true })
  writeFileSync(path.join(root, 'app/[...any]/page.tsx'), 'one')
  writeFileSync(path.join(root, 'package.json'), '{}')
})
afterEach(() => rmSync(root, { recursive: true }))

it('sees content, added, renamed and removed files, and no modification times', () => {
  const page = path.join(root, 'app/[...any]/page.tsx')
  const before = sourceDigest(root)
  utimesSync(page, new Date(), new Date())
  expect(sourceDigest(root)).toBe(before)

  writeFileSync(page, 'two')
  utimesSync(page, new Date(0), new Date(0))
  const changed = sourceDigest(root)
  expect(changed).not.toBe(before)

  renameSync(page, path.join(root, 'app/[...any]/other.tsx'))
  const renamed = sourceDigest(root)
  expect(renamed).not.toBe(changed)

  writeFileSync(page, 'two')
  expect(sourceDigest(root)).not.toBe(renamed)
  rmSync(page)
  expect(sourceDigest(root)).toBe(renamed)
})

it('does not see tests, documents and data', () => {
  const before = sourceDigest(root)
  for (const folder of ['tests', '.data', 'node_modules']) {
    mkdirSync(path.join(root, folder))
    writeFileSync(path.join(root, folder, 'x.ts'), 'x')
  }
  writeFileSync(path.join(root, 'README.md'), 'x')
  expect(sourceDigest(root)).toBe(before)
})
