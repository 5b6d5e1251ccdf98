/**
 * What can be undone: text and layout together, so that one Ctrl+Z means the same on the canvas and in the code.
 *
 * 1. Bounded: the oldest entry goes first.
 * 2. Changes with the same key in quick succession are one entry (typing, dragging, a slider).
 * 3. An entry holds the stretch that changed, not whole texts; undoing gives the identical text.
 */
import type { TextEdit } from '@/runtime/definition/edit'
import type { Layout } from '@/runtime/definition/schema'
import { applySpan, differingSpan, invertSpan } from './text-span'

export interface Content {
  text: string
  layout: Layout
}

interface Entry {
  label: string
  key: string
  at: number
  /** From before to after; null when only the layout changed. */
  change: TextEdit | null
  back: TextEdit | null
  layoutBefore: Layout
  layoutAfter: Layout
  selectionBefore: readonly string[]
  selectionAfter: readonly string[]
}

export interface Step extends Content {
  label: string
  selection: readonly string[]
  edit: TextEdit | null
}

const ENTRIES_MAX = 200
const COALESCE_MS = 500

export class History {
  #done: Entry[] = []
  #undone: Entry[] = []

  get undoLabel(): string | null {
    return this.#done.at(-1)?.label ?? null
  }

  get redoLabel(): string | null {
    return this.#undone.at(-1)?.label ?? null
  }

  get length(): number {
    return this.#done.length
  }

  /** Remembers a change that has just been made. */
  record(
    before: Content & { selection: readonly string[] },
    after: Content & { selection: readonly string[] },
    { label, key, at }: { label: string; key: string; at: number },
  ): void {
    const last = this.#done.at(-1)
    this.#undone = []
    if (last && last.key === key && key !== '' && at - last.at <= COALESCE_MS) {
      const original = last.back ? applySpan(before.text, last.back) : before.text
      last.change = differingSpan(original, after.text)
      last.back = last.change && invertSpan(original, last.change)
      last.layoutAfter = after.layout
      last.selectionAfter = after.selection
      last.at = at
      return
    }
    const change = differingSpan(before.text, after.text)
    this.#done.push({
      label,
      key,
      at,
      change,
      back: change && invertSpan(before.text, change),
      layoutBefore: before.layout,
      layoutAfter: after.layout,
      selectionBefore: before.selection,
      selectionAfter: after.selection,
    })
    if (this.#done.length > ENTRIES_MAX) this.#done.shift()
  }

  /** The content before the newest change, or null when there is none. */
  undo(text: string): Step | null {
    const entry = this.#done.pop()
    if (!entry) return null
    this.#undone.push(entry)
    return {
      label: entry.label,
      edit: entry.back,
      text: entry.back ? applySpan(text, entry.back) : text,
      layout: entry.layoutBefore,
      selection: entry.selectionBefore,
    }
  }

  redo(text: string): Step | null {
    const entry = this.#undone.pop()
    if (!entry) return null
    this.#done.push(entry)
    // what follows is a new change, however soon it comes
    entry.at = Number.NEGATIVE_INFINITY
    return {
      label: entry.label,
      edit: entry.change,
      text: entry.change ? applySpan(text, entry.change) : text,
      layout: entry.layoutAfter,
      selection: entry.selectionAfter,
    }
  }
}
