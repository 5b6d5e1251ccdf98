/**
 * What was decided → what is stored: the list rows, gates, decisions, timers and posts that belong to the entries of one
 * entity. Pure; the engine adds hashes and acknowledgements.
 */
import type { CompiledSaga } from '../compiler/compile'
import type { Step } from '../definition/schema'
import type { Command, Entry, Fact } from '../journal/entry'
import type { DecisionRow, EntityCommit, GateRow, SagaRow } from '../journal/store'
import type { SagaState, StepRecord } from './state'

export type CommitParts = Pick<
  EntityCommit,
  | 'current'
  | 'saga'
  | 'gatesOpened'
  | 'gatesClosed'
  | 'decisions'
  | 'timersSet'
  | 'timersCancelled'
  | 'posts'
>

export function toCommit(
  saga: CompiledSaga,
  state: SagaState,
  entries: readonly Entry[],
  commands: readonly Command[],
  open: ReadonlySet<string>,
): CommitParts {
  const row = sagaRow(saga, state, entries)
  const parts = nothing(currentOf(saga, state, open))
  if (row) parts.saga = row
  for (const entry of entries) for (const fact of entry.facts) addGate(parts, state, entry, fact)
  for (const entry of entries) {
    const decision = decisionRow(state, entry)
    if (decision) parts.decisions.push(decision)
  }
  // The last word on each timer; most turns say none.
  let timers: Map<string, number | null> | undefined
  for (const command of commands)
    if (command.c === 'setTimer') {
      timers ??= new Map()
      timers.set(command.timer, command.dueAt)
    } else if (command.c === 'cancelTimer') {
      timers ??= new Map()
      timers.set(command.timer, null)
    } else if (command.c === 'send')
      parts.posts.push({ id: command.id, entityId: command.to, message: command.message })
  if (timers)
    for (const [timer, dueAt] of timers)
      if (dueAt === null) parts.timersCancelled.push(timer)
      else parts.timersSet.push({ timer, dueAt })
  return parts
}

/** Of a turn without entries. */
export function nothing(current: string | null = null): CommitParts {
  return {
    current,
    gatesOpened: [],
    gatesClosed: [],
    decisions: [],
    timersSet: [],
    timersCancelled: [],
    posts: [],
  }
}

/** Does a call wait for its result here, rather than at the participant? Then recovery must find the saga. */
export function isActive(state: SagaState): boolean {
  for (const id in state.calls) {
    const call = state.calls[id]
    if (call && !call.pending && !call.answered) return true
  }
  return false
}

function sagaRow(
  saga: CompiledSaga,
  state: SagaState,
  entries: readonly Entry[],
): (Partial<SagaRow> & { id: string }) | undefined {
  let row: (Partial<SagaRow> & { id: string }) | undefined
  for (const entry of entries)
    for (const fact of entry.facts) {
      const patch = patchOf(saga, state, entry, fact)
      if (patch) row = Object.assign(row ?? { id: state.id }, patch)
    }
  return row
}

/** What a fact changes in the saga's row. */
function patchOf(
  saga: CompiledSaga,
  state: SagaState,
  entry: Entry,
  fact: Fact,
): Partial<SagaRow> | undefined {
  switch (fact.t) {
    case 'saga.started':
      return {
        definition: state.definition,
        title: saga.document.title ?? saga.document.name,
        ventureId: state.ventureId,
        parentId: state.parent?.sagaId ?? null,
        parentStep: state.parent?.step ?? null,
        status: 'RUNNING',
        totalSteps: fact.total,
        input: state.input,
        startedBy: state.startedBy,
        startedAt: state.startedAt,
        endedAt: null,
        timeoutAt: state.timers.saga ?? null,
        requiresApproval: hasApproval(saga),
        failureCode: null,
        failureReason: null,
      }
    case 'saga.status':
      if (fact.status !== 'COMPENSATING') return { status: fact.status }
      return {
        status: fact.status,
        endedAt: null,
        failureCode: state.unwinding?.error?.code ?? null,
        failureReason: state.unwinding?.reason ?? null,
      }
    case 'saga.ended':
      return {
        status: fact.status,
        endedAt: entry.at,
        ...(fact.output === undefined ? {} : { output: fact.output }),
        ...(fact.error ? { failureCode: fact.error.code, failureReason: fact.error.message } : {}),
      }
    default:
      return undefined
  }
}

