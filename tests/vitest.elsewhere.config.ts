/**
 * The runtime's pure tests once more, as on a machine elsewhere: `npm test` gives the process another zone and locale
 * (tests/run.mjs), and nothing may come out differently.
 */
import path from 'node:path'
import { defineConfig } from 'vitest/config'

const PURE = [
  'compiler',
  'definition',
  'expression',
  'journal',
  'projection',
  'saga',
  'security',
  'verifier',
]

export default defineConfig({
  root: path.resolve(import.meta.dirname, '..'),
  resolve: { tsconfigPaths: true },
  test: {
    name: 'elsewhere',
    include: PURE.map((folder) => `tests/runtime/${folder}/**/*.test.ts`),
    // drawn by chance or about time: the first run has had them
    exclude: ['**/{fuzz,laws,way-back,generated,speed,shortcut,hostile}.test.ts'],
    testTimeout: 60_000,
    reporters: ['default', './tests/count-vitest.ts'],
  },
})
