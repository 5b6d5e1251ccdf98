/**
 * XState behind one small face. A compiled machine is a pure transition table: an event in, the next
 * configuration and the entry actions out, as data. Nothing is executed, spawned or timed by XState.
 *
 * `machine.transition` with one reused inert scope costs a quarter of the exported `transition()` (XState 5.33.3),
 * which builds a scope and an actor on each call; tests/runtime/compiler/machine.test.ts holds that both agree.
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
  value: StateValue
  actions: MachineAction[]
  /** False when no transition takes the event in this configuration. */
  changed: boolean
}

export class SagaMachine {
  readonly config: MachineConfig
  readonly logic: AnyStateMachine
  readonly #scope: Parameters<AnyStateMachine['transition']>[2]
  #actions: MachineAction[] = []
  /** The last snapshot made here: most sagas are asked about it again next. */
  #snapshots = new WeakMap<object, ReturnType<AnyStateMachine['resolveState']>>()

  constructor(config: MachineConfig) {
    this.config = config
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
    this.#actions = []
    const snapshot = this.logic.getInitialSnapshot(this.#scope, undefined)
    return this.#moved(snapshot, true)
  }

  next(value: StateValue, event: string): Moved {
    const before =
      (typeof value === 'object' ? this.#snapshots.get(value) : undefined) ??
      this.logic.resolveState({ value, context: {} })
    this.#actions = []
    const after = this.logic.transition(before, { type: event }, this.#scope)
    return this.#moved(after, after !== before)
  }

  #moved(snapshot: ReturnType<AnyStateMachine['resolveState']>, changed: boolean): Moved {
    const value = snapshot.value as StateValue
    if (typeof value === 'object') this.#snapshots.set(value, snapshot)
    return { value, actions: this.#actions, changed }
  }
}
