/**
 * "Did you mean": the known word nearest to a misspelt one.
 */

/** Undefined when none is near: more than two letters off, or more than a third of the word. */
export function closest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(2, Math.ceil(word.length / 3)) + 0.5
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) > 2) continue
    const off = distance(word.toLowerCase(), candidate.toLowerCase())
    if (off < bestDistance) {
      best = candidate
      bestDistance = off
    }
  }
  return best
}

/** Optimal string alignment: insert, delete, replace, or swap two neighbours. Words of 64 letters at most. */
function distance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return 64
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(at(row, j - 1) + 1, at(previous, j) + 1, at(previous, j - 1) + cost)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) best = Math.min(best, at(beforePrevious, j - 2) + 1)
      row.push(best)
    }
    beforePrevious = previous
    previous = row
  }
  return at(previous, b.length)
}

function at(row: number[], index: number): number {
  return row[index] ?? 64
}
