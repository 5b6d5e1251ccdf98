/**
 * What stands between values: lines, blanks and comments.
 */
import type { SourceNode, SourceText } from './source'

export interface Comment {
  start: number
  end: number
}

/** Comments in a stretch of text; `nodes` are the values that lie in it, which are stepped over. */
export function commentsIn(
  source: SourceText,
  start: number,
  end: number,
  nodes: readonly SourceNode[],
): Comment[] {
  const values = nodes.flatMap((node) => writtenRanges(node)).sort((a, b) => a.start - b.start)
  const comments: Comment[] = []
  let at = start
  for (const value of [...values, { start: end, end }]) {
    if (value.end <= at && value.start < end) continue
    scanGap(source, at, Math.min(value.start, end), comments)
    at = Math.max(at, value.end)
    if (at >= end) break
  }
  return comments
}

/** Where keys and scalars are written, i.e. where a comment's sign is no comment. */
function writtenRanges(node: SourceNode): Comment[] {
  if (node.kind === 'scalar') return [{ start: node.start, end: node.end }]
  return node.children.flatMap((child) => [
    ...(typeof child.key === 'string' ? [{ start: child.start, end: child.keyEnd }] : []),
    ...writtenRanges(child.node),
  ])
}

function scanGap(source: SourceText, start: number, end: number, comments: Comment[]): void {
  for (let at = start; at < end; at++) {
    const stop = commentEnd(source, at)
    if (stop === -1) continue
    comments.push({ start: at, end: stop })
    at = stop - 1
  }
}

/** End of the comment that starts at `at`, -1 when none does. */
function commentEnd({ text, language }: SourceText, at: number): number {
  if (language === 'yaml') {
    const isComment = text[at] === '#' && (at === 0 || /\s/.test(text[at - 1] ?? ''))
    return isComment ? lineEnd(text, at) : -1
  }
  if (text.startsWith('//', at)) return lineEnd(text, at)
  if (!text.startsWith('/*', at)) return -1
  const close = text.indexOf('*/', at + 2)
  return close === -1 ? text.length : close + 2
}

/** Offset of the first thing at or after `from` that is neither blank nor comment. */
export function skipTrivia(source: SourceText, from: number): number {
  let at = from
  while (at < source.text.length) {
    const end = commentEnd(source, at)
    if (end !== -1) at = end
    else if (/\s/.test(source.text[at] ?? '')) at++
    else break
  }
  return at
}

export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1
}

/** Before the line break. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  if (end === -1) return text.length
  return text[end - 1] === '\r' && end - 1 >= at ? end - 1 : end
}

/** Behind the line break. */
export function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

export function indentOf(text: string, at: number): string {
  const start = lineStart(text, at)
  return /^[ \t]*/.exec(text.slice(start, at))?.[0] ?? ''
}

/** True when only blanks and comments follow on the line. */
export function endsLine(source: SourceText, at: number): boolean {
  const end = lineEnd(source.text, at)
  return skipTrivia(source, at) >= end
}

export function isLineBlank(text: string, start: number): boolean {
  return text.slice(start, lineEnd(text, start)).trim() === ''
}

/** Start of the comment lines that stand directly above a line, at its indentation. */
export function leadingComments(source: SourceText, lineAt: number): number {
  const { text, language } = source
  const sign = language === 'yaml' ? /^[ \t]*#/ : /^[ \t]*\/\//
  let start = lineAt
  while (start > 0) {
    const above = lineStart(text, start - 1)
    if (!sign.test(text.slice(above, start))) break
    start = above
  }
  return start
}
