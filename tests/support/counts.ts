/**
 * How many tests passed, failed and were skipped. Under tests/run.mjs the numbers go into a file, to be summed with those
 * of the other runner; alone they are printed as one plain line that any CI can read.
 */
import { writeFileSync } from 'node:fs'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export function writeCounts(counts: Counts): void {
  const file = process.env.SAGAWRIGHT_COUNTS
  if (file) writeFileSync(file, JSON.stringify(counts))
  else console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
}
