/**
 * Changes in block-style YAML: whole lines are added and taken out, comments stay where they are.
 */
import type { TextEdit } from '../edit'
import { type Manner, renderBlockEntry, renderBlockItem } from './render'
import type { SourceChild, SourceCollection, SourceText } from './source'
import {
  commentsIn,
  indentOf,
  isLineBlank,
  leadingComments,
  lineEnd,
  lineStart,
  nextLine,
} from './trivia'

export interface Place {
  source: SourceText
  manner: Manner
  parent: SourceCollection
}

export function addToBlock(
  { source, manner, parent }: Place,
  after: SourceChild | undefined,
  key: string | number,
  value: unknown,
): TextEdit[] {
  const { text } = source
  const first = parent.children[0] as SourceChild
  const indent = ' '.repeat(first.start - lineStart(text, first.start))
  const lines =
    typeof key === 'string'
      ? renderBlockEntry(key, value, indent, manner)
      : renderBlockItem(value, indent, manner)
  const anchor = after ?? (typeof key === 'number' ? undefined : parent.children.at(-1))
  if (!anchor) {
    // Before a list's first item, whose own line may hold more than the item.
    return [
      {
        start: first.start,
        end: first.start,
        text: `${lines.slice(indent.length)}${manner.eol}${indent}`,
      },
    ]
  }
  const at = endOfEntry(source, anchor, indent.length)
  const gap = hasGaps(source, parent) ? manner.eol : ''
  return [{ start: at, end: at, text: `${manner.eol}${gap}${lines}` }]
}

export function removeFromBlock(
  { source, manner, parent }: Place,
  index: number,
  withComments: boolean,
): TextEdit[] {
  const { text } = source
  const child = parent.children[index] as SourceChild
  const indent = indentOf(text, child.start)
  const startsLine = lineStart(text, child.start) + indent.length === child.start
  if (!startsLine) {
    // The first key behind a dash: the next key takes its place.
    const next = parent.children[index + 1] as SourceChild
    const kept = withComments
      ? ''
      : keep(source, child.start, next.start, child, indent, manner.eol)
    const edits = [{ start: child.start, end: next.start, text: '' }]
    const line = lineStart(text, child.start)
    return kept === '' ? edits : [{ start: line, end: line, text: kept }, ...edits]
  }
  let start = lineStart(text, child.start)
  let end = nextLine(text, child.node.end)
  if (!withComments) {
    return [{ start, end, text: keep(source, start, end, child, indent, manner.eol) }]
  }
  start = leadingComments(source, start)
  end = Math.max(end, nextLine(text, endOfEntry(source, child, indent.length)))
  // One of the blank lines around goes along.
  if (start > 0 && isLineBlank(text, lineStart(text, start - 1))) {
    if (end < text.length && isLineBlank(text, end)) end = nextLine(text, end)
    else if (index === parent.children.length - 1) start = lineStart(text, start - 1)
  }
  return [{ start, end, text: '' }]
}

/** Replaces a value by one of another shape; comments inside move above its line. */
export function replaceInBlock(
  { source, manner, parent }: Place,
  child: SourceChild,
  value: unknown,
): TextEdit[] {
  const { text } = source
  const column = child.start - lineStart(text, child.start)
  const indent = ' '.repeat(column)
  const rendered =
    typeof child.key === 'string' && parent.kind === 'map'
      ? renderBlockEntry('k', value, indent, manner).slice(column + 2)
      : renderBlockItem(value, indent, manner).slice(column + 1)
  let end = Math.max(child.node.end, child.valueFrom)
  if (rendered.includes('\n')) end = lineEnd(text, end)
  const kept = keep(source, child.valueFrom, end, child, indentOf(text, child.start), manner.eol)
  const line = lineStart(text, child.start)
  const edit = { start: child.valueFrom, end, text: rendered.trimEnd() }
  return kept === '' ? [edit] : [{ start: line, end: line, text: kept }, edit]
}

/** The comments of a stretch, each on a line of its own. */
function keep(
  source: SourceText,
  start: number,
  end: number,
  child: SourceChild,
  indent: string,
  eol: string,
): string {
  return commentsIn(source, start, end, [keyAsNode(child), child.node])
    .map((comment) => `${indent}${source.text.slice(comment.start, comment.end)}${eol}`)
    .join('')
}

/** The key's own text, so that a `#` in it is not taken for a comment. */
function keyAsNode(child: SourceChild) {
  return {
    kind: 'scalar',
    start: child.start,
    end: child.keyEnd,
    value: null,
    style: 'plain',
  } as const
}

/** Behind the entry's last line and behind the comment lines that are indented deeper than it. */
function endOfEntry(source: SourceText, child: SourceChild, indent: number): number {
  const { text } = source
  let end = lineEnd(text, Math.max(child.node.end, child.valueFrom))
  for (let line = nextLine(text, end); line < text.length; line = nextLine(text, line)) {
    const depth = /^( *)#/.exec(text.slice(line, lineEnd(text, line)))?.[1]?.length
    if (depth === undefined || depth <= indent) break
    end = lineEnd(text, line)
  }
  return end
}

/** True when a blank line stands between the first two entries. */
function hasGaps(source: SourceText, parent: SourceCollection): boolean {
  const [first, second] = parent.children
  if (!first || !second) return false
  return /\n[ \t]*\r?\n/.test(source.text.slice(first.node.end, second.start))
}
