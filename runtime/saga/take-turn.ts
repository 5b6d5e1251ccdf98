/**
 * One turn of one entity: the messages at the head of its queue, decided one after the other, and the commit that makes
 * them durable. Nothing is written and nothing performed here, and the queue keeps the messages until they are stored.
 *
 * 1. A message that changes nothing costs no entry; from the mailbox it is acknowledged all the same.
 * 2. A timer armed for an earlier setting than the stored one is not due yet: it comes back in `early`, to be armed anew.
 * 3. What no store can hold is found here, before it is in a commit with others.
 * 4. `resident.open` is brought up to date while deciding. A commit that fails forgets it with the rest.
 */

import { checkInstants } from '../journal/commit-rules'
import type { Command, Entry, Verdict } from '../journal/entry'
import type { CommitStatement, EntityCommit, Envelope } from '../journal/store'
import { chainHash } from '../security/chain'
import { decide } from './decide'
import type { Item, Resident } from './resident'
import { refusedChild } from './resolve-start'
import type { SagaState } from './state'
import { isActive, isOpen, nothing, toCommit } from './to-commit'

export interface TurnOptions {
  now(): number
  /** Messages of one entity in one commit. */
  turnMax: number
  /** A snapshot is written at least every so many entries. */
  snapshotEvery: number
}

/** A turn to be stored. */
export interface Work {
  resident: Resident
  items: Item[]
  /** One per item. */
  verdicts: Verdict[]
  commit: EntityCommit
  state: SagaState | null
  commands: Command[]
  entriesSize: number
}

export interface Turn {
  items: Item[]
  /** One per item. */
  verdicts: Verdict[]
  /** Null when there is nothing to be stored: then the items are done. */
  work: Work | null
  early: { timer: string; dueAt: number }[]
}

const ACCEPTED: Verdict = { accepted: true }

/** Throws when the saga cannot be decided, or its decision not be stored: a bug of ours, or of the definition's version. */
export function takeTurn(resident: Resident, options: TurnOptions): Turn {
  const items = headOf(resident, options.turnMax)
  const { id: entityId, open, saga } = resident
  let entries: Entry[] = []
  let hashes: string[] = []
  let texts: NonNullable<EntityCommit['texts']> = []
  let commands: Command[] = []
  const acks: EntityCommit['acks'] = []
  const statements: CommitStatement[] = []
  const posts: Envelope[] = []
  const orphans: string[] = []
  let verdicts: Verdict[] = []
  const early: Turn['early'] = []
  let { state, seq, hash, entriesSize } = resident
  for (const item of items) {
    const { message } = item
    const at = options.now()
    let verdict: Verdict = ACCEPTED
    const dueAt = message.type === 'timer' ? state?.timers[message.timer] : undefined
    if (message.type === 'timer' && dueAt !== undefined && dueAt > at) {
      early.push({ timer: message.timer, dueAt })
      verdicts = append(verdicts, verdict)
      continue
    }
    const decided =
      item.refusal ??
      (saga
        ? decide(saga, state, message, { entityId, at, seq: seq + 1, owned: true })
        : unknown(entityId))
    if (!decided.accepted) {
      verdict = { accepted: false, code: decided.code, reason: decided.reason }
      const report =
        message.type === 'start' && !item.posts
          ? refusedChild(entityId, message, 'CHILD_REFUSED', decided.reason)
          : null
      if (report) posts.push(report)
      if (item.posts) posts.push(...item.posts)
    } else if (decided.changed) {
      seq++
      state = decided.state
      const { facts } = decided
      for (const step of decided.touched)
        if (isOpen(state.steps[step])) open.add(step)
        else open.delete(step)
      const text = { message: JSON.stringify(message), facts: JSON.stringify(facts) }
      hash = chainHash(hash, { entityId, seq, at, ...text })
      entriesSize += text.message.length + text.facts.length
      entries = append(entries, { entityId, seq, at, message, facts })
      texts = append(texts, text)
      hashes = append(hashes, hash)
      commands = commands.length === 0 ? decided.commands : commands.concat(decided.commands)
      if (item.statements && message.type === 'result')
        for (const one of item.statements) statements.push({ ...one, call: message.call })
    } else if (message.type === 'timer') orphans.push(message.timer)
    verdicts = append(verdicts, verdict)
    if (item.position !== undefined) acks.push({ position: item.position, verdict })
  }
  if (entries.length === 0 && acks.length === 0 && orphans.length === 0)
    return { items, verdicts, work: null, early }
  const parts =
    saga && state && entries.length > 0 ? toCommit(saga, state, entries, commands, open) : nothing()
  if (posts.length > 0) parts.posts = [...parts.posts, ...posts]
  if (orphans.length > 0)
    parts.timersCancelled = [
      ...parts.timersCancelled,
      ...orphans.filter((timer) => !parts.timersSet.some((set) => set.timer === timer)),
    ]
  const active = state !== null && isActive(state)
  const { current, gatesOpened, gatesClosed, decisions, timersSet, timersCancelled } = parts
  // Written out: of a spread V8 makes an object of a shape of its own, which is slow to make and to read.
  const commit: EntityCommit = {
    entityId,
    kind: 'saga',
    digest: saga?.digest ?? '',
    fromSeq: resident.seq,
    entries,
    hashes,
    texts,
    active: active === resident.active && resident.seq > 0 ? null : active,
    current,
    gatesOpened,
    gatesClosed,
    decisions,
    timersSet,
    timersCancelled,
    posts: parts.posts,
    acks,
  }
  if (parts.saga) commit.saga = parts.saga
  if (statements.length > 0) commit.statements = statements
  checkInstants(commit)
  if (state && isSnapshotDue(resident, seq, entriesSize, options.snapshotEvery))
    commit.snapshot = { seq, data: state, text: JSON.stringify(state) }
  const work = { resident, items, verdicts, commit, state, commands, entriesSize }
  return { items, verdicts, work, early }
}

/** Nearly every turn has one message and one entry, and V8 makes room for 17 at an array's first `push`. */
function append<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item]
  list.push(item)
  return list
}

/**
 * What one turn takes. Before the saga exists it ends before a second start, for that may be of another definition, should
 * the first be refused; and before one that came while this turn was prepared, and does not know yet what it runs.
 */
function headOf({ queue, state }: Resident, turnMax: number): Item[] {
  const items = queue.slice(0, turnMax)
  if (state !== null) return items
  let starts = 0
  const end = items.findIndex(
    ({ message, resolved }) => message.type === 'start' && (!resolved || ++starts > 1),
  )
  return end < 0 ? items : items.slice(0, end)
}

function unknown(sagaId: string) {
  return { accepted: false, code: 'NOT_FOUND', reason: `There is no saga ${sagaId}` } as const
}

/**
 * Not before the entries since the last one weigh as much as that did: so snapshots cost a constant part of what entries
 * cost, however large the state has grown, and a load reads at most about twice the state.
 */
function isSnapshotDue(resident: Resident, seq: number, size: number, every: number): boolean {
  return seq - resident.snapshotSeq >= every && size >= resident.snapshotSize
}
