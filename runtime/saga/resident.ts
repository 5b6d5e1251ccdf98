/**
 * An entity in memory: a cache of its journal, and the messages that wait for its next turn. Plain data; the engine and
 * what belongs to it (take-turn.ts, inbox.ts, group-commit.ts) change it.
 *
 * 1. It can be dropped whenever nothing of it is under way: everything here but the queue is read back from the store,
 *    and of the queue what has a position is still in the mailbox.
 * 2. `seq < 0` means that nothing is known of it yet: it is loaded before its next turn.
 */
import type { CompiledSaga } from '../compiler/compile'
import type { Message, Verdict } from '../journal/entry'
import type { Envelope } from '../journal/store'
import type { PlainStatement } from '../participant/statement'
import { GENESIS } from '../security/chain'
import type { SagaState } from './state'

export interface Item {
  message: Message
  /** Set when it came from the mailbox and must be acknowledged. */
  position?: bigint
  id?: string
  /** A start that knows what it runs (resolve-start.ts), or why it cannot. */
  resolved?: true
  /** A start whose definition cannot be had, and what is posted with its refusal. */
  refusal?: Extract<Verdict, { accepted: false }>
  posts?: Envelope[]
  /** The effect that a call's result brings with it: written by the commit that takes the result, or not at all. */
  statements?: PlainStatement[]
  /** Set when somebody in this process waits for it to be stored. */
  settle?: (verdict: Verdict) => void
  /** Since when it waits, on the monotonic clock. */
  since: number
}

/** What is read back from the store. */
interface Stored {
  state: SagaState | null
  seq: number
  hash: string
  snapshotSeq: number
  /** Characters of the newest snapshot, and of the entries after it. */
  snapshotSize: number
  entriesSize: number
  /** Steps that run, wait or are being undone. */
  open: Set<string>
  /** As stored last. */
  active: boolean
}

export interface Resident extends Stored {
  id: string
  saga: CompiledSaga | null
  queue: Item[]
  busy: boolean
  /** Was in a commit that the store refused: its next one is its own. */
  alone: boolean
  /** Commits in a row that lost a race, or failed without a word why. */
  conflicts: number
  /** Left alone for now (stuck.ts). */
  stuck: boolean
}

export function emptyResident(id: string): Resident {
  return {
    id,
    saga: null,
    ...unknownState(),
    queue: [],
    busy: false,
    alone: false,
    conflicts: 0,
    stuck: false,
  }
}

/** Before it has been read. */
export function unknownState(): Stored {
  return {
    state: null,
    seq: -1,
    hash: GENESIS,
    snapshotSeq: 0,
    snapshotSize: 0,
    entriesSize: 0,
    open: new Set<string>(),
    active: false,
  }
}

/** May end a saga whatever else waits for it. */
const ENDING: ReadonlySet<Message['type']> = new Set(['cancel', 'rollBack', 'unwind'])

export const isEnding = ({ type }: Message) => ENDING.has(type)

/** Orders that may end it come before mail that cannot be decided. Not before its start: without that there is no saga. */
export function putOrdersFirst(resident: Resident): void {
  const { queue, state } = resident
  if (state === null || !queue.some(({ message }) => isEnding(message))) return
  const orders = queue.filter(({ message }) => isEnding(message))
  resident.queue = [...orders, ...queue.filter(({ message }) => !isEnding(message))]
}

/** Nothing can happen to it any more unless somebody asks for it: it need not be kept. */
export function isDone({ state, stuck }: Resident): boolean {
  if (stuck) return false
  return !state || ['COMPLETED', 'ROLLED_BACK', 'FAILED'].includes(state.status)
}
