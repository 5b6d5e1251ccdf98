/**
 * The sagas that simulations run: generated from a number, so that a seed names them. Every type of step that the runtime
 * runs is among them, nested to three levels, with short timeouts so that the faults find something under way.
 *
 * Document n is made once per process; compiling one costs more than running it.
 */
import { digestDocument } from '@/runtime/compiler/compile'
import type { DefinitionStore } from '@/runtime/definition/definition-store'
import type { SagaDocument } from '@/runtime/definition/schema'
import { saga } from '../support/dry-run'
import { region, type Shape } from '../support/scenarios'
import { Random } from './random'

type Join = Extract<Shape, { t: 'par' }>['join']

const DOCUMENTS = 200
/** Wanted are kinds that are not rare: a hundredth of the documents would be missed once in 10^43 times. */
const DRAWS_MAX = 10_000

/** A root saga and the one that its `saga` steps run. */
export interface Family {
  root: SagaDocument
  child: SagaDocument
}

const families = new Map<number, Family>()

/** The family with that number, from 0 to DOCUMENTS - 1. */
function family(n: number): Family {
  let known = families.get(n)
  if (!known) {
    known = makeFamily(n)
    families.set(n, known)
  }
  return known
}

/** One of those whose root saga is as wanted. */
export function drawFamily(random: Random, isWanted: (root: SagaDocument) => boolean): Family {
  for (let draws = 0; draws < DRAWS_MAX; draws++) {
    const drawn = family(random.int(0, DOCUMENTS - 1))
    if (isWanted(drawn.root)) return drawn
  }
  throw new Error(`None of ${DRAWS_MAX} documents drawn is as wanted: too few are generated`)
}

const digests = new WeakMap<SagaDocument, string>()

function digestOf(document: SagaDocument): string {
  let digest = digests.get(document)
  if (digest === undefined) {
    digest = digestDocument(document)
    digests.set(document, digest)
  }
  return digest
}

/** These documents, each published once. Digests are worked out once per process: it costs more than to run a saga. */
export function published(documents: Iterable<SagaDocument>): DefinitionStore {
  const found = [...documents].map((document) => {
    const digest = digestOf(document)
    return { document, ref: { name: document.name, version: 1, digest } }
  })
  return {
    publish: async ({ digest }) => ({ version: 1, digest, unchanged: true }),
    find: async (name) => found.find(({ ref }) => ref.name === name),
    byDigest: async (digest) => found.find(({ ref }) => ref.digest === digest),
  }
}

function makeFamily(n: number): Family {
  const random = new Random(`family ${n}`)
  const child = `sim-${n}-child`
  return {
    root: document(random.fork('root'), `sim-${n}`, child),
    child: document(random.fork('child'), child, null),
  }
}

function document(random: Random, name: string, child: string | null): SagaDocument {
  const pivot = random.chance(0.35)
  const tail = {
    type: 'action',
    participant: 'svc',
    operation: 'tail',
    effect: 'retriable',
    ...action(random),
  }
  const shapes = Array.from({ length: random.int(1, child ? 4 : 2) }, () => shape(random, child, 2))
  return saga({
    name,
    compensationOrder: random.pick(['dependency', 'reverse']),
    onCompensationExhausted: random.pick([
      'AUTOMATIC_ROLLBACK',
      'MANUAL_COMPENSATION',
      'EVENTUAL_CONSISTENCY',
      'CHAIRMAN_INTERVENTION',
      'QUARANTINE_SAGA',
    ]),
    ...(random.chance(0.15) ? { maxDurationMs: random.int(5_000, 30_000) } : {}),
    ...region(shapes, { n: 0 }, pivot ? tail : null, (id) =>
      id.startsWith('t') ? action(random) : compensatable(random, id),
    ),
  })
}

/** What every action has besides its operation: little patience. */
function action(random: Random): Record<string, unknown> {
  return {
    timeoutMs: random.int(400, 2_500),
    retry: {
      attemptsMax: random.pick([1, 2, 4, 10]),
      delayMs: random.int(20, 900),
      delayMaxMs: 2_000,
      strategy: random.pick(['FIXED', 'LINEAR', 'EXPONENTIAL']),
    },
  }
}

/** Few attempts to undo now and then, so that running out of them is seen. */
function compensatable(random: Random, id: string): Record<string, unknown> {
  const retry = { attemptsMax: random.pick([1, 3, 50]), delayMs: 100, delayMaxMs: 1_500 }
  if (random.chance(0.2))
    return {
      ...action(random),
      participant: 'bank',
      operation: 'pay',
      compensation: { operation: 'refund', retry },
    }
  return { ...action(random), compensation: { operation: `undo_${id}`, retry } }
}

function shape(random: Random, child: string | null, depth: number): Shape {
  const inner = (max: number) =>
    Array.from({ length: random.int(1, max) }, () => shape(random, child, depth - 1))
  const roll = random.next()
  if (depth > 0) {
    if (roll < 0.14) {
      const branches = Array.from({ length: random.int(2, 3) }, () => inner(2))
      const join = random.pick<Join>(['all', 'any', { quorum: 2 }])
      return { t: 'par', join, branches }
    }
    if (roll < 0.24) return { t: 'map', items: random.int(0, 3), body: inner(2) }
  }
  if (roll < 0.3) return { t: 'if', yes: random.chance(0.5) }
  if (roll < 0.38) {
    const forMs = random.int(100, 8_000)
    return { t: 'step', step: () => ({ type: 'wait', forMs }) }
  }
  if (roll < 0.46) return signal(random)
  if (roll < 0.55) return gate(random)
  if (roll < 0.65 && child) return { t: 'step', step: () => ({ type: 'saga', saga: child }) }
  return { t: 'act' }
}

function signal(random: Random): Shape {
  const name = `go-${random.int(1, 2)}`
  const timeoutMs = random.chance(0.4) ? random.int(1_000, 10_000) : undefined
  const goesOn = random.chance(0.5)
  return {
    t: 'step',
    step: (next) => ({
      type: 'signal',
      signal: name,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(timeoutMs !== undefined && goesOn && next ? { onTimeout: { next } } : {}),
    }),
  }
}

function gate(random: Random): Shape {
  const timeoutMs = random.chance(0.4) ? random.int(2_000, 12_000) : undefined
  const onTimeout = random.pick(['PAUSE', 'ABORT'])
  return {
    t: 'step',
    step: () => ({
      type: 'approval',
      question: 'Go on?',
      ...(timeoutMs === undefined ? {} : { timeoutMs, onTimeout }),
    }),
  }
}
