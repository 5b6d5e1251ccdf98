/**
 * Random edit commands that fit a document as it is, legal ones mostly, and the texts they are tried on.
 */
import fc from 'fast-check'
import type { EditCommand, RegionPath } from '@/runtime/definition/edit'
import { portsOf } from '@/runtime/definition/ports-of-step'
import { isRawMap, type RawMap, rawRegions, rawSteps } from '@/runtime/definition/raw-steps'
import type { Step } from '@/runtime/definition/schema'

export const YAML_TEXT = `# The saga of a launch.
kind: saga # what it is
format: 1
name: launch
title: "Launch: a venture"

# Where it begins.
start: reserve
retry: { attemptsMax: 3, jitter: 0.1 } # for all

steps:
  # Money first.
  reserve:
    type: action # one call
    participant: budget-ledger
    operation: reserve
    effect: compensatable
    input:
      # what it costs
      amount: input.budget # in euro
      note: 'It''s for steps.reserve'
      nested: { deep: [input.a, 2, "input.b"], flag: true }
    compensation:
      operation: release
      input:
        id: output.reservationId
    retry:
      delayMs: 100 # soon
      # patience
      nonRetryable:
        - NO_FUNDS # no money
        - CLOSED
    next: both

  # Two at a time.
  both:
    type: parallel
    join: all
    branches:
      legal:
        start: register
        steps:
          register: # quick
            type: action
            participant: company-registry
            operation: register
            effect: readonly
            next: legal_wait
          legal_wait:
            type: wait
            forMs: 10
            # trailing words about legal_wait
      audit:
        start: screen
        steps:
          screen: { type: action, participant: compliance, operation: screen, effect: readonly } # flow
    next: decide
  decide:
    type: choice
    branches:
      - label: rich # first
        when: steps.reserve.amount > 1000 and steps.screen.score < 5
        next: approve
      # the second way
      - when: >-
          steps.reserve.amount > 10
          and $lookup(steps, "both").legal
        next: each
    otherwise: done
  approve:
    type: approval
    question: "Spend {steps.reserve.amount} on {input.name}?"
    context: steps.reserve
    roles: [chairman]
    next: signal
  signal:
    type: signal
    signal: go-ahead
    timeoutMs: 1000
    onTimeout:
      next: done
    next: each

  each:
    type: map
    items: input.investors
    region:
      start: pay
      steps:
        pay:
          type: action
          participant: budget-ledger
          operation: charge
          effect: retriable
          description: |
            Pays each investor
              # not a comment
            once.
          resources:
            - key: budget/{steps.reserve.id}
              access: write
    next: done
  # The end.
  done:
    type: end
    output: { id: steps.reserve.id }
# Last words.
`

export const JSON_TEXT = `// A saga in JSON.
{
  "kind": "saga",
  "name": "launch", // short
  "start": "reserve",
  /* all of them */
  "steps": {
    // Money first.
    "reserve": {
      "type": "action",
      "participant": "budget-ledger", // the bank
      "operation": "reserve",
      "effect": "compensatable",
      "input": { "amount": "input.budget", "list": ["input.a", 2] },
      "compensation": { "operation": "release" /* undo */ },
      "next": "decide"
    },
    "decide": {
      "type": "choice",
      "branches": [
        { "when": "steps.reserve.amount > 10", "next": "both" },
        // the second
        {
          "label": "two",
          "when": "steps.\\"reserve\\".id = 'x'",
          "next": "done"
        }
      ],
      "otherwise": "done"
    },
    "both": {
      "type": "parallel",
      "branches": {
        "left": { "start": "a", "steps": { "a": { "type": "wait", "forMs": 5 } } },
        "right": {
          "start": "b",
          "steps": {
            "b": { "type": "end" } // right end
          }
        }
      },
      "next": "done"
    },
    "done": { "type": "end" }
  }
}
`

/** A seed for one command; which command it is depends on the document it meets. */
export const commandSeed = fc.record({
  kind: fc.integer({ min: 0, max: 99 }),
  picks: fc.array(fc.nat(10_000), { minLength: 6, maxLength: 6 }),
})

export type CommandSeed = typeof commandSeed extends fc.Arbitrary<infer T> ? T : never

/** Every comment of a text whose words say which it is, without those that belong to steps. */
export function commandFor(root: RawMap, seed: CommandSeed, serial: number): EditCommand {
  const picks = [...seed.picks]
  const pick = <T>(items: readonly T[]): T => items[(picks.shift() ?? 0) % items.length] as T
  const steps = rawSteps(root)
  const regions = regionsOf(root)
  const id = () => pick(steps.length > 0 ? steps.map((step) => step.id) : ['nobody'])
  const { kind } = seed
  if (kind < 10)
    return {
      type: 'addStep',
      region: pick(regions).region,
      id: `n${serial}`,
      step: newStep(pick(TYPES), serial),
    }
  if (kind < 25 || kind < 55) {
    const { region, ids } = pick(regions)
    const from = pick([null, ...ids])
    const found = steps.find((step) => step.id === from)
    const ports = found ? portsOf([], found.step).map(({ port }) => port) : [undefined]
    const port = ports.length > 0 ? pick(ports) : undefined
    const at = { region, from, ...(port === undefined ? {} : { port }) }
    if (kind < 25)
      return { type: 'insertStep', ...at, id: `n${serial}`, step: newStep(pick(TYPES), serial) }
    return { type: 'connect', ...at, to: pick([null, ...ids, ...ids]) }
  }
  if (kind < 62) return { type: 'removeStep', id: id(), reconnect: pick([true, false]) }
  if (kind < 72)
    return { type: 'renameStep', id: id(), to: pick([`r${serial}`, 'and', 'true', `s${serial}`]) }
  if (kind < 88) return { type: 'setStep', id: id(), ...pick(SETTINGS) }
  if (kind < 92) return { type: 'replaceStep', id: id(), step: newStep(pick(TYPES), serial) }
  if (kind < 96) return { type: 'setSaga', fields: pick(FIELDS) }
  const inner = [1, 2, 3].map((offset) =>
    commandFor(
      root,
      { kind: (kind * 31 + offset * 17) % 96, picks: picks.map((p) => p + offset) },
      serial * 10 + offset,
    ),
  )
  return { type: 'batch', label: 'several', commands: inner }
}

