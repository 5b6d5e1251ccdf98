/**
 * What every journal must look like, read with nothing but the document in hand:
 *
 * 1. It has no gaps, its hashes chain, and replaying it gives the same facts and the stored snapshot.
 * 2. A timer fires once for each time it was set, not before it is due, and never after it was cancelled.
 * 3. A gate opens only by CONTINUE, decided on what was current.
 * 4. Attempts count on by one, all under one key.
 * 5. A compensation starts when every attempt of its step has settled, and when what the drawing puts after it is undone, or
 *    given up by a strategy that goes on with the others.
 */
import type { CompiledSaga } from '@/runtime/compiler/compile'
import type { Entry, Fact } from '@/runtime/journal/entry'
import type { StoredEntity } from '@/runtime/journal/store'
import type { SagaState } from '@/runtime/saga/state'
import { chainHash, GENESIS } from '@/runtime/security/chain'
import { canonicalJson } from '@/runtime/security/digest'
import { reachOf } from '../support/reach'
import type { Case, Judged } from './judge'

export function judgeJournal(
  { world, rules, witness, documentOf }: Case,
  id: string,
  { entity, entries }: { entity?: StoredEntity; entries: Entry[] },
): Judged | null {
  const wrong = (code: string, text: string) => world.violate(code, `${id}: ${text}`)
  const first = entries[0]
  if (!entity || first?.message.type !== 'start') {
    wrong('JOURNAL_GAP', 'the journal does not begin with a start')
    return null
  }
  const saga = rules.compileSaga(documentOf(first.message.definition.name))
  const region = first.message.region === undefined ? saga : saga.region(first.message.region)
  const book = new Book(region, wrong)
  let state: SagaState | null = null
  let hash = GENESIS
  for (const [n, entry] of entries.entries()) {
    if (entry.seq !== n + 1 || entry.entityId !== id)
      wrong('JOURNAL_GAP', `entry ${entry.seq} stands at place ${n + 1}`)
    const { seq, at, message, facts } = entry
    const decided = rules.decide(saga, state, message, { entityId: id, at, seq })
    if (!decided.accepted || !decided.changed) {
      wrong('REPLAY_DIFFERS', `entry ${seq} (${message.type}) is not accepted again`)
      return null
    }
    if (!same(decided.facts, facts))
      wrong('REPLAY_DIFFERS', `entry ${seq} (${message.type}) has other facts now`)
    state = decided.state
    for (const command of decided.commands)
      if (command.c === 'send' && !witness.mail.has(command.id))
        wrong('MAIL_LOST', `entry ${seq} sends ${command.id}, which nobody posted`)
    hash = chainHash(hash, {
      entityId: id,
      seq,
      at,
      message: JSON.stringify(message),
      facts: JSON.stringify(facts),
    })
    if (entity.snapshot?.seq === seq)
      if (!same(entity.snapshot.data, state))
        wrong('SNAPSHOT_DIFFERS', `the snapshot of entry ${seq} is not what its entries give`)
    book.take(entry)
  }
  if (hash !== entity.hash) wrong('CHAIN_BROKEN', 'the stored hash is not that of the entries')
  return state && { id, entity, entries, state }
}

/** As JSON, whatever the order of keys; mostly it is the same one. */
function same(one: unknown, other: unknown): boolean {
  return (
    JSON.stringify(one) === JSON.stringify(other) || canonicalJson(one) === canonicalJson(other)
  )
}

/** Facts that leave what a decision would do as it was. */
const STILL = ['signal.kept', 'deferred', 'timer.set', 'timer.cancelled', 'gate.opened']

interface StepBook {
  attempts: number
  settled: number
  key: string | undefined
  /** An effect may exist. */
  maybe: boolean
  undone: boolean
  /** Its compensation is exhausted, and the strategy is to go on with the others. */
  givenUp: boolean
  children: Map<string, string | null>
}

class Book {
  readonly #region: Pick<CompiledSaga, 'steps' | 'predecessors'>
  /** Steps from which control flow can reach a step. */
  readonly #before: (step: string) => ReadonlySet<string>
  readonly #wrong: (code: string, text: string) => void
  readonly #timers = new Map<string, number>()
  readonly #steps = new Map<string, StepBook>()
  #movedSeq = 0

  constructor(
    region: Pick<CompiledSaga, 'steps' | 'predecessors'>,
    wrong: (code: string, text: string) => void,
  ) {
    this.#region = region
    this.#before = reachOf(region)
    this.#wrong = wrong
  }

