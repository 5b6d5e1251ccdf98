/**
 * A source text read into values that know their places: one shape for YAML and JSON, so that positions, edits and
 * issues need not know which it is.
 *
 * 1. Reading never throws: what is wrong is in `issues`, and `root` holds whatever could be read.
 * 2. Offsets are exact: `text.slice(node.start, node.end)` is the value as written, without comments around it.
 * 3. Duplicate keys, bombs of aliases, several documents and texts over the size bound are issues.
 */
import type { Issue } from '../issue'
import { LIMITS } from '../schema'
import { readJson } from './json-source'
import { readYamlWhole } from './yaml-source'
import { readYamlBySteps } from './yaml-steps'

export type Language = 'yaml' | 'json'
export type Path = readonly (string | number)[]

export interface SourceText {
  text: string
  language: Language
  root: SourceNode | undefined
  issues: Issue[]
}

export type SourceNode = SourceScalar | SourceCollection

export interface SourceScalar {
  kind: 'scalar'
  start: number
  end: number
  value: unknown
  /** How it is written. `empty`: not at all, as in `key:`. `alias`: `*name`. */
  style: 'plain' | 'single' | 'double' | 'literal' | 'folded' | 'empty' | 'alias'
}

export interface SourceCollection {
  kind: 'map' | 'list'
  start: number
  /** Behind the last child's value; behind the closing bracket in flow style. */
  end: number
  /** Written in brackets: all of JSON, and `{…}` and `[…]` in YAML. */
  flow: boolean
  children: SourceChild[]
  value: unknown
}

export interface SourceChild {
  key: string | number
  /** Where the key is written; of a list's item its dash, or the value itself in flow style. */
  start: number
  keyEnd: number
  /** Behind the colon or the dash. */
  valueFrom: number
  node: SourceNode
}

const cache = new Map<string, SourceText>()
const CACHED = 8

/** Reads a text; the last few are kept, as one edit reads the same text several times. */
export function readSource(text: string): SourceText {
  const known = cache.get(text)
  if (known) return known
  const source = withinBounds(read(text))
  cache.set(text, source)
  if (cache.size > CACHED) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest)
      break
    }
  }
  return source
}

/** Syntax errors told of one text; after the first few, the others follow from them. */
const ISSUES_MAX = 20
/** Characters of one message. */
const MESSAGE_MAX = 500

function withinBounds(source: SourceText): SourceText {
  const { length } = source.text
  const issues = source.issues.slice(0, ISSUES_MAX).map((found) => {
    // The package quotes what it could not read, however long that is.
    const issue = { ...found, message: found.message.slice(0, MESSAGE_MAX) }
    if (!issue.range) return issue
    const start = Math.min(issue.range.start, length)
    return { ...issue, range: { start, end: Math.min(Math.max(start, issue.range.end), length) } }
  })
  return { ...source, issues }
}

function read(text: string): SourceText {
  const bytes = new TextEncoder().encode(text).length
  if (bytes > LIMITS.textBytes) {
    const message = `The text has ${bytes} bytes; at most ${LIMITS.textBytes} are read.`
    const hint = 'Move parts of it into sagas of their own and start them with `saga` steps.'
    return {
      text,
      language: 'yaml',
      root: undefined,
      issues: [{ code: 'parse/too-large', severity: 'error', path: [], message, hint }],
    }
  }
  try {
    if (!looksLikeJson(text)) return readYaml(text)
    const json = readJson(text)
    if (json.issues.length === 0) return json
    // A YAML document may begin with a brace, too.
    const yaml = readYaml(text)
    return yaml.issues.length === 0 ? yaml : json
  } catch (error) {
    const isTooDeep = error instanceof RangeError
    const message = isTooDeep
      ? 'The text nests too deeply to be read.'
      : `The text cannot be read: ${error instanceof Error ? error.message : String(error)}`
    return {
      text,
      language: 'yaml',
      root: undefined,
      issues: [
        {
          code: isTooDeep ? 'parse/too-deep' : 'parse/syntax',
          severity: 'error',
          path: [],
          message,
        },
      ],
    }
  }
}

function readYaml(text: string): SourceText {
  return readYamlBySteps(text) ?? readYamlWhole(text)
}

/** True when the first thing that is neither blank nor comment is an opening bracket. */
function looksLikeJson(text: string): boolean {
  let at = text.startsWith('\uFEFF') ? 1 : 0
  for (; at < text.length; at++) {
    if (/\s/.test(text[at] ?? '')) continue
    const close = text.startsWith('//', at)
      ? text.indexOf('\n', at)
      : text.startsWith('/*', at)
        ? text.indexOf('*/', at) + 1
        : at
    if (close === at) return text[at] === '{' || text[at] === '['
    if (close < at) return false
    at = close
  }
  return false
}

/** The node at a path; undefined when there is none. */
export function nodeAt(source: SourceText, path: Path): SourceNode | undefined {
  return path.length === 0 ? source.root : childAt(source, path)?.node
}

export function childAt(source: SourceText, path: Path): SourceChild | undefined {
  let node = source.root
  let child: SourceChild | undefined
  for (const key of path) {
    if (node?.kind !== 'map' && node?.kind !== 'list') return undefined
    child = findChild(node, key)
    if (!child) return undefined
    node = child.node
  }
  return child
}

function findChild(node: SourceCollection, key: string | number): SourceChild | undefined {
  if (node.kind === 'list') return typeof key === 'number' ? node.children[key] : undefined
  let byKey = indexes.get(node)
  if (!byKey) {
    // Backwards, so that of a key written twice the first one is found.
    byKey = new Map(node.children.toReversed().map((child) => [child.key, child]))
    indexes.set(node, byKey)
  }
  return byKey.get(String(key))
}

/** Children of maps by key: thousands of findings ask for their places in one map of thousands of keys. */
const indexes = new WeakMap<SourceCollection, Map<string | number, SourceChild>>()
