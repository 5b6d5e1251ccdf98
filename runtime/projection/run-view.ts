/**
 * Folds a saga's journal into what the run page shows. It derives nothing that the facts do not say, and leaves time
 * (`timeline.ts`) and the drawing (`overlay.ts`) to others.
 *
 * 1. An entry at or before `view.seq` changes nothing, so a stream that resumes may repeat itself.
 * 2. Constant cost per entry. A view belongs to whoever folds it: its collections are updated in place; the returned
 *    view is a new object, and so is every step that changed. To look at the past, fold from `emptyRunView()`.
 * 3. An action's output is in the `result` message of its call, which is named `<step>#<attempt>`; while the saga is
 *    paused that message comes before the fact that uses it. Other outputs are in their facts.
 * 4. A parallel step that is joined before all its branches ended writes no fact when its losers are compensated. The
 *    step after it, entered, says so; which that is the document knows.
 * 5. Attempts are bounded: the first and the latest are kept, `attemptsTotal` counts all.
 */
import type { Region } from '../definition/schema'
import type { StepFailure } from '../errors'
import type {
  Actor,
  Decision,
  DefinitionRef,
  Entry,
  Fact,
  Message,
  SagaStatus,
} from '../journal/entry'

export type StepState =
  | 'pending'
  | 'running'
  | 'retrying'
  | 'waiting' // for a timer, signal, child or callback
  | 'approval'
  | 'completed'
  | 'failed' // it certainly did not happen
  | 'unknown' // it may have happened
  | 'cancelled' // stopped because the saga turned back, or another branch won

export type CompensationState =
  | 'compensating'
  | 'retrying'
  | 'compensated'
  | 'exhausted'
  | 'resolved' // by hand

export interface AttemptView {
  attempt: number
  startedAt: number
  startedSeq: number
  endedAt: number | null
  endedSeq: number | null
  input?: unknown
  output?: unknown
  error?: StepFailure
  /** When the next attempt is due. */
  retryAt?: number
  key?: string
  participant?: string
  operation?: string
}

export interface ChildView {
  sagaId: string
  index: number | null
  status: SagaStatus | null
  startedAt: number
  endedAt: number | null
  /** Rolled back and tried again: a later child does its work. */
  replaced?: true
  /** Steps of it that were undone under an idempotency key of their own. */
  spent?: readonly string[]
}

export interface CompensationView {
  state: CompensationState
  /** Counts from 1 in the order of start; those that started together share one. */
  rank: number
  startedAt: number
  endedAt: number | null
  attempts: AttemptView[]
  attemptsTotal: number
  error?: StepFailure
  /** The strategy that took over when attempts ran out. */
  strategy?: string
  resolvedBy?: Actor
}

export interface WaitView {
  for: Extract<Fact, { t: 'step.waiting' }>['for']
  since: number
  until: number | null
}

export interface StepView {
  step: string
  state: StepState
  startedAt: number
  endedAt: number | null
  firstSeq: number
  lastSeq: number
  attempts: AttemptView[]
  attemptsTotal: number
  output?: unknown
  error?: StepFailure
  /** The last attempt failed for good and the step neither retries nor fails the saga: an operator decides. */
  stuck: boolean
  /** Some attempt's outcome is unknown: whatever the last one says, the effect may exist. */
  maybe: boolean
  waitingFor: WaitView | null
  /** Waits that are over, for the timeline. */
  waits: { for: WaitView['for']; from: number; to: number }[]
  items: number | null
  children: ChildView[]
  choice?: { branch: number | 'otherwise'; next: string | null }
  branches: Record<string, boolean>
  compensation: CompensationView | null
}

export interface GateView {
  gate: string
  step: string
  question: string
  context?: unknown
  roles: string[]
  openedAt: number
  openedSeq: number
  dueAt: number | null
  closedAt: number | null
  how: 'DECIDED' | 'EXPIRED' | 'CANCELLED' | null
}

export interface DecisionView {
  step: string
  decision: Decision
  reasoning: string
  conditions: string[]
  by: Actor
  at: number
  seq: number
}

/** What somebody did from outside. */
export interface InterventionView {
  verb: 'pause' | 'resume' | 'cancel' | 'rollBack' | 'retry' | 'resolve' | 'giveUp' | 'unwind'
  step?: string
  by: Actor | null
  reason: string
  at: number
  seq: number
}

