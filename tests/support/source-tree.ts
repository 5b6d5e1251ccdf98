/**
 * The repository's sources as tests/architecture.test.ts sees them: files, their import statements and their code
 * without comments and quoted texts. Read by patterns, not by a parser: TypeScript 7 has no API to parse with, and our
 * formatter makes import statements look alike.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Import {
  /** As resolved: a file of the tree (`runtime/ports.ts`), else as written (`node:fs`, `zod`). */
  target: string
  written: string
  line: number
  /** Erased by the compiler: `import type`, only `type` names in the braces, or `import('x').Name`. */
  type: boolean
  /** `import('x')` as a call: it runs later, so it closes no cycle. */
  later: boolean
}

export interface SourceFile {
  file: string
  text: string
  imports: Import[]
}

const SOURCE = /\.(ts|tsx|mts|mjs)$/
const SKIPPED = /^(node_modules|generated|\..*)$/

/** All sources below the given folders of a root, sorted. */
export function readTree(root: string, folders: readonly string[]): SourceFile[] {
  const files = folders.flatMap((folder) => listFiles(root, folder)).filter((f) => SOURCE.test(f))
  return parseTree(
    new Map(files.sort().map((file) => [file, readFileSync(path.join(root, file), 'utf8')])),
  )
}

/** The same from texts by file name. */
export function parseTree(texts: ReadonlyMap<string, string>): SourceFile[] {
  return [...texts].map(([file, text]) => {
    const imports = findImports(text).map((found) => {
      return { ...found, target: resolve(file, found.written, texts) }
    })
    return { file, text, imports }
  })
}

function listFiles(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.test(entry.name)) return []
    const below = path.posix.join(folder, entry.name)
    return entry.isDirectory() ? listFiles(root, below) : [below]
  })
}

const FROM =
  /^(?:import\s+(?<names>[\w$*\s{},]+?)|export\s+(?<exported>(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})))\s+from\s*['"](?<from>[^'"]+)['"]/gm
const BARE = /^import\s*['"](?<from>[^'"]+)['"]/gm
const CALL = /\bimport\(\s*['"](?<from>[^'"]+)['"]\s*\)(?<type>\.[A-Z])?/g
const URL_OF = /new URL\(\s*['"](?<from>\.[^'"]+)['"],\s*import\.meta\.url\)/g

function findImports(text: string): Omit<Import, 'target'>[] {
  const found: Omit<Import, 'target'>[] = []
  const add = (match: RegExpMatchArray, type: boolean, later: boolean) => {
    const line = text.slice(0, match.index).split('\n').length
    found.push({ written: match.groups?.from ?? '', line, type, later })
  }
  for (const match of text.matchAll(FROM)) {
    add(match, isTypeOnly(match.groups?.names ?? match.groups?.exported ?? ''), false)
  }
  for (const match of text.matchAll(BARE)) add(match, false, false)
  for (const match of text.matchAll(CALL)) add(match, match.groups?.type !== undefined, true)
  for (const match of text.matchAll(URL_OF)) add(match, false, true)
  return found
}

function isTypeOnly(names: string): boolean {
  if (/^type\b/.test(names)) return true
  const braces = /^\{(?<inside>[^}]*)\}$/.exec(names.trim())?.groups?.inside
  const parts = braces?.split(',').map((part) => part.trim()) ?? ['']
  return braces !== undefined && parts.every((part) => part === '' || part.startsWith('type '))
}

function resolve(file: string, written: string, texts: ReadonlyMap<string, string>): string {
  const base = written.startsWith('@/')
    ? written.slice(2)
    : written.startsWith('.')
      ? path.posix.join(path.posix.dirname(file), written)
      : undefined
  if (base === undefined) return written
  const endings = ['', '.ts', '.tsx', '.mts', '.mjs', '/index.ts']
  return endings.map((ending) => base + ending).find((name) => texts.has(name)) ?? base
}

/** The code with comments and quoted texts blanked out, lines kept. */
export function codeOf(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|(?<!:)\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g,
    (part) => part.replace(/[^\n]/g, ' '),
  )
}

/** Groups of files that import each other's values in a circle. */
export function valueCycles(files: readonly SourceFile[]): string[][] {
  const edges = new Map(
    files.map(({ file, imports }) => [
      file,
      imports.filter(({ type, later }) => !type && !later).map(({ target }) => target),
    ]),
  )
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[][] = []
  const visit = (file: string, way: string[]) => {
    if (state.get(file) === 'open') cycles.push([...way.slice(way.indexOf(file)), file])
    if (state.has(file) || !edges.has(file)) return
    state.set(file, 'open')
    for (const next of edges.get(file) ?? []) visit(next, [...way, file])
    state.set(file, 'done')
  }
  for (const file of edges.keys()) visit(file, [])
  return cycles
}
