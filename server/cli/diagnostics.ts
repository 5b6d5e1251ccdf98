/**
 * One issue as text: place, severity, code, message, the lines around it with a mark, and what to do.
 */
import type { Issue } from '@/runtime/definition/issue'
import { locate } from '@/runtime/definition/positions'
import { output } from './output'

export interface Place {
  /** Both from 1. */
  line: number
  column: number
  length: number
}

const PAINT = { error: output.red, warning: output.yellow, info: output.blue } as const

/** Where in the text the issue is; the deepest part of its path that is written there. */
export function placeOf({ text }: { text: string }, issue: Issue): Place {
  const { start, end } = issue.range ?? locate(text, issue.path) ?? { start: 0, end: 0 }
  const before = text.slice(0, start).split('\n')
  const lineEnd = text.indexOf('\n', start)
  const visible = Math.min(end, lineEnd === -1 ? text.length : lineEnd)
  return {
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    length: Math.max(1, visible - start),
  }
}

/** The issue as a compiler would print it. */
export function renderIssue(file: { name: string; text: string }, issue: Issue): string {
  const place = placeOf(file, issue)
  const paint = PAINT[issue.severity]
  const head = `${output.bold(`${file.name}:${place.line}:${place.column}`)} ${paint(issue.severity)} ${output.dim(issue.code)}`
  return [
    head,
    `  ${issue.message}`,
    ...frame(file.text, place, paint),
    ...(issue.hint ? [`  ${output.dim('→')} ${issue.hint}`] : []),
  ].join('\n')
}

/** The line itself between the one before and the one after, with a mark below the place. */
function frame(text: string, place: Place, paint: (text: string) => string): string[] {
  const lines = text.split('\n')
  const last = Math.min(place.line + 1, lines.length)
  const width = String(last).length
  const shown: string[] = []
  for (let n = Math.max(1, place.line - 1); n <= last; n++) {
    const line = (lines[n - 1] ?? '').replaceAll('\t', ' ').slice(0, 160)
    shown.push(`  ${output.dim(`${String(n).padStart(width)} │`)} ${line}`.trimEnd())
    if (n !== place.line) continue
    const mark = '~'.repeat(Math.min(place.length, Math.max(1, 161 - place.column)))
    shown.push(
      `  ${output.dim(`${' '.repeat(width)} │`)} ${' '.repeat(place.column - 1)}${paint(mark)}`,
    )
  }
  return shown
}