/** Why the saga turned back or stopped. */
export interface TurnView {
  status: SagaStatus
  at: number
  seq: number
  reason: string | null
  /** The step whose failure caused it, where one did. */
  step: string | null
  error: StepFailure | null
  /** Who asked for it, and how, where somebody did. */
  by: { verb: Message['type']; actor: Actor | null } | null
}

export interface RunView {
  /** Of the last entry folded. */
  seq: number
  /** Of the last entry, milliseconds since the epoch. */
  at: number | null
  status: SagaStatus
  definition: DefinitionRef | null
  startedBy: Actor | null
  parent: { sagaId: string; step: string; index?: number } | null
  input?: unknown
  output?: unknown
  error: StepFailure | null
  /** Effects left standing, by step. */
  left: string[]
  totalSteps: number
  startedAt: number | null
  endedAt: number | null
  /** In the order in which they were first entered. */
  order: string[]
  steps: Map<string, StepView>
  /** In the order in which their compensations started. */
  compensations: string[]
  gates: GateView[]
  decisions: DecisionView[]
  signals: { name: string; payload: unknown; by: Actor | null; at: number; seq: number }[]
  interventions: InterventionView[]
  pauses: { from: number; to: number | null; reason: string | null }[]
  /** The latest turn; null while all goes forward. */
  turn: TurnView | null
  /** The turn that began the way back; null while the saga goes forward. */
  cause: TurnView | null
  /** What it was when it was paused; null while it is not. */
  pausedFrom: SagaStatus | null
  /** Set for good by the first turn back. */
  unwinding: { force: boolean; halted: boolean } | null
  /** Outputs that came while the saga was paused, by call. */
  deferred: Map<string, unknown>
  /** Calls of which an earlier performance may have happened. */
  maybes: Set<string>
  /** By child: its steps that were undone under an idempotency key of their own. */
  spent: Map<string, readonly string[]>
  /** The parallel steps that each step follows. */
  joins: ReadonlyMap<string, readonly string[]>
}

/** Attempts and list items kept; older ones are in the journal. */
export const KEPT = 200

/** The view before the first entry. Without the document, joins are only seen to end when all branches do. */
export function emptyRunView(document?: Region): RunView {
  return {
    seq: 0,
    at: null,
    status: 'PENDING',
    definition: null,
    startedBy: null,
    parent: null,
    error: null,
    left: [],
    totalSteps: 0,
    startedAt: null,
    endedAt: null,
    order: [],
    steps: new Map(),
    compensations: [],
    gates: [],
    decisions: [],
    signals: [],
    interventions: [],
    pauses: [],
    turn: null,
    cause: null,
    pausedFrom: null,
    unwinding: null,
    deferred: new Map(),
    maybes: new Set(),
    spent: new Map(),
    joins: document ? joinsOf(document) : new Map(),
  }
}

export function foldEntry(view: RunView, entry: Entry): RunView {
  if (entry.seq <= view.seq) return view
  const next: RunView = { ...view, seq: entry.seq, at: entry.at }
  foldMessage(next, entry)
  for (const fact of entry.facts) foldFact(next, fact, entry)
  return next
}

export function foldEntries(entries: Iterable<Entry>, view: RunView = emptyRunView()): RunView {
  let folded = view
  for (const entry of entries) folded = foldEntry(folded, entry)
  return folded
}

function foldMessage(view: RunView, { message, at, seq }: Entry): void {
  switch (message.type) {
    case 'start':
      view.definition = message.definition
      view.input = message.input
      view.startedBy = message.by ?? null
      view.parent = message.parent ?? null
      view.startedAt = at
      return
    case 'signal':
      keep(view.signals, {
        name: message.name,
        payload: message.payload,
        by: message.by ?? null,
        at,
        seq,
      })
      return
    case 'decide':
      keep(view.decisions, {
        step: message.step,
        decision: message.decision,
        reasoning: message.reasoning,
        conditions: message.conditions,
        by: message.by,
        at,
        seq,
      })
      return
    case 'pause':
    case 'resume':
    case 'cancel':
    case 'rollBack':
    case 'retry':
    case 'resolve':
    case 'giveUp':
      keep(view.interventions, {
        verb: message.type,
        by: message.by,
        reason: message.reason,
        at,
        seq,
        ...('step' in message ? { step: message.step } : {}),
      })
      return
    case 'unwind':
      keep(view.interventions, { verb: 'unwind', by: null, reason: message.reason, at, seq })
      // Its parent's way back is not by force, even where its own was.
      if (view.unwinding && view.status !== 'ROLLED_BACK' && view.status !== 'FAILED')
        view.unwinding = { ...view.unwinding, force: false }
      return
    case 'result':
      if ('maybe' in message.outcome && message.outcome.maybe) view.maybes.add(message.call)
      return
    case 'child':
      if (message.spent) view.spent.set(message.sagaId, message.spent)
      return
    case 'timer':
      return
    default:
      message satisfies never
  }
}

