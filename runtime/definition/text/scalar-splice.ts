/**
 * A change inside one written text: only the characters that differ are replaced, in whatever quotes or folding the
 * text is written. Where that cannot be told, the whole scalar is written anew in its style.
 */
import type { TextEdit } from '../edit'
import { type Manner, renderText } from './render'
import type { SourceScalar, SourceText } from './source'

/** Undefined when the new text cannot be written in the scalar's style. */
export function spliceText(
  source: SourceText,
  node: SourceScalar,
  value: string,
  manner: Manner,
): TextEdit[] | undefined {
  const old = node.value
  if (typeof old !== 'string') return undefined
  const changed = changedPart(old, value)
  const offsets = offsetsOf(source.text, node, old)
  if (offsets && isHarmless(old, value, changed, node)) {
    const start = offsets[changed.start]
    const last = offsets[changed.end - 1]
    if (start !== undefined) {
      const end = changed.end > changed.start ? (last ?? start) + 1 : start
      return [{ start, end, text: changed.text }]
    }
  }
  if (node.style === 'literal' || node.style === 'folded') return undefined
  return [{ start: node.start, end: node.end, text: renderText(value, node.style, manner) }]
}

function changedPart(old: string, value: string): { start: number; end: number; text: string } {
  const shorter = Math.min(old.length, value.length)
  let head = 0
  while (head < shorter && old[head] === value[head]) head++
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === value.at(-1 - tail)) tail++
  return { start: head, end: old.length - tail, text: value.slice(head, value.length - tail) }
}

/** Words inside a text stay words: nothing that YAML or the quotes could read differently. */
function isHarmless(
  old: string,
  value: string,
  changed: { start: number; end: number; text: string },
  node: SourceScalar,
): boolean {
  if (!/^[\w.]*$/.test(changed.text) || !/^[\w.]*$/.test(old.slice(changed.start, changed.end))) {
    return false
  }
  if (node.style !== 'plain') return true
  // A plain scalar could turn into a number or a word like `true`.
  return /[^\w.+-]/.test(value) || (/^[A-Za-z_]\w*\.\w/.test(value) && /^[A-Za-z_]/.test(value))
}

/**
 * Offset in the source of each character of the value, for those that are no blanks: folding and indentation change
 * only blanks. Undefined when escapes make the counting unsure.
 */
function offsetsOf(
  text: string,
  node: SourceScalar,
  value: string,
): (number | undefined)[] | undefined {
  let at = node.start
  let end = node.end
  if (node.style === 'double' || node.style === 'single') {
    at++
    end--
    const inner = text.slice(at, end)
    if (inner.includes('\\') || (node.style === 'single' && inner.includes("'"))) return undefined
  } else if (node.style === 'literal' || node.style === 'folded') {
    at = text.indexOf('\n', at) + 1
    if (at === 0) return undefined
  } else if (node.style !== 'plain') return undefined
  const offsets: (number | undefined)[] = []
  for (const char of value.split('')) {
    if (/\s/.test(char)) {
      offsets.push(undefined)
      continue
    }
    while (at < end && /\s/.test(text[at] ?? '')) at++
    if (text[at] !== char) return undefined
    offsets.push(at++)
  }
  return offsets
}
