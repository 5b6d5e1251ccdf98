/** What a suite says: one line per figure and peer, as a table or as JSON lines. */

export interface Line {
  suite: string
  case: string
  metric: string
  /** Ours; the median of all runs. */
  value: number
  unit: string
  peer: string | null
  /** The median of the peer's runs, which took turns with ours. */
  peerValue: number | null
  /** Ours by the peer's: of throughputs more is better, of latencies less. */
  ratio: number | null
  runs: number
  /** Of our runs. */
  min: number
  max: number
}

export function lineOf(
  about: { suite: string; case: string; metric: string; unit: string },
  ours: readonly number[],
  peer?: { name: string; values: readonly number[] },
): Line {
  const value = median(ours)
  const peerValue = peer ? median(peer.values) : null
  return {
    ...about,
    value: rounded(value),
    peer: peer?.name ?? null,
    peerValue: peerValue === null ? null : rounded(peerValue),
    ratio: peerValue === null ? null : rounded(value / peerValue),
    runs: ours.length,
    min: rounded(Math.min(...ours)),
    max: rounded(Math.max(...ours)),
  }
}

export function print(lines: readonly Line[], json: boolean): void {
  if (json) for (const line of lines) console.log(JSON.stringify(line))
  else console.table(lines.map(({ suite: _, ...line }) => line))
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Three digits that count, or the whole number. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
