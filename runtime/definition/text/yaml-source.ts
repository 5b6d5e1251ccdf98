/**
 * YAML 1.2 read by the `yaml` package and turned into a SourceText.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, parseDocument } from 'yaml'
import type { Issue } from '../issue'
import type { SourceChild, SourceNode, SourceScalar, SourceText } from './source'

/** Values that a text may unfold to through its aliases. */
const VALUES_MAX = 200_000
/** Syntax errors described; the others follow from the first few. */
const ERRORS_MAX = 100

export function readYamlWhole(text: string): SourceText {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    keepSourceTokens: true,
    prettyErrors: false,
    strict: true,
    // The package compares each key with all before it; the reader below asks a set.
    uniqueKeys: false,
    // Silence would also hide that there are several documents.
    logLevel: 'error',
  })
  const issues = document.errors.slice(0, ERRORS_MAX).map(describeError)
  const reader = new YamlReader(text)
  const root = document.contents ? reader.read(document.contents) : undefined
  return { text, language: 'yaml', root, issues: [...issues, ...reader.issues] }
}

class YamlReader {
  readonly issues: Issue[] = []
  readonly #text: string
  /**
   * What the newest anchor of each name stands for, and how many values it unfolds to; null while it is being read. The
   * package would walk the whole document for every alias.
   */
  readonly #anchors = new Map<string, { value: unknown; values: number } | null>()
  #values = 0
  #tooLarge = false

  constructor(text: string) {
    this.#text = text
  }

  read(node: ParsedNode | Node): SourceNode {
    // Once there are too many values the text is refused; what is left of it need not be read.
    if (this.#tooLarge) return emptyScalar(rangeOf(node)[0])
    const before = this.#values
    const anchor = isAlias(node) ? undefined : (node as { anchor?: string }).anchor
    if (anchor !== undefined) this.#anchors.set(anchor, null)
    const result = this.#readNode(node)
    if (anchor !== undefined)
      this.#anchors.set(anchor, { value: result.value, values: this.#values - before })
    return result
  }

  #readNode(node: ParsedNode | Node): SourceNode {
    const [start, end] = rangeOf(node)
    this.#values++
    if (isAlias(node)) return this.#readAlias(node.source, start, end)
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
        if (Object.hasOwn(value, key)) this.#reportTwice(keyStart, keyEnd)
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

  #readAlias(name: string, start: number, end: number): SourceNode {
    const known = this.#anchors.get(name)
    if (!known)
      this.#report('parse/alias', 'This alias names an anchor that is not there.', start, end)
    this.#values += known?.values ?? 0
    if (this.#values > VALUES_MAX && !this.#tooLarge) {
      this.#tooLarge = true
      const message = `The aliases unfold to more than ${VALUES_MAX} values.`
      this.#report('parse/alias', message, start, end)
    }
    const value = this.#tooLarge ? null : known?.value
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

  #reportTwice(start: number, end: number): void {
    this.#report(
      'parse/duplicate-key',
      'This key is written twice.',
      start,
      end,
      'Keep one of them.',
    )
  }

  #report(code: string, message: string, start: number, end: number, hint?: string): void {
    const range = { start, end }
    const issue: Issue = { code, severity: 'error', path: [], message, range }
    this.issues.push(hint === undefined ? issue : { ...issue, hint })
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