const TYPES = ['action', 'wait', 'choice', 'end', 'parallel', 'signal', 'map', 'approval'] as const

function newStep(type: (typeof TYPES)[number], serial: number): Step {
  switch (type) {
    case 'action':
      return {
        type,
        title: `New: step #${serial}`,
        participant: 'notification',
        operation: 'send',
        effect: 'retriable',
        input: {
          to: 'input.to',
          data: { list: [1, 'steps.reserve.id', null], empty: {}, none: [] },
        },
      }
    case 'wait':
      return { type, forMs: serial + 1 }
    case 'choice':
      return { type, branches: [{ when: 'input.a = "yes: # no"', next: 'done' }] }
    case 'end':
      return { type, outcome: 'failed', reason: 'line one\nline two\n' }
    case 'parallel':
      return {
        type,
        join: { quorum: 1 },
        branches: {
          one: { start: `w${serial}`, steps: { [`w${serial}`]: { type: 'wait', forMs: 1 } } },
        },
      }
    case 'signal':
      return { type, signal: 'x', onTimeout: { next: 'done' } }
    case 'map':
      return {
        type,
        items: 'input.items',
        concurrency: 2,
        region: {
          start: `m${serial}`,
          steps: { [`m${serial}`]: { type: 'end', outcome: 'completed' } },
        },
      }
    case 'approval':
      return { type, question: "It's {input.a}: ok?", roles: ['admin'], onTimeout: 'ABORT' }
  }
}

const SETTINGS: { path: (string | number)[]; value?: unknown }[] = [
  { path: ['title'], value: 'A title: with # signs' },
  { path: ['title'], value: 'true' },
  { path: ['title'] },
  { path: ['description'], value: 'Several\nlines\n\n  indented\n' },
  { path: ['description'], value: ' leading and trailing ' },
  { path: ['timeoutMs'], value: 500 },
  { path: ['timeoutMs'] },
  { path: ['retry', 'attemptsMax'], value: 7 },
  { path: ['retry', 'delayMs'] },
  { path: ['retry', 'nonRetryable', 0], value: 'OTHER' },
  { path: ['retry', 'nonRetryable', 0] },
  { path: ['retry'], value: { strategy: 'FIXED', delayMs: 5 } },
  { path: ['retry'] },
  { path: ['input'], value: { amount: 'input.budget * 2', other: 'input.x' } },
  { path: ['input'], value: 'input' },
  { path: ['input', 'amount'], value: 'steps.reserve.amount' },
  { path: ['input', 'a key: odd'], value: [{ a: 1 }, [2, []], {}] },
  { path: ['input'] },
  { path: ['compensation'], value: { operation: 'undo', input: { id: 'output.id' } } },
  { path: ['compensation'] },
  { path: ['next'], value: 'done' },
  { path: ['forMs'], value: 99 },
  { path: ['branches', 0, 'when'], value: 'input.rich = true' },
  { path: ['branches', 0], value: { when: 'true', next: 'done' } },
  { path: ['branches', 1], value: { label: 'added', when: 'false', next: 'done' } },
  { path: ['branches', 0] },
  { path: ['roles'], value: ['operator', 'admin'] },
  { path: ['output'], value: {} },
  { path: ['output', 'x'], value: 'steps.reserve' },
  { path: ['join'], value: 'any' },
  { path: ['join'], value: { quorum: 2 } },
]

const FIELDS: Record<string, unknown>[] = [
  { title: 'Another', description: 'Two\nlines' },
  { title: null },
  { retry: { attemptsMax: 9 } },
  { retry: null },
  { input: { type: 'object', properties: { a: { type: 'string', enum: ['x', 'y: z'] } } } },
  { input: null },
  { retentionDays: 30, maxDurationMs: 5000 },
]

interface FoundRegion {
  region: RegionPath
  ids: string[]
}

function regionsOf(root: RawMap): FoundRegion[] {
  const idsOf = (region: unknown) =>
    isRawMap(region) && isRawMap(region.steps) ? Object.keys(region.steps) : []
  const inner = rawSteps(root).flatMap(({ id, step }) =>
    rawRegions(step).map(({ region, path }) => ({
      region: path[0] === 'branches' ? [id, String(path[1])] : [id],
      ids: idsOf(region),
    })),
  )
  return [{ region: [], ids: idsOf(root) }, ...inner]
}
