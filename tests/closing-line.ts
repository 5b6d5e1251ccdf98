import type { Reporter, TestModule } from 'vitest/node'

// one plain line that any CI can count: «N passed, N failed, N skipped»
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]) {
    const n = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const m of modules) for (const t of m.children.allTests()) n[t.result().state]++
    console.log(`${n.passed} passed, ${n.failed} failed, ${n.skipped} skipped`)
  }
}
