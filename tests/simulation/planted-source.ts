/**
 * The product with a bug in it: a copy of runtime/ in a temporary folder, with some text replaced, imported from there.
 * The product's own sources stay as they are, and nothing in them knows of bugs.
 *
 * 1. Each replacement must find its text exactly once; otherwise the bug is not planted and loading throws.
 * 2. The copy finds its packages through a link to node_modules.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Compile from '@/runtime/compiler/compile'
import type * as CreateRuntime from '@/runtime/create-runtime'
import type * as Decide from '@/runtime/saga/decide'
import { once, PRODUCT, type Subject } from './simulate'

export interface Patch {
  /** Below runtime/. */
  file: string
  from: string
  to: string
}

const ROOT = path.resolve(import.meta.dirname, '../..')

/** The patched product, and how to forget it. */
export async function plantInSource(
  patches: readonly Patch[],
): Promise<{ subject: Subject; remove(): void }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'planted-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    cpSync(path.join(ROOT, 'runtime'), path.join(folder, 'runtime'), { recursive: true })
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
    for (const patch of patches) apply(path.join(folder, 'runtime', patch.file), patch)
    const load = <T>(file: string): Promise<T> =>
      import(/* @vite-ignore */ pathToFileURL(path.join(folder, 'runtime', file)).href)
    const { createRuntime } = await load<typeof CreateRuntime>('create-runtime.ts')
    const { decide } = await load<typeof Decide>('saga/decide.ts')
    const { compileSaga } = await load<typeof Compile>('compiler/compile.ts')
    return {
      subject: { ...PRODUCT, createRuntime, decide, compileSaga: once(compileSaga) },
      remove,
    }
  } catch (error) {
    remove()
    throw error
  }
}

function apply(file: string, { from, to }: Patch): void {
  const before = readFileSync(file, 'utf8')
  const found = before.split(from).length - 1
  if (found !== 1)
    throw new Error(`${path.basename(file)} has ${found} places like this, not one:\n${from}`)
  writeFileSync(
    file,
    before.replace(from, () => to),
  )
}