function foldFact(view: RunView, fact: Fact, entry: Entry): void {
  const { at, seq } = entry
  switch (fact.t) {
    case 'saga.started':
      view.status = 'RUNNING'
      view.totalSteps = fact.total
      view.startedAt ??= at
      return
    case 'saga.status':
      foldStatus(view, fact.status, fact.reason ?? null, entry)
      return
    case 'saga.ended':
      foldStatus(view, fact.status, null, entry)
      if (fact.status === 'COMPLETED') settle(view, entry, 'completed')
      view.endedAt = at
      if (fact.output !== undefined) view.output = fact.output
      view.error = fact.error ?? null
      view.left = fact.left ?? []
      return
    case 'step.started':
      change(view, fact.step, entry, (step) => {
        const { t: _, step: __, ...attempt } = fact
        endWait(step, at)
        return {
          ...step,
          state: 'running',
          endedAt: null,
          stuck: false,
          attempts: kept(step.attempts, {
            ...attempt,
            startedAt: at,
            startedSeq: seq,
            endedAt: null,
            endedSeq: null,
          }),
          attemptsTotal: step.attemptsTotal + 1,
          waitingFor: null,
        }
      })
      return
    case 'step.waiting':
      change(view, fact.step, entry, (step) => {
        // A compensation that will be called back: the forward step stays what it was.
        if (step.compensation?.state === 'compensating') return step
        endWait(step, at)
        return {
          ...step,
          state: fact.for === 'approval' ? 'approval' : 'waiting',
          endedAt: null,
          waitingFor: { for: fact.for, since: at, until: fact.until ?? null },
        }
      })
      return
    case 'step.succeeded': {
      change(view, fact.step, entry, (step) => {
        endWait(step, at)
        const { error: _, ...rest } = step
        const output =
          fact.output ?? arrivedOutput(view, entry.message, `${fact.step}#${fact.attempt}`)
        const said = output === undefined ? {} : { output }
        return {
          ...rest,
          ...said,
          state: 'completed',
          endedAt: at,
          stuck: false,
          waitingFor: null,
          attempts: ended(step.attempts, { endedAt: at, endedSeq: seq, ...said }),
        }
      })
      return
    }
    case 'step.failed':
      change(view, fact.step, entry, (step) => {
        endWait(step, at)
        const retries = fact.retryAt !== undefined
        // Of a call; a parallel step's failure is that of a step within.
        const calls = step.attempts.at(-1)?.participant !== undefined
        const maybe =
          step.maybe ||
          (calls && fact.error.kind === 'unknown') ||
          view.maybes.delete(`${fact.step}#${fact.attempt}`)
        return {
          ...step,
          state: retries ? 'retrying' : maybe ? 'unknown' : 'failed',
          maybe,
          endedAt: retries ? null : at,
          stuck: false,
          error: fact.error,
          waitingFor: null,
          attempts: ended(step.attempts, {
            endedAt: at,
            endedSeq: seq,
            error: fact.error,
            ...(fact.retryAt === undefined ? {} : { retryAt: fact.retryAt }),
          }),
        }
      })
      return
    case 'step.stopped':
      change(view, fact.step, entry, (step) => {
        endWait(step, at)
        // What waited for its next attempt has had one, and it is known how that ended.
        const had = step.state === 'failed' || step.state === 'unknown' ? step.state : 'cancelled'
        return {
          ...step,
          state: step.state === 'retrying' ? gaveUp(step) : had,
          endedAt: at,
          waitingFor: null,
          attempts: ended(step.attempts, { endedAt: at, endedSeq: seq }),
        }
      })
      return
    case 'choice.taken':
      change(view, fact.step, entry, (step) => ({
        ...step,
        state: 'completed',
        endedAt: at,
        choice: { branch: fact.branch, next: fact.next },
        attempts: ended(step.attempts, { endedAt: at, endedSeq: seq }),
      }))
      return
    case 'branch.ended':
      change(view, fact.step, entry, (step) => ({
        ...step,
        branches: { ...step.branches, [fact.branch]: fact.ok },
      }))
      return
    case 'map.planned':
      change(view, fact.step, entry, (step) => ({ ...step, items: fact.items }))
      return
    case 'child.started':
      change(view, fact.step, entry, (step) => {
        replaceChild(step.children, fact.index ?? null)
        step.children.push({
          sagaId: fact.sagaId,
          index: fact.index ?? null,
          status: 'RUNNING',
          startedAt: at,
          endedAt: null,
        })
        return { ...step }
      })
      return
    case 'child.ended':
      change(view, fact.step, entry, (step) => {
        const place = childPlace(step.children, fact.sagaId, fact.index)
        const before = step.children[place]
        const spent = view.spent.get(fact.sagaId)
        if (before)
          step.children[place] = {
            ...before,
            status: fact.status,
            endedAt: at,
            ...(spent ? { spent } : {}),
          }
        return { ...step }
      })
      return
    case 'compensation.started':
      startCompensation(view, fact, entry)
      return
    case 'compensation.succeeded':
      changeCompensation(view, fact.step, entry, (undo) => {
        const { error: _, ...rest } = undo
        return {
          ...rest,
          state: 'compensated',
          endedAt: at,
          attempts: ended(undo.attempts, { endedAt: at, endedSeq: seq }),
        }
      })
      return
    case 'compensation.failed':
      changeCompensation(view, fact.step, entry, (undo) => ({
        ...undo,
        state: fact.retryAt === undefined ? 'exhausted' : 'retrying',
        error: fact.error,
        attempts: ended(undo.attempts, {
          endedAt: at,
          endedSeq: seq,
          error: fact.error,
          ...(fact.retryAt === undefined ? {} : { retryAt: fact.retryAt }),
        }),
      }))
      return
    case 'compensation.exhausted':
      changeCompensation(view, fact.step, entry, (undo) => ({
        ...undo,
        state: 'exhausted',
        endedAt: at,
        strategy: fact.strategy,
      }))
      return
    case 'compensation.resolved':
      changeCompensation(view, fact.step, entry, (undo) => ({
        ...undo,
        state: 'resolved',
        endedAt: at,
        resolvedBy: fact.by,
      }))
      return
    case 'gate.opened':
      keep(view.gates, {
        gate: fact.gate,
        step: fact.step,
        question: fact.question,
        context: fact.context,
        roles: fact.roles,
        openedAt: at,
        openedSeq: seq,
        dueAt: fact.dueAt ?? null,
        closedAt: null,
        how: null,
      })
      change(view, fact.step, entry, (step) =>
        // A gate on an exhausted compensation asks about that; the step itself is done.
        step.compensation
          ? step
          : {
              ...step,
              state: 'approval',
              endedAt: null,
              waitingFor: { for: 'approval', since: at, until: fact.dueAt ?? null },
            },
      )
      return
    case 'gate.closed': {
      const place = view.gates.findLastIndex((gate) => gate.gate === fact.gate)
      const before = view.gates[place]
      if (before) view.gates[place] = { ...before, closedAt: at, how: fact.how }
      return
    }
    case 'timer.set':
      foldTimer(view, fact.timer, fact.dueAt, entry)
      return
    case 'deferred': {
      const { message } = entry
      if (message.type === 'result' && 'ok' in message.outcome && message.outcome.ok) {
        view.deferred.set(message.call, message.outcome.output)
      }
      return
    }
    case 'signal.kept':
    case 'timer.cancelled':
      return
    default:
      fact satisfies never
  }
}

