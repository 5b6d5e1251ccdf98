import type { Reporter, TestModule } from 'vitest/node'
import { writeCounts } from './support/counts'

/** Counts the tests of a Vitest run for the closing line. */
export default class CountVitest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]) {
    const n = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) n[test.result().state]++
      // a file that could not be collected has no tests to count, but it failed
      if (module.state() === 'failed' && module.errors().length > 0) n.failed++
    }
    writeCounts({
      passed: n.passed,
      failed: n.failed + errors.length,
      skipped: n.skipped + n.pending,
    })
  }
}
