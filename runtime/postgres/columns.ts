/**
 * Columns of rows as arrays in PostgreSQL's binary format (array_recv): one parameter per column, whatever the number of
 * rows. Text arrays in text format would be escaped character by character here and taken apart again there; these are
 * copied. Each function answers null for no rows, which `commit_entities` takes for "nothing to do".
 *
 * `texts` refuses nothing: PostgreSQL itself refuses NUL in a key. `shown` is for what only people read: NUL and lone
 * surrogates become the replacement character there. Numbers are refused unless they come out as they went in: the views
 * that write them would cut and wrap around in silence.
 */
import { SagaError } from '../errors'
import { isInstant } from '../journal/commit-rules'

const OID = { bool: 16, int8: 20, int4: 23, text: 25, json: 114 } as const
const HEADER_BYTES = 20
/** Space for the length that precedes each element; -1 there is null. */
const LENGTH_BYTES = 4

/** Where arrays are put together; grown when one does not fit, and kept. */
let scratch = Buffer.allocUnsafe(1 << 18)
/** The same bytes: numbers are written through it, which V8 compiles to single instructions. */
let view = viewOf(scratch)

type Maybe<T> = T | null | undefined

/** text[]; null and undefined are null. */
export function texts(values: readonly Maybe<string>[]): Buffer | null {
  return strings(OID.text, values)
}

/** json[] of JSON texts; the server checks that they are JSON. */
export function jsons(values: readonly Maybe<string>[]): Buffer | null {
  return strings(OID.json, values)
}

function strings(oid: number, values: readonly Maybe<string>[]): Buffer | null {
  if (values.length === 0) return null
  let at = begin(oid, values.length)
  for (let n = 0; n < values.length; n++) {
    const value = values[n]
    if (value === null || value === undefined) {
      at = putNull(at)
      continue
    }
    // UTF-8 takes at most three bytes for each UTF-16 code unit.
    reserve(at, LENGTH_BYTES + value.length * 3)
    const bytes = scratch.write(value, at + LENGTH_BYTES, 'utf8')
    view.setInt32(at, bytes)
    at += LENGTH_BYTES + bytes
  }
  return end(at)
}

/** text[] of what PostgreSQL's text can hold of each value. Lone surrogates are replaced by the encoding itself. */
export function shown(values: readonly Maybe<string>[]): Buffer | null {
  const writable = values.some((value) => value?.includes('\0'))
    ? values.map((value) => value?.replaceAll('\0', '\ufffd'))
    : values
  return texts(writable)
}

/** int4[] */
export function ints(values: readonly Maybe<number>[]): Buffer | null {
  if (values.length === 0) return null
  let at = begin(OID.int4, values.length)
  for (let n = 0; n < values.length; n++) {
    const value = values[n]
    reserve(at, LENGTH_BYTES + 4)
    if (value === null || value === undefined) {
      at = putNull(at)
      continue
    }
    if ((value | 0) !== value) throw unfit(value, 'a whole number of 32 bits')
    view.setInt32(at, 4)
    view.setInt32(at + LENGTH_BYTES, value)
    at += LENGTH_BYTES + 4
  }
  return end(at)
}

/** int8[] of instants, in milliseconds. Throws INVALID_INPUT for what is none. */
export function instants(values: readonly Maybe<number>[]): Buffer | null {
  for (const value of values)
    if (value !== null && value !== undefined && !isInstant(value))
      throw unfit(value, 'an instant in whole milliseconds')
  return bigints(values)
}

/** int8[]. Throws INVALID_INPUT for a number that is not whole and safe. */
export function bigints(values: readonly Maybe<number | bigint>[]): Buffer | null {
  if (values.length === 0) return null
  let at = begin(OID.int8, values.length)
  for (let n = 0; n < values.length; n++) {
    const value = values[n]
    reserve(at, LENGTH_BYTES + 8)
    if (value === null || value === undefined) {
      at = putNull(at)
      continue
    }
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      throw unfit(value, 'a whole number that is safe')
    view.setInt32(at, 8)
    view.setBigInt64(at + LENGTH_BYTES, BigInt(value))
    at += LENGTH_BYTES + 8
  }
  return end(at)
}

/** bool[] */
export function bools(values: readonly Maybe<boolean>[]): Buffer | null {
  if (values.length === 0) return null
  let at = begin(OID.bool, values.length)
  for (let n = 0; n < values.length; n++) {
    const value = values[n]
    reserve(at, LENGTH_BYTES + 1)
    if (value === null || value === undefined) {
      at = putNull(at)
      continue
    }
    view.setInt32(at, 1)
    scratch[at + LENGTH_BYTES] = value ? 1 : 0
    at += LENGTH_BYTES + 1
  }
  return end(at)
}

function unfit(value: number, what: string): SagaError {
  return new SagaError('INVALID_INPUT', `${value} cannot be stored: it is not ${what}`)
}

/** One dimension, which begins at 1; that nulls may come is said always, and harmless. */
function begin(oid: number, length: number): number {
  view.setInt32(0, 1)
  view.setInt32(4, 1)
  view.setInt32(8, oid)
  view.setInt32(12, length)
  view.setInt32(16, 1)
  return HEADER_BYTES
}

function putNull(at: number): number {
  reserve(at, LENGTH_BYTES)
  view.setInt32(at, -1)
  return at + LENGTH_BYTES
}

function reserve(at: number, bytes: number): void {
  if (at + bytes <= scratch.length) return
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + bytes))
  scratch.copy(larger, 0, 0, at)
  scratch = larger
  view = viewOf(larger)
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

/** A copy: the query may wait for its connection while the next arrays are made. */
function end(at: number): Buffer {
  return Buffer.from(scratch.subarray(0, at))
}
