import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter'
import { writeCounts } from './support/counts'

/** Counts the browser tests for the closing line. */
export default class CountPlaywright implements Reporter {
  readonly #last = new Map<string, TestResult['status']>()

  onTestEnd(test: TestCase, result: TestResult) {
    this.#last.set(test.id, result.status)
  }

  onEnd() {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const status of this.#last.values())
      counts[status === 'passed' || status === 'skipped' ? status : 'failed']++
    writeCounts(counts)
  }
}
