/**
 * JSON, comments and trailing commas allowed, read by `jsonc-parser` and turned into a SourceText.
 */
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { Issue } from '../issue'
import type { SourceChild, SourceNode, SourceText } from './source'

export function readJson(text: string): SourceText {
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { allowTrailingComma: true })
  const issues = errors.map((error): Issue => {
    const range = { start: error.offset, end: error.offset + error.length }
    const message = `${wordsOf(printParseErrorCode(error.error))}.`
    return { code: 'parse/syntax', severity: 'error', path: [], message, range }
  })
  return { text, language: 'json', root: tree && readNode(tree, [], issues), issues }
}

function readNode(node: Node, path: (string | number)[], issues: Issue[]): SourceNode {
  const start = node.offset
  const end = node.offset + node.length
  if (node.type === 'object') {
    const value: Record<string, unknown> = {}
    const children: SourceChild[] = []
    for (const property of node.children ?? []) {
      const [keyNode, valueNode] = property.children ?? []
      if (!keyNode) continue
      const key = String(keyNode.value)
      const keyEnd = keyNode.offset + keyNode.length
      const range = { start: keyNode.offset, end: keyEnd }
      if (key === '__proto__') {
        const message = 'The key __proto__ is not allowed.'
        issues.push({ code: 'parse/key', severity: 'error', path, message, range })
        continue
      }
      if (Object.hasOwn(value, key)) {
        const message = `The key \`${key}\` is written twice.`
        const hint = 'Keep one of them.'
        issues.push({ code: 'parse/duplicate-key', severity: 'error', path, message, hint, range })
        continue
      }
      const valueFrom = (property.colonOffset ?? keyEnd) + 1
      const child: SourceNode = valueNode
        ? readNode(valueNode, [...path, key], issues)
        : { kind: 'scalar', start: valueFrom, end: valueFrom, value: null, style: 'empty' }
      value[key] = child.value
      children.push({ key, start: keyNode.offset, keyEnd, valueFrom, node: child })
    }
    return { kind: 'map', start, end, flow: true, children, value }
  }
  if (node.type === 'array') {
    const value: unknown[] = []
    const children = (node.children ?? []).map((item, index): SourceChild => {
      const child = readNode(item, [...path, index], issues)
      value.push(child.value)
      const at = child.start
      return { key: index, start: at, keyEnd: at, valueFrom: at, node: child }
    })
    return { kind: 'list', start, end, flow: true, children, value }
  }
  const style = node.type === 'string' ? 'double' : 'plain'
  return { kind: 'scalar', start, end, value: node.value as unknown, style }
}

/** `CommaExpected` → `Comma expected`. */
function wordsOf(code: string): string {
  const words = code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
