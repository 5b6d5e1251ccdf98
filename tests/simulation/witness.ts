/**
 * Sees everything that the store carries out and every call that leaves a worker, at the moment it happens, and checks
 * what can only be checked then:
 *
 * 1. What lease-rules.ts says of writers, takers and callers.
 * 2. A message is never taken before an older one to the same entity that was visible when it was sent.
 * 3. A call leaves only after an entry that announces it, under the key that entry names.
 * 4. A compensation leaves only when its forward call is not under way in the same process.
 *
 * It also keeps what a screen would show (open gates, waiting signals), for those who act as people.
 */
import type { Entry, Fact, Message, SagaStatus, Verdict } from '@/runtime/journal/entry'
import type { EntityCommit, Envelope, Lease } from '@/runtime/journal/store'
import type { ParticipantCall } from '@/runtime/participant/participant'
import { LeaseRules } from './lease-rules'
import type { Process } from './process'
import type { World } from './world'

export interface Mail {
  id: string
  entityId: string
  message: Message
  /** Order and time of arrival, and when readers could first see it. */
  order: number
  at: number
  visibleAt: number
  verdict: Verdict | null
}

/** What a screen shows of one saga. */
export interface Sight {
  id: string
  /** The name of its definition, and whether it is a map's item. */
  definition: string
  isItem: boolean
  status: SagaStatus
  seq: number
  gates: Set<string>
  /** Steps that wait for a signal. */
  signals: Set<string>
  steps: Set<string>
  /** Steps that have failed for good. */
  failed: Set<string>
}

export class Witness {
  readonly #world: World
  /** Idempotency keys by `<saga> <call>`. */
  readonly #announced = new Map<string, string>()
  /** Calls that have not settled, in each process. */
  readonly #underWay = new Map<Process, Set<ParticipantCall>>()
  readonly #byPosition = new Map<bigint, Mail>()
  readonly #waiting = new Map<string, Set<Mail>>()
  readonly mail = new Map<string, Mail>()
  readonly sights = new Map<string, Sight>()
  readonly leases: LeaseRules
  entries = 0

  constructor(world: World) {
    this.#world = world
    this.leases = new LeaseRules(world)
  }

  posted(envelope: Envelope, lateMs: number): void {
    if (this.mail.has(envelope.id)) return
    const at = this.#world.clock.now()
    const mail: Mail = {
      id: envelope.id,
      entityId: envelope.entityId,
      message: envelope.message,
      order: this.mail.size,
      at,
      visibleAt: at + lateMs,
      verdict: null,
    }
    this.mail.set(mail.id, mail)
    const waiting = this.#waiting.get(mail.entityId) ?? new Set()
    waiting.add(mail)
    this.#waiting.set(mail.entityId, waiting)
  }

  located(id: string, position: bigint): void {
    const mail = this.mail.get(id)
    if (mail) this.#byPosition.set(position, mail)
  }

  committed(lease: Lease, commits: readonly EntityCommit[]): void {
    for (const commit of commits) {
      this.leases.commits(lease, commit.entityId)
      for (const { position, verdict } of commit.acks)
        this.#acked(commit.entityId, position, verdict)
      for (const envelope of commit.posts) this.posted(envelope, 0)
      for (const entry of commit.entries) this.#look(entry)
    }
  }

