/**
 * Residents from the store: their newest snapshots and the entries after them, decided again. One read for all of them.
 *
 * What is wrong with one (its definition is missing, it does not replay) is told of that one, and the rest are read.
 */
import { isSagaError } from '../errors'
import type { Store, StoredEntity } from '../journal/store'
import type { Definitions } from './definitions'
import { replay } from './replay'
import { type Resident, unknownState } from './resident'
import { isActive, openSteps } from './to-commit'

export interface ReadBackOptions {
  store: Store
  definitions: Definitions
  /** This one was found, newer than what was known of it. */
  restored(resident: Resident): void
  /** This one cannot be had. */
  leave(resident: Resident, what: string, error: unknown): void
}

/** Throws UNAVAILABLE, and then some are unread. When reading them together fails otherwise, each is read alone. */
export async function readBack(
  residents: readonly Resident[],
  { store, definitions, restored, leave }: ReadBackOptions,
): Promise<void> {
  let stored: StoredEntity[]
  try {
    stored = await store.load(residents.map((one) => one.id))
  } catch (error) {
    if (isUnavailable(error)) throw error
    const [only, ...others] = residents
    if (only && others.length === 0)
      return leave(only, 'A saga could not be read; it is left alone for now', error)
    for (const one of residents) await readBack([one], { store, definitions, restored, leave })
    return
  }
  const found = new Map(stored.map((entity) => [entity.entityId, entity]))
  for (const resident of residents) {
    const entity = found.get(resident.id)
    if (!entity) Object.assign(resident, unknownState(), { seq: 0 })
    else if (resident.seq < entity.seq)
      try {
        await restore(entity, resident, definitions)
        restored(resident)
      } catch (error) {
        if (isUnavailable(error)) throw error
        leave(resident, 'A saga could not be read back; it is left alone for now', error)
      }
  }
}

const isUnavailable = (error: unknown) => isSagaError(error) && error.code === 'UNAVAILABLE'

async function restore(entity: StoredEntity, resident: Resident, definitions: Definitions) {
  const saga = definitions.known(entity.digest) ?? (await definitions.byDigest(entity.digest))
  const state = replay(saga, entity)
  const open = state ? openSteps(state) : new Set<string>()
  Object.assign(resident, {
    saga,
    state,
    open,
    seq: entity.seq,
    hash: entity.hash,
    snapshotSeq: entity.snapshot?.seq ?? 0,
    snapshotSize: entity.size?.snapshot ?? 0,
    entriesSize: entity.size?.entries ?? 0,
    active: state !== null && isActive(state),
  })
}
