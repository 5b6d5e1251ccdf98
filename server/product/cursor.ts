/**
 * Keyset cursors: where a page ended, as an opaque text. Lists go on after the last row they showed, never by counting
 * rows to skip, so page 2,000 costs what page 1 costs and nothing is shown twice while rows arrive.
 */
import { z } from 'zod'
import { SagaError } from '@/runtime/errors'
import { flawOf } from '@/runtime/storable'

/** A place in a list: an instant in ms that a database can hold. */
export const cursorInstant = z.int().min(0).max(253_402_300_799_999)
/** A place in a list: a whole number that a column can hold. */
export const cursorNumber = z.int().min(0).max(2_147_483_647)

/** A position as text: JSON in base64url. */
export function writeCursor(position: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** Reads a position back; throws INVALID_INPUT when it was not made by this list. */
export function readCursor<T extends z.ZodType>(
  cursor: string | null | undefined,
  shape: T,
): z.infer<T> | null {
  if (!cursor) return null
  const parsed = shape.safeParse(parseJson(cursor))
  if (parsed.success && !flawOf(parsed.data)) return parsed.data
  throw new SagaError(
    'INVALID_INPUT',
    'This cursor is not one of this list. Start at the first page.',
  )
}

/** Cuts `limit + 1` rows read to a page of `limit` and its cursor. */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  {
    item,
    position,
  }: { item: (row: Row) => Item; position: (row: Row) => (string | number | null)[] },
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(item),
    nextCursor: rows.length > limit && last ? writeCursor(position(last)) : null,
  }
}

/** `%text%` for ILIKE, with the text's own wildcards taken literally. */
export const contains = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`

function parseJson(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
