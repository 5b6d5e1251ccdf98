/** The one stretch in which two texts differ: how the history remembers a change, and how a whole text is replaced. */
import type { TextEdit } from '@/runtime/definition/edit'

/** Null when the texts are the same. */
export function differingSpan(before: string, after: string): TextEdit | null {
  if (before === after) return null
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && before[head] === after[head]) head++
  let tail = 0
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  // never cut a character that two units make up
  if (isLow(before, head) || isLow(after, head)) head--
  if (tail > 0 && (isLow(before, before.length - tail) || isLow(after, after.length - tail))) tail--
  return { start: head, end: before.length - tail, text: after.slice(head, after.length - tail) }
}

export function applySpan(text: string, span: TextEdit): string {
  return text.slice(0, span.start) + span.text + text.slice(span.end)
}

/** The span that turns the changed text back. */
export function invertSpan(text: string, span: TextEdit): TextEdit {
  const { start, end } = span
  return { start, end: start + span.text.length, text: text.slice(start, end) }
}

function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}
