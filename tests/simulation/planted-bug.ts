/** A bug that is planted on purpose, and where. */
import type { SagaDocument, StepType } from '@/runtime/definition/schema'
import type { SimulatedStore } from './simulated-store'
import { HEALTHY_BANK, HEALTHY_SERVICE, NO_FAULTS, type Swarm } from './swarm'

export interface Patch {
  /** Below runtime/. */
  file: string
  /** Found there exactly once. */
  from: string
  to: string
}

export interface PlantedBug {
  name: string
  /** What is wrong with it, in a sentence. */
  wrong: string
  /** The invariants that it breaks; one of them has to be the first that is reported. */
  breaks: readonly string[]
  patches?: readonly Patch[]
  /** In place of the simulated store: with a bug of its own, or such that the bug shows. */
  Store?: typeof SimulatedStore
  /**
   * The world in which it shows itself, where that is not as the seed draws it: for one that is seldom among all faults mixed.
   * At least one seed in ten has to find it, so that no change to what happens when can hide it from all that are tried.
   */
  swarm?: Partial<Swarm>
}

/** Something is never done. */
export const STUCK = ['NOT_ENDED', 'MAIL_LOST', 'NOT_STARTED', 'START_LOST'] as const

/** Nothing goes wrong. A bug's world begins here, and adds the few faults that the bug needs. */
export const CALM = {
  skewMs: 0,
  store: { ...NO_FAULTS, hidden: 0, hiddenMs: 0 },
  definitions: NO_FAULTS,
  service: HEALTHY_SERVICE,
  bank: HEALTHY_BANK,
  kills: 0,
  pauses: 0,
  stops: 0,
  joins: 0,
  leaves: 0,
  partitions: 0,
  restarts: 0,
  meddling: 0,
} satisfies Partial<Swarm>

/** Root sagas with a step of that type. */
export const having =
  (type: StepType) =>
  ({ steps }: SagaDocument): boolean =>
    Object.values(steps).some((step) => step.type === type)