/** The output of a call: in this entry's message, or in one that waited while the saga was paused. */
function arrivedOutput(view: RunView, message: Message, call: string): unknown {
  if (message.type === 'result' && message.call === call) {
    return 'ok' in message.outcome && message.outcome.ok ? message.outcome.output : undefined
  }
  const output = view.deferred.get(call)
  view.deferred.delete(call)
  return output
}

/** Resuming sets timers anew; what waits on them shows the new time. */
function foldTimer(view: RunView, timer: string, dueAt: number, entry: Entry): void {
  const colon = timer.indexOf(':')
  const kind = timer.slice(0, colon)
  const id = timer.slice(colon + 1)
  const step = view.steps.get(id)
  if (colon < 0 || !step) return
  if (kind === 'gate') {
    const place = view.gates.findLastIndex((gate) => gate.step === id && gate.closedAt === null)
    const gate = view.gates[place]
    if (gate) view.gates[place] = { ...gate, dueAt }
  }
  if (kind !== 'gate' && kind !== 'wait' && kind !== 'signal') return
  const wait = step.waitingFor
  if (!wait || wait.until === dueAt) return
  change(view, id, entry, () => ({ ...step, waitingFor: { ...wait, until: dueAt } }))
}

/** When a saga turns back or ends, no fact closes a region or a back-off that it leaves. */
function settle(view: RunView, entry: Entry, state: 'completed' | 'cancelled'): void {
  for (const [id, step] of view.steps) {
    const last = step.attempts.at(-1)
    const calling = last !== undefined && last.endedAt === null && last.participant !== undefined
    const children = step.children.some((child) => child.endedAt === null)
    if (step.state === 'retrying') {
      change(view, id, entry, () => ({ ...step, state: gaveUp(step), endedAt: entry.at }))
    } else if (step.stuck) {
      change(view, id, entry, () => ({ ...step, stuck: false }))
    } else if (step.state === 'running' && !calling && !children) {
      change(view, id, entry, () => ({
        ...step,
        state,
        endedAt: entry.at,
        attempts: ended(step.attempts, { endedAt: entry.at, endedSeq: entry.seq }),
      }))
    }
  }
}

