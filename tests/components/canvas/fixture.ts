/** A small saga with everything that is drawn differently, for the tests of the canvas. */
import { parseDefinition } from '@/runtime/definition/parse'
import type { SagaDocument } from '@/runtime/definition/schema'

export const SOURCE = `# A saga in which everything occurs once.
kind: saga
format: 1
name: everything
start: reserve
steps:
  reserve:
    type: action
    title: Reserve # the money
    participant: ledger
    operation: reserve
    effect: compensatable
    compensation: { operation: release }
    next: checks

  checks:
    type: parallel
    branches:
      legal:
        start: name_it
        steps:
          name_it:
            type: action
            participant: registry
            operation: reserveName
            effect: compensatable
            compensation: { operation: releaseName }
      look:
        start: screen
        steps:
          screen: { type: action, participant: compliance, operation: screen, effect: readonly }
    next: large

  large:
    type: choice
    branches:
      - { label: much, when: input.amount > 1000, next: ask }
    otherwise: pay

  ask:
    type: approval
    question: Pay {input.amount}?
    next: pay

  pay: { type: action, participant: ledger, operation: pay, effect: compensatable, next: papers }

  papers:
    type: signal
    signal: papers-signed
    timeoutMs: 1000
    onTimeout: { next: late }

  late: { type: end, outcome: failed }
`

export function read(source: string = SOURCE): SagaDocument {
  const { document, issues } = parseDefinition(source)
  if (!document) throw new Error(JSON.stringify(issues))
  return document
}
