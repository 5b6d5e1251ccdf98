/**
 * What must hold once everything has come to an end: the journals, the mail, the effects at the services, and what people
 * were promised. Journals are judged in journal-rules.ts, outcomes in outcome-rules.ts.
 */
import type { compileSaga } from '@/runtime/compiler/compile'
import type { Entry, Message } from '@/runtime/journal/entry'
import type { StoredEntity } from '@/runtime/journal/store'
import type { decide } from '@/runtime/saga/decide'
import type { SagaState } from '@/runtime/saga/state'
import type { Bank } from './bank'
import { judgeJournal } from './journal-rules'
import { judgeOutcome } from './outcome-rules'
import type { People } from './people'
import type { Service } from './service'
import type { SimulatedStore } from './simulated-store'
import type { Mail, Witness } from './witness'
import type { World } from './world'

/** The pure functions under test; planted bugs bring their own. */
export interface Rules {
  decide: typeof decide
  compileSaga: typeof compileSaga
}

export interface Case {
  world: World
  store: SimulatedStore
  service: Service
  bank: Bank
  witness: Witness
  people: People
  rules: Rules
  documentOf(name: string): Parameters<typeof compileSaga>[0]
  roots: readonly string[]
}

export interface Judged {
  id: string
  entity: StoredEntity
  entries: Entry[]
  state: SagaState
}

/** How long after the last fault every shard must have an owner. */
const SETTLE_MS = 20_000

const ENDED = ['COMPLETED', 'ROLLED_BACK', 'FAILED']

export async function judge(one: Case): Promise<void> {
  const { world, witness, store, service, people, roots } = one
  const sagas = new Map<string, Judged>()
  for (const id of witness.sights.keys()) {
    const judged = judgeJournal(one, id, await read(store, id))
    if (judged) sagas.set(id, judged)
  }
  for (const { id, state } of sagas.values()) {
    if (!ENDED.includes(state.status))
      world.violate('NOT_ENDED', `${id} is ${state.status} long after all faults stopped`)
    const row = store.inner.saga(id)
    if (row?.status !== state.status)
      world.violate('LIST_DIFFERS', `${id} is ${state.status}, lists say ${row?.status}`)
  }
  for (const id of roots)
    if (people.started.has(id) && !sagas.has(id))
      world.violate('START_LOST', `${id} was started, and there is no such saga`)
    else if (!people.started.has(id))
      world.violate('NOT_STARTED', `${id} could not be started, long after all faults stopped`)
  const alike = new Map<string, number>()
  for (const mail of witness.mail.values())
    if (mail.verdict?.accepted) alike.set(textOf(mail), (alike.get(textOf(mail)) ?? 0) + 1)
  for (const mail of witness.mail.values())
    judgeMail(world, mail, alike.get(textOf(mail)) ?? 0, sagas)
  judgePromises(one, sagas)
  for (const judged of sagas.values()) judgeOutcome(one, judged, sagas)
  if (world.elapsedMs - world.swarm.chaosMs > SETTLE_MS) witness.leases.judge(SETTLE_MS)
  if (service.callbacks > 0)
    world.violate('CALLBACK_LOST', `${service.callbacks} callbacks were never taken`)
}

const ONCE = [
  'signal',
  'pause',
  'resume',
  'cancel',
  'rollBack',
  'retry',
  'resolve',
  'giveUp',
  'decide',
  'start',
  'child',
  'unwind',
]
/** Those that sagas send each other: refusing one is losing it. */
const INTERNAL = ['child', 'unwind', 'start']

const textOf = ({ entityId, message }: Mail) => `${entityId} ${JSON.stringify(message)}`

/** `expected`: how many accepted messages say the same; a child may report the same end twice. */
function judgeMail(
  world: World,
  mail: Mail,
  expected: number,
  sagas: ReadonlyMap<string, Judged>,
): void {
  const { id, entityId, message, verdict } = mail
  if (!verdict) return world.violate('MAIL_LOST', `${message.type} ${id} was never taken`)
  if (!ONCE.includes(message.type)) return
  const text = JSON.stringify(message)
  const entries = sagas.get(entityId)?.entries ?? []
  const found = entries.filter((entry) => sameMessage(entry.message, message, text)).length
  if (message.type === 'start') {
    if (found !== 1) world.violate('START_LOST', `${id} is in ${found} entries of ${entityId}`)
    return
  }
  if (!verdict.accepted && INTERNAL.includes(message.type))
    world.violate('REPORT_REFUSED', `${id} was refused by ${entityId}: ${verdict.reason}`)
  if (!verdict.accepted && verdict.code === 'UNAVAILABLE')
    world.violate('MAIL_REFUSED', `${message.type} ${id} was refused for want of a database`)
  if (found !== expected)
    world.violate(
      found > expected ? 'MAIL_TWICE' : 'MAIL_LOST',
      `${message.type} ${id} (${verdict.accepted ? 'accepted' : 'refused'}) is in ${found} entries of ${entityId}`,
    )
}

/** A start learns its version when it is taken. */
function sameMessage(a: Message, b: Message, text: string): boolean {
  if (a.type !== b.type) return false
  return a.type === 'start' || JSON.stringify(a) === text
}

function judgePromises({ world, people }: Case, sagas: ReadonlyMap<string, Judged>): void {
  for (const { sagaId, mark } of people.promised) {
    const entries = sagas.get(sagaId)?.entries ?? []
    const found = entries.filter((entry) => bears(entry.message, mark)).length
    if (found !== 1)
      world.violate(
        'PROMISE_BROKEN',
        `${mark} was accepted by ${sagaId} and is in ${found} entries`,
      )
  }
}

/** Not those of other sagas that pass a reason on. */
function bears(message: Message, mark: string): boolean {
  switch (message.type) {
    case 'signal':
      return message.payload === mark
    case 'decide':
      return message.reasoning === mark
    case 'child':
    case 'unwind':
      return false
    default:
      return 'reason' in message && message.reason === mark
  }
}

async function read(store: SimulatedStore, id: string) {
  const [entity] = await store.inner.load([id])
  const entries = await store.inner.read(id, 0, Number.MAX_SAFE_INTEGER)
  return { ...(entity ? { entity } : {}), entries }
}
