/** A bug that is planted on purpose, and where. */
import type { SimulatedStore } from './simulated-store'

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
  Store?: typeof SimulatedStore
  /** Where looking begins, for one that shows itself seldom; default 1. */
  seed?: number
}

/** Something is never done. */
export const STUCK = ['NOT_ENDED', 'MAIL_LOST', 'NOT_STARTED', 'START_LOST'] as const
