/**
 * YAML 1.2 read by the `yaml` package and turned into a SourceText.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
} from 'yaml'
import type { Issue } from '../issue'
import type { SourceChild, SourceNode, SourceScalar, SourceText } from './source'

/** Values that a text may unfold to through its aliases. */
const VALUES_MAX = 200_000

export function readYamlWhole(text: string): SourceText {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    keepSourceTokens: true,
    prettyErrors: false,
    strict: true,
    uniqueKeys: true,
    // Silence would also hide that there are several documents.
    logLevel: 'error',
  })
  const issues = document.errors.map(describeError)
  const reader = new YamlReader(text, document)
  const root = document.contents ? reader.read(document.contents) : undefined
  return { text, language: 'yaml', root, issues: [...issues, ...reader.issues] }
}

class YamlReader {
  readonly issues: Issue[] = []
  readonly #text: string
  readonly #document: Document
  /** Nodes already read, for aliases; and how many values each unfolds to. */
  readonly #read = new Map<Node, { node: SourceNode; values: number }>()
  #values = 0
  #tooLarge = false

  constructor(text: string, document: Document) {
    this.#text = text
    this.#document = document
  }

  read(node: ParsedNode | Node): SourceNode {
    const before = this.#values
    const result = this.#readNode(node)
    this.#read.set(node, { node: result, values: this.#values - before })
    return result
  }

  #readNode(node: ParsedNode | Node): SourceNode {
    this.#values++
    const [start, end] = rangeOf(node)
    if (isAlias(node)) return this.#readAlias(node, start, end)
    if (isMap(node)) {
      const value: Record<string, unknown> = {}
      const children: SourceChild[] = []
      let last = start
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : undefined
        const [keyStart, keyEnd] = rangeOf(pair.key as Node)
        if (key === undefined || isForbidden(key)) {
          this.#report(
            'parse/key',
            `A key must be a plain text${key ? `, not ${key}` : ''}.`,
            keyStart,
            keyEnd,
          )
          continue
        }
        const valueFrom = this.#behindColon(keyEnd)
        const child = pair.value ? this.read(pair.value as Node) : emptyScalar(valueFrom)
        if (child.kind === 'scalar' && child.start === child.end) {
          child.start = valueFrom
          child.end = valueFrom
          if (child.style === 'plain') child.style = 'empty'
        }
        value[key] = child.value
        children.push({ key, start: keyStart, keyEnd, valueFrom, node: child })
        last = Math.max(last, valueFrom, child.end)
      }
      const flow = node.flow === true
      return { kind: 'map', start, end: flow ? end : last, flow, children, value }
    }
    if (isSeq(node)) {
      const value: unknown[] = []
      const children: SourceChild[] = []
      const dashes = dashesOf(node)
      let last = start
      const flow = node.flow === true
      node.items.forEach((item, index) => {
        const child = this.read(item as Node)
        const dash = dashes[index]
        const from = flow || dash === undefined ? child.start : dash + 1
        if (child.kind === 'scalar' && child.style === 'empty') {
          child.start = from
          child.end = from
        }
        value.push(child.value)
        children.push({
          key: index,
          start: dash ?? child.start,
          keyEnd: from,
          valueFrom: from,
          node: child,
        })
        last = Math.max(last, from, child.end)
      })
      return { kind: 'list', start, end: flow ? end : last, flow, children, value }
    }
    return this.#readScalar(node, start, end)
  }

  #readScalar(node: Node, start: number, end: number): SourceScalar {
    if (!isScalar(node)) return emptyScalar(start)
    const value = typeof node.value === 'bigint' ? Number(node.value) : node.value
    if (start === end) return { ...emptyScalar(start), value: value ?? null }
    switch (node.type) {
      case 'QUOTE_DOUBLE':
        return { kind: 'scalar', start, end, value, style: 'double' }
      case 'QUOTE_SINGLE':
        return { kind: 'scalar', start, end, value, style: 'single' }
      case 'BLOCK_LITERAL':
      case 'BLOCK_FOLDED': {
        // The range reaches over the line breaks behind it.
        const written = this.#text.slice(start, end).trimEnd()
        const style = node.type === 'BLOCK_LITERAL' ? 'literal' : 'folded'
        return { kind: 'scalar', start, end: start + written.length, value, style }
      }
      default:
        return { kind: 'scalar', start, end, value, style: 'plain' }
    }
  }

  #readAlias(node: Node, start: number, end: number): SourceNode {
    const target = isAlias(node) ? node.resolve(this.#document) : undefined
    const known = target && this.#read.get(target)
    if (!known)
      this.#report('parse/alias', 'This alias names an anchor that is not there.', start, end)
    this.#values += known?.values ?? 0
    if (this.#values > VALUES_MAX && !this.#tooLarge) {
      this.#tooLarge = true
      const message = `The aliases unfold to more than ${VALUES_MAX} values.`
      this.#report('parse/alias', message, start, end)
    }
    const value = this.#tooLarge ? null : known?.node.value
    return { kind: 'scalar', start, end, value, style: 'alias' }
  }

  #behindColon(from: number): number {
    for (let at = from; at < this.#text.length; at++) {
      const char = this.#text[at]
      if (char === ':') return at + 1
      if (char !== ' ' && char !== '\t' && char !== '\n' && char !== '\r') break
    }
    return from
  }

  #report(code: string, message: string, start: number, end: number): void {
    this.issues.push({ code, severity: 'error', path: [], message, range: { start, end } })
  }
}

/** Keys that could reach a prototype are never wanted in data. */
function isForbidden(key: string): boolean {
  return key === '__proto__'
}

function emptyScalar(at: number): SourceScalar {
  return { kind: 'scalar', start: at, end: at, value: null, style: 'empty' }
}

function rangeOf(node: Node | null | undefined): [number, number] {
  const range = node?.range
  return range ? [range[0], range[1]] : [0, 0]
}

/** Offsets of the dashes of a block sequence, item by item. */
function dashesOf(node: Node): number[] {
  const token = (node as { srcToken?: { type: string; items?: { start?: Token[] }[] } }).srcToken
  if (token?.type !== 'block-seq') return []
  return (token.items ?? []).flatMap((item) => {
    const dash = item.start?.find((part) => part.type === 'seq-item-ind')
    return dash ? [dash.offset] : []
  })
}

interface Token {
  type: string
  offset: number
}

function describeError(error: { code: string; message: string; pos: [number, number] }): Issue {
  const [start, end] = error.pos
  const issue = {
    severity: 'error' as const,
    path: [],
    range: { start, end: Math.max(end, start) },
  }
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return {
        ...issue,
        code: 'parse/duplicate-key',
        message: 'This key is written twice.',
        hint: 'Keep one of them.',
      }
    case 'MULTIPLE_DOCS':
      return {
        ...issue,
        code: 'parse/several-documents',
        message: 'The text holds several documents.',
        hint: 'Keep one saga per text.',
      }
    case 'TAB_AS_INDENT':
      return {
        ...issue,
        code: 'parse/syntax',
        message: 'A tab cannot indent YAML.',
        hint: 'Use spaces.',
      }
    default:
      return { ...issue, code: 'parse/syntax', message: `${error.message.replace(/\.$/, '')}.` }
  }
}
