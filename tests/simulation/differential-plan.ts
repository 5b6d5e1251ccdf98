/**
 * What entities do in a comparison of stores (differential.ts): their mail and their commits, mostly such as an engine would
 * send, now and then not. It remembers what was carried out, so that what comes next follows.
 */
import type { Message } from '@/runtime/journal/entry'
import type { EntityCommit, Envelope } from '@/runtime/journal/store'
import { commitOf, sagaRow } from '../runtime/journal/conformance'
import { BY } from '../support/dry-run'
import type { Random } from './random'

export const ENTITIES = Array.from({ length: 12 }, (_, n) => `e${n}`)
export const T = Date.UTC(2026, 0, 1)

/** A commit without its acknowledgements: those go by message id, for positions are each store's own. */
export interface Part {
  commit: EntityCommit
  acks: string[]
}

export class EntityPlan {
  readonly #random: Random
  #n = 0
  readonly seqs = new Map<string, number>()
  /** Mail that was given to somebody, by message id, and mail that a commit took. */
  readonly given = new Map<string, string>()
  readonly taken = new Set<string>()
  readonly gates: { id: string; entityId: string }[] = []
  readonly decisions: string[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** A number that was not used before. */
  next(): number {
    return ++this.#n
  }
  get newest(): number {
    return this.#n
  }

  committed(parts: readonly Part[]): void {
    for (const { commit, acks } of parts) {
      const { entityId, fromSeq, entries } = commit
      this.seqs.set(entityId, fromSeq + entries.length)
      for (const id of acks) this.taken.add(id)
      for (const { id } of commit.gatesOpened) this.gates.push({ id, entityId })
      for (const { id } of commit.decisions) this.decisions.push(id)
    }
  }

  /** A message, now and then one that was sent before. */
  envelope(): Envelope {
    const entityId = this.#random.pick(ENTITIES) as string
    const id = this.#random.chance(0.15) ? `m${this.#random.int(0, this.#n)}` : `m${this.next()}`
    const message: Message = this.#random.chance(0.5)
      ? { type: 'pause', by: BY, reason: id }
      : { type: 'signal', name: 'go', payload: { z: id, a: ['é\u0000\ud800"\\', null, 1.5] } }
    return {
      id,
      entityId,
      message,
      ...(this.#random.chance(0.2) ? { traceparent: `00-${id}` } : {}),
    }
  }

  /** What one entity does in a commit: mostly what it may, now and then not. */
  part(entityId: string): Part {
    const random = this.#random
    const seq = this.seqs.get(entityId) ?? 0
    const fromSeq = random.chance(0.93) ? seq : Math.max(0, seq + random.pick([-1, 1]))
    const count = random.int(0, 3)
    const mine = [...this.given].flatMap(([id, to]) => (to === entityId ? [id] : []))
    const acks = mine.filter((id) => random.chance(this.taken.has(id) ? 0.03 : 0.6))
    if (random.chance(0.02)) acks.push('m-nobody-has-sent')
    const posts = random.chance(0.3) ? [this.envelope()] : []
    if (fromSeq + count === 0) return { commit: commitOf(entityId, 0, 0, { posts }), acks }
    const to = fromSeq + count
    const creates = fromSeq === 0
    const gate = `g${this.next()}`
    const open = this.gates.filter((one) => one.entityId === entityId)
    const [closed] = open
    const more: Partial<EntityCommit> = {
      active: random.chance(0.5),
      current: random.chance(0.5) ? `doing ${to}` : null,
      posts,
      timersSet: ['x', 'y', 'z']
        .filter(() => random.chance(0.25))
        .map((timer) => ({ timer, dueAt: T + 1_000 * this.next() })),
      timersCancelled: ['x', 'y'].filter(() => random.chance(0.2)),
      gatesOpened: random.chance(0.2)
        ? [
            {
              id: gate,
              sagaId: entityId,
              step: 'g',
              question: 'Go on?',
              context: { at: to },
              roles: ['chairman'],
              openedAt: T + to,
              openedSeq: to,
              dueAt: null,
            },
          ]
        : [],
      gatesClosed:
        closed && random.chance(0.5) ? [{ id: closed.id, how: 'DECIDED', at: T + to }] : [],
      decisions:
        closed && random.chance(0.3)
          ? [
              {
                id: `d${this.next()}`,
                sagaId: entityId,
                gateId: closed.id,
                decision: 'CONTINUE',
                reasoning: 'why not',
                conditions: ['one'],
                decidedBy: 'p',
                decidedByName: 'P',
                at: T + to,
                seenSeq: to,
                previewDigest: null,
              },
            ]
          : [],
      ...(random.chance(0.3)
        ? { snapshot: { seq: to, data: { of: entityId, to, '1': null } } }
        : {}),
    }
    if (creates) more.saga = sagaRow(entityId)
    else if (random.chance(0.4))
      more.saga = {
        id: entityId,
        status: random.pick(['COMPENSATING', 'PAUSED', 'COMPLETED']),
        ...(random.chance(0.5) ? { endedAt: random.chance(0.5) ? T + to : null } : {}),
        ...(random.chance(0.3) ? { output: { to } } : {}),
        ...(random.chance(0.3) ? { failureCode: 'NO', failureReason: 'no' } : {}),
      }
    return { commit: commitOf(entityId, fromSeq, count, more), acks }
  }
}
