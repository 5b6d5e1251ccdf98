/**
 * What people and services ask of a saga becomes a message; nothing is decided here.
 *
 * 1. The message's id comes from the caller's `idempotencyKey`, with the saga, verb, step and (for a decision) the entry it
 *    was made on: what is asked again under the same key is posted once, and gets the first answer, a refusal included.
 *    Mail that was dealt with is remembered for a week.
 */
import { SagaError } from '../errors'
import type { Message } from '../journal/entry'
import type { Envelope } from '../journal/store'
import type { Ids } from '../ports'
import type { SagaRequest } from '../runtime'
import { digestText } from '../security/digest'
import { checkedData, DEPTH_MAX } from '../storable'
import { CHILD_MARK } from './child-records'

/** Characters of an id that a caller chose. Its children's are longer. */
const CHOSEN_MAX = 128
const ID_MAX = 2_000
/** A signal's payload lies one level down. */
const BOUNDS = { depthMax: DEPTH_MAX + 1 }

/** Throws INVALID_INPUT for what cannot be the id of a saga. A store would change such an id, and the saga be lost. */
export function checkSagaId(id: string, max = ID_MAX): void {
  if (id.length > 0 && id.length <= max && !/[\p{Cc}\p{Cs}]/u.test(id)) return
  throw new SagaError(
    'INVALID_INPUT',
    `${JSON.stringify(id.slice(0, 200))} cannot be the id of a saga: use 1 to ${max} characters, no control characters`,
  )
}

/** Throws INVALID_INPUT for what cannot be the id of a new saga, a name that only a child may have included. */
export function checkNewSagaId(id: string): void {
  checkSagaId(id, CHOSEN_MAX)
  if (id.includes(CHILD_MARK))
    throw new SagaError(
      'INVALID_INPUT',
      `${JSON.stringify(id)} cannot be the id of a new saga: two dots in a row are kept for the ids of child sagas; leave one out`,
    )
}

/** The message, ready to be posted. Throws INVALID_INPUT. */
export function envelopeOf(request: SagaRequest, ids: Ids): Envelope {
  const { sagaId, idempotencyKey } = request
  checkSagaId(sagaId)
  if (idempotencyKey !== undefined) checkedData(idempotencyKey, {}, ['idempotencyKey'])
  const id =
    idempotencyKey === undefined ? ids.uuid() : digestText(JSON.stringify(identity(request)))
  return { id: `ask:${id}`, entityId: sagaId, message: checkedData(messageOf(request, id), BOUNDS) }
}

function identity(request: SagaRequest): unknown[] {
  const { verb, sagaId, idempotencyKey } = request
  const which = 'step' in request ? request.step : 'name' in request ? request.name : null
  return [sagaId, verb, which, 'seenSeq' in request ? request.seenSeq : null, idempotencyKey]
}

function messageOf(request: SagaRequest, id: string): Message {
  switch (request.verb) {
    case 'pause':
    case 'resume':
    case 'cancel':
    case 'rollBack':
      return { type: request.verb, by: request.by, reason: request.reason }
    case 'retryStep':
    case 'resolveStep': {
      const { verb, step, by, reason } = request
      return { type: verb === 'retryStep' ? 'retry' : 'resolve', step, by, reason }
    }
    case 'giveUp': {
      const { verb, step, by, reason } = request
      return { type: verb, step, by, reason }
    }
    case 'signal': {
      const { name, payload, by } = request
      return { type: 'signal', name, payload, ...(by ? { by } : {}) }
    }
    case 'decide': {
      const { step, decision, reasoning, conditions = [], seenSeq, previewDigest, by } = request
      return {
        type: 'decide',
        step,
        decision,
        decisionId: id,
        reasoning,
        conditions,
        seenSeq,
        by,
        ...(previewDigest === undefined ? {} : { previewDigest }),
      }
    }
    default: {
      const never: never = request
      throw new Error(`Unknown verb ${JSON.stringify(never)}`)
    }
  }
}
