/**
 * Where things of a document stand in its text, for problem marks and for selecting the same step in code and canvas.
 * Works on any text that can be read at all, however broken the document.
 */
import { isRawMap } from './raw-steps'
import {
  childAt,
  nodeAt,
  type Path,
  readSource,
  type SourceNode,
  type SourceText,
} from './text/source'
import { lineEnd, lineStart } from './text/trivia'

export interface Range {
  start: number
  end: number
}

/** The value at a path, or its key where the value spans lines; the nearest thing above when there is none. */
export function locate(text: string, path: Path): Range | undefined {
  return locateIn(readSource(text), path)
}

export function locateIn(source: SourceText, path: Path): Range | undefined {
  for (let length = path.length; length > 0; length--) {
    const child = childAt(source, path.slice(0, length))
    if (!child) continue
    const { node } = child
    const isWhole = length === path.length && node.kind === 'scalar' && node.end > node.start
    if (isWhole && !source.text.slice(node.start, node.end).includes('\n')) {
      return { start: node.start, end: node.end }
    }
    if (child.keyEnd > child.start) return { start: child.start, end: child.keyEnd }
    return { start: node.start, end: Math.min(node.end, lineEnd(source.text, node.start)) }
  }
  const { root } = source
  return root && { start: root.start, end: Math.min(root.end, lineEnd(source.text, root.start)) }
}

/** The key at a path, e.g. an unknown one. */
export function locateKey(source: SourceText, path: Path): Range | undefined {
  const child = childAt(source, path)
  return child ? { start: child.start, end: child.keyEnd } : locateIn(source, path)
}

/** The innermost step whose lines hold an offset. */
export function stepAt(text: string, offset: number): string | undefined {
  const source = readSource(text)
  let step: string | undefined
  let node: SourceNode | undefined = nodeOfSteps(source.root)
  while (node?.kind === 'map') {
    const child = node.children.find(
      ({ start, node: value, valueFrom }) =>
        lineStart(text, start) <= offset && offset <= lineEnd(text, Math.max(value.end, valueFrom)),
    )
    if (!child) break
    step = String(child.key)
    node = innerSteps(child.node, offset)
  }
  return step
}

/** All that a step's entry spans, from its key to its last character; undefined when there is no such step. */
export function stepRange(text: string, path: Path): Range | undefined {
  const source = readSource(text)
  const child = childAt(source, path)
  return child && { start: child.start, end: Math.max(child.node.end, child.valueFrom) }
}

/** The `steps` of whichever region of a step holds the offset. */
function innerSteps(step: SourceNode, offset: number): SourceNode | undefined {
  if (step.kind !== 'map' || !isRawMap(step.value)) return undefined
  const region = childOf(step, 'region')
  if (step.value.type === 'map') return region && nodeOfSteps(region)
  if (step.value.type !== 'parallel') return undefined
  const branches = childOf(step, 'branches')
  if (branches?.kind !== 'map') return undefined
  const branch = branches.children.find(
    ({ start, node }) => start <= offset && offset <= Math.max(node.end, start),
  )
  return branch && nodeOfSteps(branch.node)
}

function nodeOfSteps(region: SourceNode | undefined): SourceNode | undefined {
  return region?.kind === 'map' ? childOf(region, 'steps') : undefined
}

function childOf(node: SourceNode, key: string): SourceNode | undefined {
  if (node.kind !== 'map') return undefined
  return node.children.find((child) => child.key === key)?.node
}

/** Where a character of a text value stands, in whatever quotes it is written; the whole value when that is unsure. */
export function locateInside(source: SourceText, path: Path, position: number): Range | undefined {
  const node = nodeAt(source, path)
  if (node?.kind !== 'scalar' || typeof node.value !== 'string') return locateIn(source, path)
  const quoted = node.style === 'double' || node.style === 'single' ? 1 : 0
  const written = source.text.slice(node.start + quoted, node.end - quoted)
  if (written !== node.value) return locateIn(source, path)
  const end = node.end - quoted
  return { start: Math.min(node.start + quoted + position, Math.max(node.start, end - 1)), end }
}