/** How a step that waits for another attempt ends without one. */
const gaveUp = (step: StepView): StepState => (step.maybe ? 'unknown' : 'failed')

function foldStatus(view: RunView, status: SagaStatus, reason: string | null, entry: Entry): void {
  const pause = view.pauses.at(-1)
  if (status === 'PAUSED' && pause?.to !== null) {
    keep(view.pauses, { from: entry.at, to: null, reason })
  } else if (status !== 'PAUSED' && pause && pause.to === null) {
    pause.to = entry.at
  }
  const turns = status === 'COMPENSATING' || status === 'PAUSED' || status === 'QUARANTINED'
  if (turns && status !== view.status) {
    const failed = entry.facts.find(
      (fact): fact is Extract<Fact, { t: 'step.failed' }> =>
        fact.t === 'step.failed' && fact.retryAt === undefined,
    )
    view.turn = {
      status,
      at: entry.at,
      seq: entry.seq,
      reason,
      step: failed?.step ?? null,
      error: failed?.error ?? null,
      by: askedBy(entry.message),
    }
    if (status === 'COMPENSATING' && (view.cause === null || view.endedAt !== null)) {
      view.cause = view.turn
    }
    if (status === 'COMPENSATING') settle(view, entry, 'cancelled')
    if (status === 'PAUSED' && failed) {
      change(view, failed.step, entry, (step) => ({ ...step, stuck: true }))
    }
  }
  if (status !== 'PAUSED') view.pausedFrom = null
  else if (view.status !== 'PAUSED') view.pausedFrom = view.status
  if (status === 'COMPENSATING') {
    const again = view.endedAt !== null ? null : view.unwinding
    view.unwinding = { force: isForced(entry.message) || again?.force === true, halted: false }
  } else if (status === 'QUARANTINED') {
    view.unwinding = { force: view.unwinding?.force === true, halted: true }
  }
  view.status = status
  view.endedAt = null
}

function isForced(message: Message): boolean {
  return (
    message.type === 'rollBack' ||
    (message.type === 'decide' && message.decision === 'FORCE_COMPENSATION')
  )
}

function askedBy(message: Message): TurnView['by'] {
  switch (message.type) {
    case 'pause':
    case 'cancel':
    case 'rollBack':
    case 'decide':
    case 'retry':
    case 'resolve':
    case 'giveUp':
      return { verb: message.type, actor: message.by }
    case 'unwind':
      return { verb: message.type, actor: null }
    default:
      return null
  }
}

function change(view: RunView, id: string, entry: Entry, edit: (step: StepView) => StepView): void {
  let step = view.steps.get(id)
  if (!step) {
    view.order.push(id)
    for (const joined of view.joins.get(id) ?? []) endJoin(view, joined, entry)
    step = {
      step: id,
      state: 'running',
      startedAt: entry.at,
      endedAt: null,
      firstSeq: entry.seq,
      lastSeq: entry.seq,
      attempts: [],
      attemptsTotal: 0,
      stuck: false,
      maybe: false,
      waitingFor: null,
      waits: [],
      items: null,
      children: [],
      branches: {},
      compensation: null,
    }
  }
  view.steps.set(id, { ...edit(step), lastSeq: entry.seq })
}

