/**
 * The product with a bug in it: the patched files of runtime/, and those that import them, are copied into a temporary
 * folder and imported from there. The product's own sources stay as they are, and nothing in them knows of bugs.
 *
 * 1. Each replacement must find its text exactly once; otherwise the bug is not planted and loading throws.
 * 2. What a copy imports is another copy or the product's own file. Packages are found through a link to node_modules.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Compile from '@/runtime/compiler/compile'
import type * as CreateRuntime from '@/runtime/create-runtime'
import type * as MemoryStore from '@/runtime/journal/memory-store'
import type * as Decide from '@/runtime/saga/decide'
import type { Patch, PlantedBug } from './planted-bug'
import { type Options, once, PRODUCT, type Subject } from './simulate'

const ROOT = path.resolve(import.meta.dirname, '../..')
const RUNTIME = path.join(ROOT, 'runtime')
const RELATIVE = /(from|import) '(\.[^']+)'/g

interface Planted {
  /** To simulate with: the bug in the world where it shows. */
  options: Options
  remove(): void
}

/** The product with that bug, and how to forget it. */
export async function plant({ patches = [], Store, swarm = {} }: PlantedBug): Promise<Planted> {
  const { subject, remove } = patches.length > 0 ? await patched(patches) : UNPATCHED
  return { options: { subject: { ...subject, Store: Store ?? subject.Store }, swarm }, remove }
}

interface Patched {
  subject: Subject
  remove(): void
}

const UNPATCHED: Patched = { subject: PRODUCT, remove: () => {} }

async function patched(patches: readonly Patch[]): Promise<Patched> {
  const folder = mkdtempSync(path.join(tmpdir(), 'planted-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
    const copies = importersOf(patches.map(({ file }) => file))
    for (const file of copies) {
      const to = path.join(folder, file)
      mkdirSync(path.dirname(to), { recursive: true })
      const mine = patches.filter((patch) => patch.file === file)
      writeFileSync(to, redirect(file, mine.reduce(apply, source(file)), copies))
    }
    /** Null: it is the product's own. */
    const load = async <T>(file: string): Promise<T | null> =>
      copies.has(file)
        ? import(/* @vite-ignore */ pathToFileURL(path.join(folder, file)).href)
        : null
    const runtime = await load<typeof CreateRuntime>('create-runtime.ts')
    const store = await load<typeof MemoryStore>('journal/memory-store.ts')
    const saga = await load<typeof Decide>('saga/decide.ts')
    const compiler = await load<typeof Compile>('compiler/compile.ts')
    const subject: Subject = {
      ...PRODUCT,
      createRuntime: runtime?.createRuntime ?? PRODUCT.createRuntime,
      createMemoryStore: store?.createMemoryStore ?? PRODUCT.createMemoryStore,
      decide: saga?.decide ?? PRODUCT.decide,
      compileSaga: compiler ? once(compiler.compileSaga) : PRODUCT.compileSaga,
    }
    return { subject, remove }
  } catch (error) {
    remove()
    throw error
  }
}

function apply(text: string, { file, from, to }: Patch): string {
  const found = text.split(from).length - 1
  if (found !== 1) throw new Error(`${file} has ${found} places like this, not one:\n${from}`)
  return text.replace(from, () => to)
}

/** These files and all that import them, near or far. */
function importersOf(files: readonly string[]): Set<string> {
  const all = new Set(files)
  for (const file of all) for (const importer of importers().get(file) ?? []) all.add(importer)
  return all
}

let known: Map<string, string[]> | undefined

function importers(): Map<string, string[]> {
  if (known) return known
  known = new Map()
  for (const name of readdirSync(RUNTIME, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    for (const [, , to = ''] of source(name).matchAll(RELATIVE)) {
      const file = path.join(path.dirname(name), `${to}.ts`)
      known.set(file, [...(known.get(file) ?? []), name])
    }
  }
  return known
}

/** Sends the imports that are not copied to the product's own files. */
function redirect(file: string, text: string, copies: ReadonlySet<string>): string {
  return text.replace(RELATIVE, (all, word: string, to: string) =>
    copies.has(path.join(path.dirname(file), `${to}.ts`))
      ? all
      : `${word} '${path.join(RUNTIME, path.dirname(file), to)}'`,
  )
}

const source = (file: string) => readFileSync(path.join(RUNTIME, file), 'utf8')
