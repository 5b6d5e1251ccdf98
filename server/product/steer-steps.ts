/**
 * Retry and resolve on many sagas. Who asks for a thousand at once names no steps: those that take the verb are found in
 * each saga's journal, by the rules that the runtime refuses by.
 *
 * 1. A few journals are read at a time, so that a thousand sagas do not take the connections of everybody else.
 * 2. One answer for each saga; it is refused if one of its steps is.
 */
import { isSagaError, SagaError } from '@/runtime/errors'
import type { Actor, Entry } from '@/runtime/journal/entry'
import { stepsOf } from '@/runtime/projection/document-steps'
import { emptyRunView, foldEntries } from '@/runtime/projection/run-view'
import { stepsThatTake } from '@/runtime/projection/steered-run'
import type { SagaAnswer } from '../api/contract'
import type { Host } from '../host'
import { getVersion } from './definitions'

/** Journals read at the same time. */
const READERS = 4
/** Entries read at once. */
const PAGE = 1_000

interface Request {
  verb: 'retryStep' | 'resolveStep'
  sagaIds: readonly string[]
  /** Default: every step that takes the verb now. */
  step?: string | undefined
  reason: string
  by: Actor
}

type Refused = Extract<SagaAnswer, { error: unknown }>['error']

export async function steerSteps(host: Host, request: Request): Promise<SagaAnswer[]> {
  const { verb, sagaIds, reason, by } = request
  const found = new Array<string[] | Refused>(sagaIds.length)
  let next = 0
  const read = async () => {
    for (let n = next++; n < sagaIds.length; n = next++)
      found[n] = await stepsOrRefusal(host, request, sagaIds[n] as string)
  }
  await Promise.all(Array.from({ length: READERS }, read))
  const requests = found.flatMap((steps, n) =>
    Array.isArray(steps)
      ? steps.map((step) => ({ verb, sagaId: sagaIds[n] as string, step, by, reason }))
      : [],
  )
  const answers: SagaAnswer[] = []
  for (let at = 0; at < requests.length; at += PAGE)
    answers.push(...(await host.runtime.sendMany(requests.slice(at, at + PAGE))))
  let place = 0
  return sagaIds.map((sagaId, n) => {
    const steps = found[n]
    if (!Array.isArray(steps)) return { sagaId, error: steps as Refused }
    const own = answers.slice(place, place + steps.length)
    place += steps.length
    return own.find((answer) => 'error' in answer) ?? { sagaId }
  })
}

async function stepsOrRefusal(
  host: Host,
  { verb, step }: Request,
  sagaId: string,
): Promise<string[] | Refused> {
  if (step !== undefined) return [step]
  try {
    const steps = await findSteps(host, verb, sagaId)
    if (steps.length > 0) return steps
    const what = verb === 'retryStep' ? 'retried' : 'resolved by hand'
    return { code: 'WRONG_STATE', message: `Saga ${sagaId} has no step that can be ${what} now` }
  } catch (error) {
    if (!isSagaError(error)) throw error
    return { code: error.code, message: error.message }
  }
}

async function findSteps(host: Host, verb: Request['verb'], sagaId: string): Promise<string[]> {
  const row = await host.db.sagaExecution.findUnique({
    where: { sagaId },
    select: { sagaType: true, definitionVersion: true },
  })
  if (!row) throw new SagaError('NOT_FOUND', `There is no saga ${sagaId}.`)
  const { document } = await getVersion(host.db, row.sagaType, row.definitionVersion)
  let view = emptyRunView(document)
  let entries: Entry[]
  do {
    entries = await host.runtime.journal(sagaId, view.seq, PAGE)
    view = foldEntries(entries, view)
  } while (entries.length === PAGE)
  return stepsThatTake(verb, view, stepsOf(document))
}
