/**
 * Text edits: applying, inverting and composing them.
 */
import type { TextEdit } from '../edit'

/** Applies edits that ascend and do not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = ''
  let at = 0
  for (const edit of edits) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** The edits that turn the edited text back, byte for byte. */
export function invertEdits(text: string, edits: readonly TextEdit[]): TextEdit[] {
  let shift = 0
  return edits.map((edit) => {
    const start = edit.start + shift
    shift += edit.text.length - (edit.end - edit.start)
    return { start, end: start + edit.text.length, text: text.slice(edit.start, edit.end) }
  })
}

/** A text under several rounds of edits that can still tell the edits to the text it began with. */
export class TextPatch {
  readonly #original: string
  #pieces: Piece[]

  constructor(original: string) {
    this.#original = original
    this.#pieces = [{ start: 0, end: original.length }]
  }

  get text(): string {
    return this.#pieces.map((piece) => this.#write(piece)).join('')
  }

  /** Edits to the text as it is now, ascending, without overlap. */
  apply(edits: readonly TextEdit[]): void {
    for (const edit of [...edits].reverse()) {
      const before = this.#cut(0, edit.start)
      const after = this.#cut(edit.end, Number.POSITIVE_INFINITY)
      this.#pieces = [...before, ...(edit.text === '' ? [] : [edit.text]), ...after]
    }
  }

  /** Edits to the original text, ascending, without overlap. */
  edits(): TextEdit[] {
    const edits: TextEdit[] = []
    let at = 0
    let inserted = ''
    for (const piece of [
      ...this.#pieces,
      { start: this.#original.length, end: this.#original.length },
    ]) {
      if (typeof piece === 'string') {
        inserted += piece
        continue
      }
      if (piece.start > at || inserted !== '') {
        edits.push(...tighten(this.#original, { start: at, end: piece.start, text: inserted }))
      }
      inserted = ''
      at = piece.end
    }
    return edits
  }

  #cut(from: number, to: number): Piece[] {
    const result: Piece[] = []
    let at = 0
    for (const piece of this.#pieces) {
      const length = typeof piece === 'string' ? piece.length : piece.end - piece.start
      const start = Math.max(0, from - at)
      const end = Math.min(length, to - at)
      at += length
      if (start >= end) continue
      result.push(
        typeof piece === 'string'
          ? piece.slice(start, end)
          : { start: piece.start + start, end: piece.start + end },
      )
    }
    return result
  }

  #write(piece: Piece): string {
    return typeof piece === 'string' ? piece : this.#original.slice(piece.start, piece.end)
  }
}

/** Inserted text, or a stretch of the original. */
type Piece = string | { start: number; end: number }

/** Drops what an edit would replace by itself. */
function tighten(text: string, edit: TextEdit): TextEdit[] {
  const old = text.slice(edit.start, edit.end)
  let head = 0
  while (head < old.length && head < edit.text.length && old[head] === edit.text[head]) head++
  let tail = 0
  const rest = Math.min(old.length, edit.text.length) - head
  while (tail < rest && old.at(-1 - tail) === edit.text.at(-1 - tail)) tail++
  const tight = {
    start: edit.start + head,
    end: edit.end - tail,
    text: edit.text.slice(head, edit.text.length - tail),
  }
  return tight.start === tight.end && tight.text === '' ? [] : [tight]
}
