/**
 * Writes the recorded journals of the current format: `node --import tsx tests/runtime/saga/recorded/record.ts`.
 * Run it once per released format, never again: recorded.test.ts replays the files for ever.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { NEWEST_FORMAT } from '@/runtime/saga/format'
import { play, scenario } from '../../../support/scenarios'

const sagas = fc.sample(scenario, { numRuns: 24, seed: 20261123 }).flatMap((one) => {
  const { run } = play(one)
  const documents = new Set(run.ids().map((id) => run.compiled(id).document))
  return [...documents].map((document) => ({
    document,
    entities: run
      .ids()
      .filter((id) => run.compiled(id).document === document)
      .map((id) => ({ id, entries: run.entries(id), state: run.state(id) })),
  }))
})
const file = path.join(import.meta.dirname, `format-${NEWEST_FORMAT}.json`)
writeFileSync(file, `${JSON.stringify(sagas)}\n`)
console.log(`${sagas.length} sagas written to ${file}`)