function hasApproval(saga: CompiledSaga): boolean {
  for (const step of saga.steps.values()) if (step.type === 'approval') return true
  return false
}

function addGate(parts: CommitParts, state: SagaState, entry: Entry, fact: Fact): void {
  if (fact.t === 'gate.opened') {
    const row: GateRow = {
      id: fact.gate,
      sagaId: state.id,
      step: fact.step,
      question: fact.question,
      context: fact.context ?? null,
      roles: fact.roles,
      openedAt: entry.at,
      openedSeq: entry.seq,
      dueAt: fact.dueAt ?? null,
    }
    parts.gatesOpened.push(row)
  } else if (fact.t === 'gate.closed')
    parts.gatesClosed.push({ id: fact.gate, how: fact.how, at: entry.at })
}

function decisionRow(state: SagaState, entry: Entry): DecisionRow | undefined {
  const { message } = entry
  if (message.type !== 'decide') return undefined
  const closed = entry.facts.find((fact) => fact.t === 'gate.closed' && fact.step === message.step)
  const gateId =
    closed?.t === 'gate.closed' ? closed.gate : (state.gates[message.step]?.gate ?? null)
  if (gateId === null) return undefined
  return {
    id: message.decisionId,
    sagaId: state.id,
    gateId,
    decision: message.decision,
    reasoning: message.reasoning,
    conditions: message.conditions,
    decidedBy: message.by.id,
    decidedByName: message.by.name,
    at: entry.at,
    seenSeq: message.seenSeq,
    previewDigest: message.previewDigest ?? null,
  }
}

/** Is there something to say of the step in `currentOf`? */
export function isOpen(record: StepRecord | undefined): boolean {
  if (!record) return false
  const { state, undo } = record
  return (
    state === 'running' ||
    state === 'retrying' ||
    state === 'waiting' ||
    (undo !== undefined && undo.state !== 'completed')
  )
}

/** The steps that are open, for `currentOf`. It looks at all of them: whoever decides keeps count instead. */
export function openSteps(state: SagaState): Set<string> {
  return new Set(Object.keys(state.steps).filter((id) => isOpen(state.steps[id])))
}

/** What a list says the saga is doing, at most 200 characters; null when it has ended. `open` are its open steps. */
export function currentOf(
  saga: CompiledSaga,
  state: SagaState,
  open: ReadonlySet<string>,
): string | null {
  if (state.status === 'COMPLETED' || state.status === 'ROLLED_BACK' || state.status === 'FAILED')
    return null
  if (state.paused) return state.paused.reason.slice(0, 200)
  const words: string[] = []
  for (const id of inOrder(state, open)) {
    const record = state.steps[id]
    const step =
      saga.steps.get(id) ?? (state.region ? saga.region(state.region).steps.get(id) : undefined)
    if (!step || !record) continue
    const name = step.title ?? id
    if (record.undo?.state === 'running' || record.undo?.state === 'retrying')
      words.push(`Undoing ${name}`)
    else if (record.undo?.state === 'exhausted') words.push(`Cannot undo ${name}`)
    else if (record.state === 'retrying') words.push(`Retrying ${name}`)
    else if (record.state === 'waiting') words.push(`${WAITS[step.type] ?? 'Waiting at'} ${name}`)
    else if (record.state === 'running' && step.type !== 'parallel') words.push(name)
    if (words.length === 3) break
  }
  if (words.length === 0 && state.status === 'QUARANTINED' && state.left?.length)
    words.push(`Left standing: ${state.left.map((id) => titleOf(saga, state, id)).join(', ')}`)
  return words.join(', ').slice(0, 200) || null
}

function titleOf(saga: CompiledSaga, state: SagaState, id: string): string {
  const steps = state.region === null ? saga.steps : saga.region(state.region).steps
  return steps.get(id)?.title ?? id
}

function inOrder(state: SagaState, ids: ReadonlySet<string>): Iterable<string> {
  if (ids.size < 2) return ids
  return [...ids].sort((a, b) => (state.steps[a]?.order ?? 0) - (state.steps[b]?.order ?? 0))
}

const WAITS: Partial<Record<Step['type'], string>> = {
  approval: 'Waiting for a decision:',
  signal: 'Waiting for a signal:',
  wait: 'Waiting:',
}
