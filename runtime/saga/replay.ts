/**
 * Stored entity → snapshot: the newest stored snapshot, then each later message decided again. The facts must come out
 * as they are stored; if they do not, this code may not run that saga, and says so instead of going on.
 */
import type { CompiledSaga } from '../compiler/compile'
import { SagaError } from '../errors'
import type { StoredEntity } from '../journal/store'
import { canonicalJson } from '../security/digest'
import { decide } from './decide'
import { knownFormat, NEWEST_FORMAT } from './format'
import type { SagaState } from './state'

/** Throws CONFLICT naming the entry that decides differently than it did. Null for an entity without entries. */
export function replay(saga: CompiledSaga, entity: StoredEntity): SagaState | null {
  let state: SagaState | null = null
  if (entity.snapshot) {
    state = entity.snapshot.data as SagaState
    if (knownFormat(state.format) === null)
      throw new SagaError(
        'UNSUPPORTED',
        `Saga ${entity.entityId} has a snapshot of format ${state.format}; this version reads formats up to ${NEWEST_FORMAT}`,
      )
  }
  const stored = state
  for (const { seq, at, message, facts } of entity.entries) {
    // What an earlier turn of this loop returned is nobody else's.
    const owned = state !== stored
    const decided = decide(saga, state, message, { entityId: entity.entityId, at, seq, owned })
    const now = decided.accepted && decided.changed ? decided.facts : null
    if (!decided.accepted || !decided.changed || canonicalJson(now) !== canonicalJson(facts))
      throw new SagaError(
        'CONFLICT',
        `Entry ${seq} of saga ${entity.entityId} (${message.type}) is decided differently than when it was written; ` +
          'run it with the version that wrote it',
        { expected: facts, got: now },
      )
    state = decided.state
  }
  return state
}