  #acked(entityId: string, position: bigint, verdict: Verdict): void {
    const mail = this.#byPosition.get(position)
    if (!mail) return this.#world.violate('UNKNOWN_ACK', `${entityId} acknowledged ${position}`)
    const waiting = this.#waiting.get(mail.entityId)
    waiting?.delete(mail)
    mail.verdict = verdict
    for (const older of waiting ?? [])
      if (older.order < mail.order && older.visibleAt <= mail.at)
        this.#world.violate(
          'OVERTAKEN',
          `${mail.message.type} ${mail.id} was taken before ${older.message.type} ${older.id}`,
        )
  }

  #look(entry: Entry): void {
    this.entries++
    const { entityId, message } = entry
    this.#world.note('journal', () => `${entityId}/${entry.seq} ${describe(entry)}`)
    let sight = this.sights.get(entityId)
    if (!sight) {
      const isStart = message.type === 'start'
      sight = {
        id: entityId,
        definition: isStart ? message.definition.name : '',
        isItem: isStart && message.region !== undefined,
        status: 'RUNNING',
        seq: 0,
        gates: new Set(),
        signals: new Set(),
        steps: new Set(),
        failed: new Set(),
      }
      this.sights.set(entityId, sight)
    }
    sight.seq = entry.seq
    for (const fact of entry.facts) this.#fact(sight, fact)
  }

  #fact(sight: Sight, fact: Fact): void {
    const { id } = sight
    switch (fact.t) {
      case 'saga.status':
      case 'saga.ended':
        sight.status = fact.status
        break
      case 'step.started':
        sight.steps.add(fact.step)
        sight.failed.delete(fact.step)
        if (fact.key !== undefined)
          this.#announced.set(`${id} ${fact.step}#${fact.attempt}`, fact.key)
        break
      case 'compensation.started':
        this.#announced.set(`${id} ${fact.step}!${fact.attempt}`, fact.key)
        break
      case 'step.waiting':
        if (fact.for === 'signal') sight.signals.add(fact.step)
        break
      case 'step.succeeded':
      case 'step.stopped':
      case 'step.failed':
        sight.signals.delete(fact.step)
        if (fact.t === 'step.failed' && fact.final) sight.failed.add(fact.step)
        break
      case 'gate.opened':
        sight.gates.add(fact.step)
        break
      case 'gate.closed':
        sight.gates.delete(fact.step)
        break
    }
  }

  /** A worker is about to send a call. Returns what to call when it has settled there. */
  calls(from: Process, call: ParticipantCall): () => void {
    const { sagaId, key } = call
    this.leases.calls(from, sagaId, call.call)
    const announced = this.#announced.get(`${sagaId} ${call.call}`)
    if (announced === undefined)
      this.#world.violate(
        'ACTED_FIRST',
        `${from.name} sent ${sagaId} ${call.call} before any entry announced it`,
      )
    else if (announced !== key)
      this.#world.violate(
        'KEY_CHANGED',
        `${sagaId} ${call.call} was announced as ${announced} and sent as ${key}`,
      )
    const underWay = this.#underWay.get(from) ?? new Set()
    this.#underWay.set(from, underWay)
    for (const other of underWay)
      if (
        other.sagaId === sagaId &&
        other.step === call.step &&
        other.kind !== call.kind &&
        call.kind === 'compensation' &&
        // Called back before its 202 has come: it has settled.
        !this.mail.has(`callback:${sagaId}:${other.call}`)
      )
        this.#world.violate(
          'OVERTOOK_FORWARD',
          `${from.name} sent ${sagaId} ${call.call} while ${other.call} was under way there`,
        )
    underWay.add(call)
    return () => underWay.delete(call)
  }
}

/** An entry in a line: the message, then what it meant. */
function describe({ message, facts }: Entry): string {
  const { type, ...fields } = message
  return `${type} ${brief(fields)} ⇒ ${facts.map(({ t, ...rest }) => `${t} ${brief(rest)}`).join('; ')}`
}

const SHOWN = [
  'step',
  'call',
  'outcome',
  'timer',
  'attempt',
  'status',
  'sagaId',
  'decision',
  'name',
  'reason',
  'seenSeq',
  'error',
  'left',
  'dueAt',
  'ok',
  'branch',
  'how',
  'final',
]

function brief(fields: object): string {
  return Object.entries(fields)
    .filter(([key]) => SHOWN.includes(key))
    .map(([, value]) => (typeof value === 'object' ? outcomeOf(value) : String(value)))
    .join(' ')
}

function outcomeOf(value: object | null): string {
  if (value === null) return 'null'
  if ('pending' in value) return 'pending'
  if ('kind' in value && 'code' in value)
    return `${value.kind} ${value.code}${'maybe' in value ? ' maybe' : ''}`
  return 'ok' in value ? 'ok' : JSON.stringify(value)
}
