/**
 * Three-way merge of texts by lines: what each side changed since the common text, together. Where both changed the same
 * lines differently, our side's lines stand and the place is counted; the other side's text is kept by the caller.
 */

export interface Merged {
  text: string
  /** Places that both changed differently. */
  conflicts: number
}

export function mergeText(base: string, mine: string, theirs: string): Merged {
  if (mine === theirs || base === theirs) return { text: mine, conflicts: 0 }
  if (base === mine) return { text: theirs, conflicts: 0 }
  const lines = { base: split(base), mine: split(mine), theirs: split(theirs) }
  const toMine = matches(lines.base, lines.mine)
  const toTheirs = matches(lines.base, lines.theirs)
  const out: string[] = []
  let conflicts = 0
  let b = 0
  let m = 0
  let t = 0
  while (b <= lines.base.length) {
    // the next line of the base that both sides still have
    let anchor = b
    while (anchor < lines.base.length && !(toMine.has(anchor) && toTheirs.has(anchor))) anchor++
    const atEnd = anchor >= lines.base.length
    const mEnd = atEnd ? lines.mine.length : (toMine.get(anchor) ?? lines.mine.length)
    const tEnd = atEnd ? lines.theirs.length : (toTheirs.get(anchor) ?? lines.theirs.length)
    const was = lines.base.slice(b, anchor)
    const ours = lines.mine.slice(m, mEnd)
    const other = lines.theirs.slice(t, tEnd)
    if (same(ours, was)) out.push(...other)
    else if (same(other, was) || same(ours, other)) out.push(...ours)
    else {
      conflicts += 1
      out.push(...ours)
    }
    if (atEnd) break
    out.push(lines.base[anchor] ?? '')
    b = anchor + 1
    m = mEnd + 1
    t = tEnd + 1
  }
  return { text: out.join(''), conflicts }
}

/** Lines with their ends, so that joining gives the text back. */
const split = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((line, n) => line === b[n])

/** Larger texts are compared by their common head and tail alone: a merge must not freeze the page. */
const CELLS_MAX = 4_000_000

/** A longest common subsequence, as line of the first → line of the second. */
function matches(a: readonly string[], b: readonly string[]): Map<number, number> {
  const found = new Map<number, number>()
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) {
    found.set(head, head)
    head++
  }
  let aEnd = a.length
  let bEnd = b.length
  while (aEnd > head && bEnd > head && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--
    bEnd--
    found.set(aEnd, bEnd)
  }
  const rows = aEnd - head
  const columns = bEnd - head
  if (rows === 0 || columns === 0 || rows * columns > CELLS_MAX) return sorted(found)
  const width = columns + 1
  const table = new Uint32Array((rows + 1) * width)
  const at = (i: number, j: number) => table[i * width + j] ?? 0
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      table[i * width + j] =
        a[head + i] === b[head + j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns; ) {
    if (a[head + i] === b[head + j]) found.set(head + i++, head + j++)
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
  return sorted(found)
}

const sorted = (map: Map<number, number>) => new Map([...map].sort(([a], [b]) => a - b))
