/**
 * What a seed switches on. Swarm testing (Groce et al., ISSTA 2012): a run with few faults at great strength finds what a
 * run with all of them at medium strength hides, so each seed draws which there are and how strong.
 */
import type { SagaDocument } from '@/runtime/definition/schema'
import type { Random } from './random'

/** What may happen to a request and its reply; rates are probabilities per request. */
export interface LinkFaults {
  /** A usual one-way time, milliseconds. */
  latencyMs: number
  /** How often a request or reply takes up to `slowMs` instead. */
  slow: number
  slowMs: number
  /** Nothing was sent: the caller knows that nothing happened. */
  refused: number
  /** The connection is lost before the request was carried out, and after. The caller cannot tell which. */
  lostBefore: number
  lostAfter: number
  /** The caller hears that the connection is lost, and only then the request is carried out. */
  lostDuring: number
}

export interface ServiceFaults extends LinkFaults {
  /** The request reaches the service a second time, later; the second answer counts. */
  twice: number
  /** No reply and no error: the caller waits for its deadline. */
  silent: number
  terminal: number
  retryable: number
  /** It fails unexpectedly; its transaction is rolled back. */
  crash: number
  /** It answers 202 and calls back later. */
  later: number
  workMs: number
}

/** A service in the workers' own process, with transactional steps (bank.ts). */
export interface BankFaults {
  terminal: number
  retryable: number
  /** It throws something unexpected. */
  crash: number
  /** The database refuses its statement: for good, or as long as somebody else holds a lock. */
  refusedForGood: number
  refusedForNow: number
  workMs: number
}

export interface Swarm {
  workers: number
  /** They keep their names over restarts; else each process has a new one. */
  named: boolean
  /** A worker that lost its lease joins again under another name; else its process ends. */
  rejoins: boolean
  leaseMs: number
  drainMs: number
  stopMs: number
  /** How often a wake-up is lost; null: there are none. */
  deaf: number | null
  /** Timers fire up to this much early, as real ones do. */
  earlyMs: number
  /** Clocks of different workers differ by up to this much, and are set now and then. */
  skewMs: number
  pollMs: number
  snapshotEvery: number
  residentMax: number
  batchMax: number
  callsMax: number
  sagas: number
  /** The root sagas are of documents like this (documents.ts); drawn, they are of any. */
  isWanted: (root: SagaDocument) => boolean
  /** Faults happen for so long; then they stop, and everything has to come to an end. */
  chaosMs: number
  store: LinkFaults & { hidden: number; hiddenMs: number }
  definitions: LinkFaults
  service: ServiceFaults
  bank: BankFaults
  /** How many of each happen to any worker, or to the database. */
  kills: number
  pauses: number
  stops: number
  /** Workers that join later, and such that leave, perhaps to come back. */
  joins: number
  leaves: number
  partitions: number
  restarts: number
  /** Operators' messages per saga, on average. */
  meddling: number
}

export const NO_FAULTS: LinkFaults = {
  latencyMs: 1,
  slow: 0,
  slowMs: 0,
  refused: 0,
  lostBefore: 0,
  lostAfter: 0,
  lostDuring: 0,
}

export const HEALTHY_SERVICE: ServiceFaults = {
  ...NO_FAULTS,
  twice: 0,
  silent: 0,
  terminal: 0,
  retryable: 0,
  crash: 0,
  later: 0,
  workMs: 10,
}

export const HEALTHY_BANK: BankFaults = {
  terminal: 0,
  retryable: 0,
  crash: 0,
  refusedForGood: 0,
  refusedForNow: 0,
  workMs: 5,
}

export function drawSwarm(random: Random): Swarm {
  const on = (probability: number, most: number) =>
    random.chance(probability) ? random.between(0, most) : 0
  const some = (probability: number, most: number) =>
    random.chance(probability) ? random.int(1, most) : 0
  const link = (most: number): LinkFaults => ({
    latencyMs: random.pick([1, 3, 20, 150]),
    slow: on(0.35, 4 * most),
    slowMs: random.pick([100, 1_500, 9_000]),
    refused: on(0.3, most),
    lostBefore: on(0.3, most),
    lostAfter: on(0.4, most),
    lostDuring: on(0.25, most),
  })
  return {
    workers: random.int(1, 4),
    named: random.chance(0.4),
    rejoins: random.chance(0.5),
    leaseMs: random.pick([1_500, 3_000, 6_000]),
    drainMs: random.pick([0, 100, 1_000]),
    stopMs: random.pick([0, 500]),
    deaf: random.pick([null, 0, 0.5]),
    earlyMs: random.pick([0, 1]),
    skewMs: on(0.25, 2_000),
    pollMs: random.pick([250, 1_000]),
    snapshotEvery: random.pick([1, 3, 20]),
    residentMax: random.pick([1, 3, 100]),
    batchMax: random.pick([1, 4, 500]),
    callsMax: random.pick([1, 3, 1_000]),
    sagas: random.int(1, 8),
    isWanted: () => true,
    chaosMs: random.int(4_000, 25_000),
    store: { ...link(0.12), hidden: on(0.3, 0.5), hiddenMs: random.pick([50, 1_500]) },
    definitions: link(0.25),
    service: {
      ...link(0.15),
      twice: on(0.3, 0.3),
      silent: on(0.3, 0.1),
      terminal: on(0.5, 0.12),
      retryable: on(0.4, 0.45),
      crash: on(0.3, 0.2),
      later: on(0.3, 0.4),
      workMs: random.pick([5, 60, 400]),
    },
    bank: {
      terminal: on(0.4, 0.1),
      retryable: on(0.4, 0.4),
      crash: on(0.3, 0.2),
      refusedForGood: on(0.3, 0.1),
      refusedForNow: on(0.3, 0.3),
      workMs: random.pick([1, 60, 400]),
    },
    kills: some(0.6, 6),
    pauses: some(0.5, 4),
    stops: some(0.3, 2),
    joins: some(0.4, 2),
    leaves: some(0.4, 3),
    partitions: some(0.25, 2),
    restarts: some(0.35, 3),
    meddling: random.chance(0.6) ? random.between(0, 4) : 0,
  }
}
