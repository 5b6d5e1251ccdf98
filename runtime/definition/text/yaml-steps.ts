/**
 * Reads a large YAML saga step by step: the entries under the root's `steps` are read one at a time and kept, so that
 * after an edit only the step that changed is read again (a saga of 300 steps takes the `yaml` package about 40 ms).
 *
 * It only cuts where it is sure to cut between entries, and gives up (undefined) on everything unusual (anchors,
 * directives, an entry with a fault): the whole text is then read at once, and the faults are told from that.
 */
import type { SourceChild, SourceCollection, SourceNode, SourceText } from './source'
import { readYamlWhole } from './yaml-source'

/** Entries kept, those unused longest go first. */
const KEPT_MAX = 5_000
/** Below this, reading all at once is fast enough. */
const ENTRIES_MIN = 10

/** An entry as if its text began at offset 0. */
const kept = new Map<string, SourceChild | null>()

export function readYamlBySteps(text: string): SourceText | undefined {
  const cut = cutSteps(text)
  if (!cut || cut.entries.length < ENTRIES_MIN) return undefined
  const { from, to, entries } = cut
  // The same text with nothing under `steps`.
  const frame = readYamlWhole(text.slice(0, from) + text.slice(to))
  if (frame.issues.length > 0 || frame.root?.kind !== 'map' || frame.root.flow) return undefined
  const children: SourceChild[] = []
  const names = new Set<string | number>()
  const steps: Record<string, unknown> = {}
  for (const entry of entries) {
    const child = readEntry(text.slice(entry.start, entry.end))
    if (!child || names.has(child.key)) return undefined
    names.add(child.key)
    steps[String(child.key)] = child.node.value
    children.push(shiftChild(child, entry.start))
  }
  const root = fill(frame.root, { from, by: to - from, children, steps })
  return root && { text, language: 'yaml', root, issues: [] }
}

interface Cut {
  /** Everything between is entries: `from` is behind the line `steps:`. */
  from: number
  to: number
  entries: { start: number; end: number }[]
}

/** Undefined when the text is not plainly laid out. */
function cutSteps(text: string): Cut | undefined {
  if (/^(%|---|\.\.\.)/m.test(text) || /[\t ][&*][^\s&*]/.test(text)) return undefined
  const head = /^steps:[ ]*(#[^\n]*)?\r?\n/gm
  const line = head.exec(text)
  if (!line || head.exec(text)) return undefined
  const from = line.index + line[0].length
  const starts: number[] = []
  let indent: number | undefined
  let at = from
  while (at < text.length) {
    const next = text.indexOf('\n', at) + 1 || text.length
    const depth = depthOf(text, at, next)
    if (depth === 0) break
    if (depth !== undefined) {
      indent ??= depth
      if (depth < indent) return undefined
      if (depth === indent) starts.push(at)
    }
    at = next
  }
  const entries = starts.map((start, index) => ({ start, end: starts[index + 1] ?? at }))
  return { from, to: at, entries }
}

/** Spaces before a line's first character; undefined for blank lines and comments. */
function depthOf(text: string, start: number, end: number): number | undefined {
  let at = start
  while (at < end && text[at] === ' ') at++
  const char = text[at]
  return at >= end || char === '\n' || char === '\r' || char === '#' ? undefined : at - start
}

function readEntry(text: string): SourceChild | null {
  const known = kept.get(text)
  if (known !== undefined) {
    kept.delete(text)
    kept.set(text, known)
    return known
  }
  const { root, issues } = readYamlWhole(text)
  const only = root?.kind === 'map' && !root.flow && root.children.length === 1
  const entry = (issues.length === 0 && only && root.children[0]) || null
  kept.set(text, entry)
  if (kept.size > KEPT_MAX) {
    for (const oldest of kept.keys()) {
      kept.delete(oldest)
      break
    }
  }
  return entry
}

/** Puts the entries into the frame, whose later parts move behind them. */
function fill(
  frame: SourceCollection,
  put: { from: number; by: number; children: SourceChild[]; steps: Record<string, unknown> },
): SourceCollection | undefined {
  const index = frame.children.findIndex((child) => child.key === 'steps')
  const holder = frame.children[index]
  const first = put.children[0]
  const last = put.children.at(-1)
  if (!holder || !first || !last || holder.valueFrom > put.from) return undefined
  if (holder.node.kind !== 'scalar' || holder.node.style !== 'empty') return undefined
  const end = Math.max(last.node.end, last.valueFrom)
  const node: SourceCollection = {
    kind: 'map',
    start: first.start,
    end,
    flow: false,
    children: put.children,
    value: put.steps,
  }
  const behind = frame.children.slice(index + 1).map((child) => shiftChild(child, put.by))
  const lastBehind = behind.at(-1)
  return {
    ...frame,
    end: lastBehind ? Math.max(lastBehind.node.end, lastBehind.valueFrom) : end,
    children: [...frame.children.slice(0, index), { ...holder, node }, ...behind],
    value: { ...(frame.value as Record<string, unknown>), steps: put.steps },
  }
}

function shiftChild(child: SourceChild, by: number): SourceChild {
  return {
    key: child.key,
    start: child.start + by,
    keyEnd: child.keyEnd + by,
    valueFrom: child.valueFrom + by,
    node: shiftNode(child.node, by),
  }
}

function shiftNode(node: SourceNode, by: number): SourceNode {
  const moved = { ...node, start: node.start + by, end: node.end + by }
  if (moved.kind !== 'scalar') moved.children = moved.children.map((child) => shiftChild(child, by))
  return moved
}