  take(entry: Entry): void {
    const { message, at, seq } = entry
    if (message.type === 'timer') {
      const due = this.#timers.get(message.timer)
      if (due === undefined)
        this.#wrong('TIMER_TWICE', `timer ${message.timer} fired in entry ${seq} without being set`)
      else if (at < due)
        this.#wrong(
          'TIMER_EARLY',
          `timer ${message.timer} fired ${due - at} ms early (entry ${seq})`,
        )
      this.#timers.delete(message.timer)
    }
    for (const fact of entry.facts) this.#fact(entry, fact)
    if (message.type === 'decide' && message.seenSeq < this.#movedSeq)
      this.#wrong(
        'STALE_DECISION',
        `entry ${seq} decides on ${message.seenSeq}; it had moved on to ${this.#movedSeq}`,
      )
    if (entry.facts.some((fact) => !STILL.includes(fact.t))) this.#movedSeq = seq
  }

  #fact(entry: Entry, fact: Fact): void {
    switch (fact.t) {
      case 'timer.set':
        this.#timers.set(fact.timer, fact.dueAt)
        break
      case 'timer.cancelled':
        this.#timers.delete(fact.timer)
        break
      case 'step.started':
        this.#started(entry, fact)
        break
      case 'step.succeeded':
        this.#opened(entry, fact.step)
        this.#settled(fact.step, true)
        break
      case 'step.failed':
        this.#settled(fact.step, fact.error.kind === 'unknown' || isInDoubt(entry))
        break
      case 'child.started':
        this.#step(fact.step).children.set(fact.sagaId, null)
        break
      case 'child.ended':
        this.#step(fact.step).children.set(fact.sagaId, fact.status)
        break
      case 'compensation.started':
        if (fact.attempt === 1) this.#undoes(entry, fact.step)
        break
      case 'compensation.exhausted':
        this.#step(fact.step).givenUp = ['AUTOMATIC_ROLLBACK', 'EVENTUAL_CONSISTENCY'].includes(
          fact.strategy,
        )
        break
      case 'compensation.succeeded':
      case 'compensation.resolved':
        this.#step(fact.step).undone = true
        break
    }
  }

  #started({ seq }: Entry, fact: Extract<Fact, { t: 'step.started' }>): void {
    if (fact.key === undefined) return
    const step = this.#step(fact.step)
    if (fact.attempt !== step.attempts + 1)
      this.#wrong('ATTEMPTS', `${fact.step} has attempt ${fact.attempt} after ${step.attempts}`)
    if (step.attempts > 0 && fact.key !== step.key)
      this.#wrong('KEY_CHANGED', `${fact.step} went from ${step.key} to ${fact.key} (entry ${seq})`)
    if (step.undone)
      this.#wrong('CALLED_AFTER_UNDO', `${fact.step} is called after its compensation`)
    step.attempts = fact.attempt
    step.key = fact.key
  }

  #settled(id: string, maybe: boolean): void {
    const step = this.#step(id)
    step.settled++
    step.maybe = step.maybe || maybe
  }

  #opened({ message, seq }: Entry, id: string): void {
    if (this.#region.steps.get(id)?.type !== 'approval') return
    const isDecided =
      message.type === 'decide' && message.step === id && message.decision === 'CONTINUE'
    if (!isDecided)
      this.#wrong('GATE_OPENED', `gate ${id} opened by ${message.type} in entry ${seq}`)
  }

  #undoes({ seq }: Entry, id: string): void {
    const step = this.#step(id)
    if (step.settled < step.attempts)
      this.#wrong('OVERTOOK_FORWARD', `${id} is compensated while it runs (entry ${seq})`)
    for (const [later, record] of this.#steps) {
      if (later === id || record.givenUp || !this.#before(later).has(id)) continue
      const drawn = this.#region.steps.get(later)
      const stands =
        drawn?.type === 'action'
          ? record.settled < record.attempts ||
            (record.maybe && !record.undone && drawn.compensation !== undefined)
          : [...record.children.values()].some((end) => end !== 'ROLLED_BACK' && end !== 'FAILED')
      if (stands) this.#wrong('UNDO_ORDER', `${id} is compensated before ${later} (entry ${seq})`)
    }
  }

  #step(id: string): StepBook {
    let step = this.#steps.get(id)
    if (!step) {
      step = {
        attempts: 0,
        settled: 0,
        key: undefined,
        maybe: false,
        undone: false,
        givenUp: false,
        children: new Map(),
      }
      this.#steps.set(id, step)
    }
    return step
  }
}

function isInDoubt({ message }: Entry): boolean {
  return (
    message.type === 'result' &&
    'ok' in message.outcome &&
    !message.outcome.ok &&
    message.outcome.maybe === true
  )
}
