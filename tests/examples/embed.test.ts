import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { runOnce } from './embed'

const TRIP = `
kind: saga
name: trip
start: book
steps:
  book:
    type: action
    participant: hotel
    operation: book
    effect: compensatable
    compensation: { operation: cancel, input: { room: output.room } }
    next: pay
  pay: { type: action, participant: bank, operation: charge, effect: pivot }
`

it('embeds the runtime, and undoes the hotel when the bank refuses', async () => {
  expect(await runOnce(TRIP, {})).toMatchObject({
    status: 'ROLLED_BACK',
    error: { code: 'INSUFFICIENT_FUNDS' },
  })
})

it('is what the README shows', () => {
  const example = readFileSync('tests/examples/embed.ts', 'utf8')
  const readme = readFileSync('README.md', 'utf8')
  expect(readme).toContain(example.replace("'@/runtime'", "'./runtime'").trim())
})
