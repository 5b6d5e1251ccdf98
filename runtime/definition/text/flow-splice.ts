/**
 * Changes in bracketed text: all of JSON, and `{…}` and `[…]` in YAML. Commas are kept right, entries on lines of
 * their own stay so, comments stay.
 */
import type { TextEdit } from '../edit'
import type { Place } from './block-splice'
import { renderFlow, renderKey } from './render'
import type { SourceChild, SourceText } from './source'
import {
  commentsIn,
  endsLine,
  indentOf,
  leadingComments,
  lineEnd,
  lineStart,
  nextLine,
  skipTrivia,
} from './trivia'

export function addToFlow(
  place: Place,
  after: SourceChild | undefined,
  key: string | number,
  value: unknown,
): TextEdit[] {
  const { source, manner, parent } = place
  const { text } = source
  const first = parent.children[0]
  if (!first) return fillEmpty(place, key, value)
  const indent = ownLineIndent(source, first)
  const written = entry(place, key, value, indent)
  if (!after && typeof key === 'number') {
    const gap = indent === undefined ? ' ' : manner.eol + indent
    return [{ start: first.start, end: first.start, text: `${written},${gap}` }]
  }
  const anchor = after ?? (parent.children.at(-1) as SourceChild)
  const comma = commaBehind(source, anchor)
  const from = comma === -1 ? anchor.node.end : comma + 1
  const behind = comma === -1 ? '' : ','
  if (indent === undefined) {
    const before = comma === -1 ? ', ' : ' '
    return [{ start: from, end: from, text: `${before}${written}${behind}` }]
  }
  const at = endsLine(source, from) && lineEnd(text, from) < parent.end ? lineEnd(text, from) : from
  const line = `${manner.eol}${indent}${written}${behind}`
  if (comma !== -1) return [{ start: at, end: at, text: line }]
  return at === from
    ? [{ start: at, end: at, text: `,${line}` }]
    : [
        { start: from, end: from, text: ',' },
        { start: at, end: at, text: line },
      ]
}

export function removeFromFlow(place: Place, index: number, withComments: boolean): TextEdit[] {
  const { source, manner, parent } = place
  const { text } = source
  const child = parent.children[index] as SourceChild
  const previous = parent.children[index - 1]
  const next = parent.children[index + 1]
  const comma = commaBehind(source, child)
  const end = comma === -1 ? child.node.end : comma + 1
  const indent = ownLineIndent(source, child)
  if (indent !== undefined && endsLine(source, end) && lineEnd(text, end) < parent.end) {
    let start = lineStart(text, child.start)
    const stop = nextLine(text, end)
    const kept = commentsOf(source, child, start, stop)
      .map((comment) => `${indent}${comment}${manner.eol}`)
      .join('')
    if (withComments) start = leadingComments(source, start)
    const edits = [{ start, end: stop, text: withComments ? '' : kept }]
    const dangling = !next && previous && comma === -1 ? commaBehind(source, previous) : -1
    return dangling === -1 ? edits : [{ start: dangling, end: dangling + 1, text: '' }, ...edits]
  }
  const from = next || !previous ? child.start : previous.node.end
  const stop = next ? next.start : end
  const kept = withComments ? [] : commentsOf(source, child, from, stop)
  // A line comment swallows what follows on its line.
  const inline = kept.map((comment) =>
    comment.startsWith('/*') ? `${comment} ` : `${comment}${manner.eol}`,
  )
  return [{ start: from, end: stop, text: inline.join('') }]
}

export function replaceInFlow(place: Place, child: SourceChild, value: unknown): TextEdit[] {
  const { source, manner } = place
  const { node } = child
  const indent = ownLineIndent(source, child)
  const gap = node.start === node.end && source.text[node.start - 1] === ':' ? ' ' : ''
  const edit = { start: node.start, end: node.end, text: gap + renderFlow(value, indent, manner) }
  const kept = commentsIn(source, node.start, node.end, [node]).map((comment) =>
    source.text.slice(comment.start, comment.end),
  )
  if (kept.length === 0) return [edit]
  const before = kept.map((comment) =>
    comment.startsWith('/*') && indent === undefined
      ? `${comment} `
      : `${comment}${manner.eol}${indent ?? ''}`,
  )
  return [{ start: child.start, end: child.start, text: before.join('') }, edit]
}

function fillEmpty(place: Place, key: string | number, value: unknown): TextEdit[] {
  const { source, manner, parent } = place
  const at = parent.start + 1
  const isPretty = manner.language === 'json' && source.text.includes('\n')
  if (!isPretty) {
    const [open, close] = parent.kind === 'map' ? [' ', ' '] : ['', '']
    const rest = source.text.slice(at, parent.end - 1).trim() === '' ? parent.end - 1 : at
    return [{ start: at, end: rest, text: `${open}${entry(place, key, value, undefined)}${close}` }]
  }
  const outer = /^[ \t]*/.exec(source.text.slice(lineStart(source.text, at)))?.[0] ?? ''
  const inner = outer + manner.unit
  const content = source.text.slice(at, parent.end - 1)
  const line = `${manner.eol}${inner}${entry(place, key, value, inner)}`
  return content.trim() === ''
    ? [{ start: at, end: parent.end - 1, text: `${line}${manner.eol}${outer}` }]
    : [{ start: at, end: at, text: line }]
}

function entry(
  { manner }: Place,
  key: string | number,
  value: unknown,
  indent: string | undefined,
): string {
  const written = renderFlow(value, indent, manner)
  return typeof key === 'string' ? `${renderKey(key, manner)}: ${written}` : written
}

/** The indentation of an entry that begins its line, else undefined. */
function ownLineIndent(source: SourceText, child: SourceChild): string | undefined {
  const indent = indentOf(source.text, child.start)
  const start = lineStart(source.text, child.start)
  return start > 0 && start + indent.length === child.start ? indent : undefined
}

function commaBehind(source: SourceText, child: SourceChild): number {
  const at = skipTrivia(source, Math.max(child.node.end, child.valueFrom))
  return source.text[at] === ',' ? at : -1
}

function commentsOf(source: SourceText, child: SourceChild, start: number, end: number): string[] {
  const key = {
    kind: 'scalar',
    start: child.start,
    end: child.keyEnd,
    value: 0,
    style: 'plain',
  } as const
  return commentsIn(source, start, end, [key, child.node]).map((comment) =>
    source.text.slice(comment.start, comment.end),
  )
}