function endJoin(view: RunView, id: string, entry: Entry): void {
  const step = view.steps.get(id)
  if (step?.state !== 'running') return
  view.steps.set(id, {
    ...step,
    state: 'completed',
    endedAt: entry.at,
    lastSeq: entry.seq,
    attempts: ended(step.attempts, { endedAt: entry.at, endedSeq: entry.seq }),
  })
}

function joinsOf(region: Region, joins = new Map<string, string[]>()): Map<string, string[]> {
  for (const [id, step] of Object.entries(region.steps)) {
    if (step.type === 'map') joinsOf(step.region, joins)
    if (step.type !== 'parallel') continue
    if (step.next !== undefined) joins.set(step.next, [...(joins.get(step.next) ?? []), id])
    for (const branch of Object.values(step.branches)) joinsOf(branch, joins)
  }
  return joins
}

function startCompensation(
  view: RunView,
  fact: Extract<Fact, { t: 'compensation.started' }>,
  entry: Entry,
): void {
  const { t: _, step: id, ...said } = fact
  change(view, id, entry, (step) => {
    const before = step.compensation
    if (!before) view.compensations.push(id)
    return {
      ...step,
      compensation: {
        ...before,
        state: 'compensating',
        rank: before?.rank ?? nextRank(view, entry.at),
        startedAt: before?.startedAt ?? entry.at,
        endedAt: null,
        attempts: kept(before?.attempts ?? [], {
          ...said,
          startedAt: entry.at,
          startedSeq: entry.seq,
          endedAt: null,
          endedSeq: null,
        }),
        attemptsTotal: (before?.attemptsTotal ?? 0) + 1,
      },
    }
  })
}

/** `view.compensations` already ends with the one that asks; those of the same entry started together. */
function nextRank(view: RunView, at: number): number {
  const previous = view.compensations.at(-2)
  const undo = previous === undefined ? null : (view.steps.get(previous)?.compensation ?? null)
  if (!undo) return 1
  return undo.startedAt === at && undo.attempts[0]?.startedSeq === view.seq
    ? undo.rank
    : undo.rank + 1
}

function changeCompensation(
  view: RunView,
  id: string,
  entry: Entry,
  edit: (undo: CompensationView) => CompensationView,
): void {
  change(view, id, entry, (step) => {
    // Resolved by hand or exhausted without a call of its own: the compensation starts and ends here.
    let undo = step.compensation
    if (!undo) {
      view.compensations.push(id)
      undo = {
        state: 'compensating',
        rank: nextRank(view, entry.at),
        startedAt: entry.at,
        endedAt: null,
        attempts: [],
        attemptsTotal: 0,
      }
    }
    return { ...step, compensation: edit(undo) }
  })
}

function endWait(step: StepView, at: number): void {
  const wait = step.waitingFor
  if (wait) keep(step.waits, { for: wait.for, from: wait.since, to: at })
}

/** The attempts with the last one, if still open, closed. */
function ended(attempts: AttemptView[], end: Partial<AttemptView>): AttemptView[] {
  const last = attempts.at(-1)
  if (!last || last.endedAt !== null) return attempts
  return [...attempts.slice(0, -1), { ...last, ...end }]
}

function kept(attempts: AttemptView[], next: AttemptView): AttemptView[] {
  const all = [...attempts, next]
  if (all.length > KEPT) all.splice(1, 1)
  return all
}

/** How many of a map's items have ended, in their latest try. */
export function itemsEnded({ children }: StepView): number {
  return children.filter((child) => child.endedAt !== null && !child.replaced).length
}

/** One more child for an item, or for a step without items, does the work of the one before. */
function replaceChild(children: ChildView[], index: number | null): void {
  if (index === null ? children.length === 0 : children[index]?.index !== index) return
  children.forEach((child, place) => {
    if (child.index === index) children[place] = { ...child, replaced: true }
  })
}

/** Map children start in order, so the index is nearly always the place. */
function childPlace(children: ChildView[], sagaId: string, index: number | undefined): number {
  if (index !== undefined && children[index]?.sagaId === sagaId) return index
  return children.findIndex((child) => child.sagaId === sagaId)
}

function keep<T>(list: T[], item: T): void {
  list.push(item)
  if (list.length > KEPT) list.shift()
}
