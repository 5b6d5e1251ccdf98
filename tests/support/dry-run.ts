/**
 * Runs sagas on `decide` alone: virtual time, scripted participants, no store. Children run too. Every snapshot goes
 * through JSON, as in a store. The participants' world is kept, so that tests can check effects.
 */
import { type CompiledSaga, compileSaga } from '@/runtime/compiler/compile'
import { type SagaDocument, sagaDocumentSchema } from '@/runtime/definition/schema'
import type { Command, Entry, Fact, Message, Outcome } from '@/runtime/journal/entry'
import { type Decided, decide } from '@/runtime/saga/decide'
import { NEWEST_FORMAT } from '@/runtime/saga/format'
import type { SagaState } from '@/runtime/saga/state'

export type Call = Extract<Command, { c: 'call' }> & { sagaId: string }
/** Answers a call; `hang` leaves it open. */
export type Script = (call: Call, world: DryRun) => Outcome | 'hang'

export const ok = (output: unknown = {}): Outcome => ({ ok: true, output })
export const no = (
  kind: 'terminal' | 'retryable' | 'unknown',
  code: string = kind.toUpperCase(),
): Outcome => ({ ok: false, kind, code, message: `${code} said by the test` })
export const BY = { kind: 'user' as const, id: 'u1', name: 'Test' }

interface Live {
  saga: CompiledSaga
  state: SagaState | null
  seq: number
  entries: Entry[]
}

export class DryRun {
  now = 1_000_000
  readonly calls: Call[] = []
  readonly #sagas = new Map<string, Live>()
  readonly #inbox: { to: string; message: Message }[] = []
  readonly #seen = new Set<string>()
  readonly #documents: Map<string, CompiledSaga>
  readonly #script: Script
  /** Chooses which open item comes next; default the first. */
  choose: (n: number) => number = () => 0

  constructor(documents: SagaDocument[], script: Script = () => ok()) {
    this.#documents = new Map(documents.map((document) => [document.name, compileSaga(document)]))
    this.#script = script
  }

  start(name: string, input: unknown = {}, id = 's'): this {
    this.send(id, {
      type: 'start',
      format: NEWEST_FORMAT,
      definition: { name, version: 1, digest: '' },
      input,
    })
    return this.settle()
  }

  /** Decides one message at once. */
  send(id: string, message: Message): Decided {
    let live = this.#sagas.get(id)
    if (!live) {
      if (message.type !== 'start') throw new Error(`no saga ${id}`)
      const saga = this.#documents.get(message.definition.name)
      if (!saga) throw new Error(`no document ${message.definition.name}`)
      live = { saga, state: null, seq: 0, entries: [] }
      this.#sagas.set(id, live)
    }
    const before = JSON.stringify(live.state)
    const decided = decide(live.saga, live.state, message, {
      entityId: id,
      at: this.now,
      seq: live.seq + 1,
    })
    if (JSON.stringify(live.state) !== before)
      throw new Error('decide changed the snapshot it was given')
    if (!decided.accepted || !decided.changed) return decided
    live.seq++
    live.entries.push({ entityId: id, seq: live.seq, at: this.now, message, facts: decided.facts })
    live.state = JSON.parse(JSON.stringify(decided.state)) as SagaState
    // As in a commit: mail first, then the calls.
    for (const command of decided.commands)
      if (command.c === 'send' && !this.#seen.has(command.id)) {
        this.#seen.add(command.id)
        this.#inbox.push({ to: command.to, message: command.message })
      }
    for (const command of decided.commands)
      if (command.c === 'call' && command.call in live.state.calls)
        this.#perform({ ...command, sagaId: id })
    return decided
  }

  #perform(call: Call): void {
    this.calls.push(call)
    const outcome = this.#script(call, this)
    if (outcome !== 'hang')
      this.#inbox.push({ to: call.sagaId, message: { type: 'result', call: call.call, outcome } })
  }

  /** Delivers what is under way until nothing is, without letting time pass. */
  settle(): this {
    for (let n = 0; this.#inbox.length > 0; n++) {
      if (n > 100_000) throw new Error('the saga does not settle')
      const at = Math.min(this.choose(this.#inbox.length), this.#inbox.length - 1)
      const [next] = this.#inbox.splice(this.#firstOfLane(at), 1)
      if (next) this.send(next.to, next.message)
    }
    return this
  }

  /** Mail keeps its order per mailbox; results of calls come in any order. */
  #firstOfLane(at: number): number {
    const chosen = this.#inbox[at]
    if (!chosen || chosen.message.type === 'result') return at
    return this.#inbox.findIndex(({ to, message }) => to === chosen.to && message.type !== 'result')
  }

  /** Lets time pass to the next timer, again and again, for at most `ms`. */
  pass(ms = 365 * 86_400_000): this {
    const until = this.now + ms
    for (;;) {
      this.settle()
      const next = [...this.#sagas]
        .flatMap(([id, { state }]) =>
          Object.entries(state?.timers ?? {}).map(([timer, dueAt]) => ({ id, timer, dueAt })),
        )
        .sort((a, b) => a.dueAt - b.dueAt)[0]
      if (!next || next.dueAt > until) break
      this.now = Math.max(this.now, next.dueAt)
      this.send(next.id, { type: 'timer', timer: next.timer })
    }
    this.now = until
    return this
  }

  state(id = 's'): SagaState {
    const state = this.#sagas.get(id)?.state
    if (!state) throw new Error(`no saga ${id}`)
    return state
  }
  entries(id = 's'): Entry[] {
    return this.#sagas.get(id)?.entries ?? []
  }
  facts(id = 's'): Fact[] {
    return this.entries(id).flatMap((entry) => entry.facts)
  }
  ids(): string[] {
    return [...this.#sagas.keys()]
  }
  compiled(id = 's'): CompiledSaga {
    const live = this.#sagas.get(id)
    if (!live) throw new Error(`no saga ${id}`)
    return live.saga
  }
  /** `operation` of every call so far, in order. */
  get operations(): string[] {
    return this.calls.map((call) => call.operation)
  }
}

/** A document from its essentials; throws when it does not parse. */
export function saga(fields: Record<string, unknown>): SagaDocument {
  return sagaDocumentSchema.parse({ kind: 'saga', name: 'test', ...fields })
}

/** An action `do<id>` undone by `undo<id>`. */
export function action(id: string, next?: string, more: Record<string, unknown> = {}) {
  return {
    type: 'action',
    participant: 'svc',
    operation: `do_${id}`,
    effect: 'compensatable',
    compensation: { operation: `undo_${id}` },
    ...(next ? { next } : {}),
    ...more,
  }
}
