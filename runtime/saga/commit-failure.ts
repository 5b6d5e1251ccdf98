/**
 * What a failed commit means for those that were in it. They are read back in any case; this says what else.
 *
 * 1. The store is not there, or its answer was lost (UNAVAILABLE): a pause, then again.
 * 2. A race lost: again at once; an error that says nothing: after a pause. A second time, after a pause and each alone, for it
 *    may be one that spoils it for all; after CONFLICTS_MAX times that one is left alone.
 * 3. Anything else comes from what was to be stored, whoever throws it: an encoder, the store's checks, the database. The one
 *    that the error names (`details.entityId`) is left alone. Where none is named each is tried alone, and the one that fails
 *    alone is left alone.
 * 4. A statement of a transactional step that cannot be carried out: that step has failed, which is its result.
 */
import { isSagaError } from '../errors'
import type { RefusedStatement } from '../journal/store'
import type { Resident } from './resident'

const PAUSE_MS = 200
const CONFLICTS_MAX = 6

/** How long to wait before reading back, and whom to leave alone. Changes how the batch is tried again. */
export function takeIn(
  batch: readonly Resident[],
  error: unknown,
): { pauseMs: number; leave: Resident | null } {
  const code = isSagaError(error) ? error.code : null
  const refused = isSagaError(error) ? (error.details.statement as RefusedStatement) : undefined
  if (refused) {
    refuse(batch, refused)
    return { pauseMs: 0, leave: null }
  }
  if (code === 'UNAVAILABLE') return { pauseMs: PAUSE_MS, leave: null }
  if (code === null ? isOfData(error) : code !== 'CONFLICT')
    return { pauseMs: 0, leave: named(batch, error) ?? isolate(batch) }
  let conflicts = 0
  for (const resident of batch) conflicts = Math.max(conflicts, ++resident.conflicts)
  if (conflicts === 1) return { pauseMs: code === null ? PAUSE_MS : 0, leave: null }
  const only = isolate(batch)
  return { pauseMs: PAUSE_MS, leave: conflicts >= CONFLICTS_MAX ? only : null }
}

/** What JavaScript throws at a value, and no connection ever does. */
const isOfData = (error: unknown) => error instanceof RangeError || error instanceof TypeError

function named(batch: readonly Resident[], error: unknown): Resident | null {
  const entityId = isSagaError(error) ? error.details.entityId : undefined
  return batch.find(({ id }) => id === entityId) ?? null
}

/** The one that failed alone. Otherwise null, and each is alone in its next commit. */
function isolate(batch: readonly Resident[]): Resident | null {
  const [only] = batch
  if (only && batch.length === 1) return only
  for (const resident of batch) resident.alone = true
  return null
}

function refuse(batch: readonly Resident[], refused: RefusedStatement): void {
  const { entityId, call, kind, code, message } = refused
  const resident = batch.find(({ id }) => id === entityId)
  for (const item of resident?.queue ?? []) {
    if (item.message.type !== 'result' || item.message.call !== call) continue
    item.message = { type: 'result', call, outcome: { ok: false, kind, code, message } }
    delete item.statements
  }
}
