/**
 * Rewrites a text so that it says another value, by the smallest edits that keep everything else as it is written.
 *
 * It goes in rounds: read, compare with the wanted value, edit, read again. A round takes all changes whose edits do
 * not touch each other; usually one round is all. The end is checked by reading, so a text is never left saying
 * something else than was wanted: where it cannot be done (an anchor used elsewhere, say), the answer is undefined.
 */
import type { TextEdit } from '../edit'
import { addToBlock, type Place, removeFromBlock, replaceInBlock } from './block-splice'
import { type Change, difference } from './difference'
import { addToFlow, removeFromFlow, replaceInFlow } from './flow-splice'
import { type Manner, mannerOf, renderFlow, renderKey } from './render'
import { spliceText } from './scalar-splice'
import {
  childAt,
  nodeAt,
  type Path,
  readSource,
  type SourceCollection,
  type SourceText,
} from './source'
import type { TextPatch } from './text-edit'

/** Rounds before giving up: a bracketed list takes one structural change a round. */
const ROUNDS_MAX = 2_000

/** False when the text cannot be made to say `wanted`; the patch is then to be thrown away. */
export function rewrite(patch: TextPatch, wanted: unknown): boolean {
  let stuck = ''
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const text = patch.text
    const source = readSource(text)
    if (source.issues.length > 0 || !source.root) return false
    const changes = difference(source.root.value, wanted)
    if (changes.length === 0) return true
    if (text === stuck) return false
    stuck = text
    const edits = planRound(source, changes)
    if (edits.length === 0) return false
    patch.apply(edits)
  }
  return false
}

/** Renames the key at a path; false when there is none. */
export function renameKey(patch: TextPatch, path: Path, to: string): boolean {
  const source = readSource(patch.text)
  const child = childAt(source, path)
  if (!child || typeof child.key !== 'string') return false
  const quote = source.text[child.start]
  const written =
    quote === '"' || quote === "'" ? quote + to + quote : renderKey(to, mannerOf(source))
  patch.apply([{ start: child.start, end: child.keyEnd, text: written }])
  return true
}

/** Edits of as many changes as fit together, ascending. */
function planRound(source: SourceText, changes: readonly Change[]): TextEdit[] {
  const manner = mannerOf(source)
  const planned: TextEdit[] = []
  const bracketsTouched = new Set<SourceCollection>()
  for (const change of changes) {
    const path = change.type === 'add' ? change.parent : change.path.slice(0, -1)
    const parent = nodeAt(source, path)
    if (change.type !== 'replace' && parent && parent.kind !== 'scalar' && parent.flow) {
      if (bracketsTouched.has(parent)) continue
      bracketsTouched.add(parent)
    }
    const edits = planChange(source, change, manner)
    if (edits.some((edit) => planned.some((other) => collide(edit, other)))) continue
    planned.push(...edits)
  }
  return mergeInserts(planned.sort((a, b) => a.start - b.start || a.end - b.end))
}

/** Two insertions at one place do not collide: they stand in the order of the changes. */
function collide(a: TextEdit, b: TextEdit): boolean {
  if (a.start === a.end && b.start === b.end) return false
  return a.start < b.end && b.start < a.end
}

function mergeInserts(edits: TextEdit[]): TextEdit[] {
  const merged: TextEdit[] = []
  for (const edit of edits) {
    const last = merged.at(-1)
    if (last && last.start === last.end && last.start === edit.start) {
      merged[merged.length - 1] = { ...edit, text: last.text + edit.text }
    } else merged.push(edit)
  }
  return merged
}

function planChange(source: SourceText, change: Change, manner: Manner): TextEdit[] {
  switch (change.type) {
    case 'add': {
      const parent = nodeAt(source, change.parent)
      if (!parent || parent.kind === 'scalar') return []
      const place: Place = { source, manner, parent }
      const after = parent.children.find((child) => child.key === change.after)
      return parent.flow
        ? addToFlow(place, after, change.key, change.value)
        : addToBlock(place, after, change.key, change.value)
    }
    case 'remove': {
      const parent = nodeAt(source, change.path.slice(0, -1))
      if (!parent || parent.kind === 'scalar') return []
      const place: Place = { source, manner, parent }
      const index = parent.children.findIndex((child) => child.key === change.path.at(-1))
      const withComments = isStepPath(change.path)
      return parent.flow
        ? removeFromFlow(place, index, withComments)
        : removeFromBlock(place, index, withComments)
    }
    case 'replace':
      return planReplace(source, change.path, change.value, manner)
  }
}

function planReplace(source: SourceText, path: Path, value: unknown, manner: Manner): TextEdit[] {
  const child = childAt(source, path)
  const parent = nodeAt(source, path.slice(0, -1))
  if (!child || !parent || parent.kind === 'scalar') return []
  const { node } = child
  const place: Place = { source, manner, parent }
  if (node.kind === 'scalar' && typeof value === 'string' && node.style !== 'empty') {
    const edits = spliceText(source, node, value, manner)
    if (edits && !(node.style === 'plain' && value.includes('\n'))) return edits
  }
  if (parent.flow) return replaceInFlow(place, child, value)
  const isShort = typeof value !== 'object' || value === null
  if (node.kind === 'scalar' && isShort && typeof value !== 'string' && node.style === 'plain') {
    return [{ start: node.start, end: node.end, text: renderFlow(value, undefined, manner) }]
  }
  return replaceInBlock(place, child, value)
}

/** A step's own comments go with it; a field's stay. */
function isStepPath(path: Path): boolean {
  let at = 0
  while (path[at] === 'steps' && at + 1 < path.length) {
    if (at + 2 === path.length) return true
    if (path[at + 2] === 'region') at += 3
    else if (path[at + 2] === 'branches' && typeof path[at + 3] === 'string') at += 4
    else return false
  }
  return false
}
