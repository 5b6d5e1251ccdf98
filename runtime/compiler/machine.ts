/**
 * XState behind one small face. A compiled machine is a pure transition table: an event in, the next
 * configuration and the entry actions out, as data. Nothing is executed, spawned or timed by XState.
 *
 * `machine.transition` with one reused inert scope costs a quarter of the exported `transition()` (XState 5.33.3),
 * which builds a scope and an actor on each call; tests/runtime/compiler/machine.test.ts holds that both agree.
 *
 * A transition depends on the configuration and the event alone, and sagas of one definition make the same ones over and
 * over: each is worked out once and kept. So values and actions that come out are shared, and never to be changed.
 */
import { type AnyStateMachine, createActor, createMachine, type StateValue } from 'xstate'

export type { StateValue }

/** An entry action, as data. */
export interface MachineAction {
  type: string
  params: Record<string, unknown>
}

/** The part of an XState config that compiled sagas use; JSON, so it can be exported and digested. */
export interface MachineConfig {
  id: string
  initial: string
  states: Record<string, StateConfig>
}
export interface StateConfig {
  id?: string
  type?: 'parallel'
  initial?: string
  entry?: MachineAction[]
  on?: Record<string, string>
  states?: Record<string, StateConfig>
}

export interface Moved {
  readonly value: StateValue
  readonly actions: readonly MachineAction[]
  /** False when no transition takes the event in this configuration. */
  readonly changed: boolean
}

type Snapshot = ReturnType<AnyStateMachine['resolveState']>

/** A configuration, and what is known of where it leads. */
interface Place {
  value: StateValue
  snapshot: Snapshot
  moves: Map<string, Moved>
}

export interface MachineOptions {
  /**
   * Configurations kept, each with the moves made from it; beyond that the one used least lately is forgotten, and worked
   * out again. Default 2,000: a few megabytes for a drawing of usual size.
   */
  placesMax?: number
}

const PLACES_MAX = 2_000

export class SagaMachine {
  readonly config: MachineConfig
  readonly logic: AnyStateMachine
  readonly #scope: Parameters<AnyStateMachine['transition']>[2]
  #actions: MachineAction[] = []
  #initial: Moved | undefined
  readonly #placesMax: number
  /** The one used least lately first. */
  readonly #places = new Map<string, Place>()
  /** The same, found without writing the value as text. */
  readonly #byValue = new WeakMap<object, Place>()

  constructor(config: MachineConfig, { placesMax = PLACES_MAX }: MachineOptions = {}) {
    this.config = config
    this.#placesMax = placesMax
    // Our config type is a subset of XState's; its own type wants literals of each state's name.
    this.logic = createMachine(config as Parameters<typeof createMachine>[0])
    const self = createActor(this.logic)
    this.#scope = {
      self,
      system: self.system,
      id: '',
      sessionId: '',
      logger: () => {},
      defer: () => {},
      stopChild: () => {},
      emit: () => {},
      actionExecutor: (action: { type: string; params?: unknown }) => {
        this.#actions.push({
          type: action.type,
          params: (action.params ?? {}) as Record<string, unknown>,
        })
      },
    } as unknown as Parameters<AnyStateMachine['transition']>[2]
  }

  initial(): Moved {
    if (!this.#initial) {
      this.#actions = []
      const snapshot = this.logic.getInitialSnapshot(this.#scope, undefined)
      this.#initial = this.#moved(snapshot, true)
    }
    return this.#initial
  }

  next(value: StateValue, event: string): Moved {
    const place = this.#placeOf(value)
    const known = place.moves.get(event)
    if (known) return known
    this.#actions = []
    const after = this.logic.transition(place.snapshot, { type: event }, this.#scope)
    const moved = this.#moved(after, after !== place.snapshot)
    place.moves.set(event, moved)
    return moved
  }

  #moved(snapshot: Snapshot, changed: boolean): Moved {
    const { value } = this.#placeOf(snapshot.value as StateValue, snapshot)
    return { value, actions: this.#actions, changed }
  }

  #placeOf(value: StateValue, snapshot?: Snapshot): Place {
    const known = typeof value === 'object' ? this.#byValue.get(value) : undefined
    if (known) return known
    const key = JSON.stringify(value)
    let place = this.#places.get(key)
    if (!place) {
      place = {
        value,
        snapshot: snapshot ?? this.logic.resolveState({ value, context: {} }),
        moves: new Map(),
      }
      const [oldest] = this.#places.keys()
      if (oldest !== undefined && this.#places.size >= this.#placesMax) this.#places.delete(oldest)
    } else this.#places.delete(key)
    this.#places.set(key, place)
    if (typeof value === 'object') this.#byValue.set(value, place)
    return place
  }
}
