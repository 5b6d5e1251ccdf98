/**
 * The journal's hash chain: each entry's hash binds it to all before it in its entity.
 *
 * 1. What is hashed is the very text that is stored, so checking a chain needs no knowledge of JSON.
 * 2. It runs in Node alone, for its native SHA-256: the engine hashes every entry that it writes.
 */
import { hash } from 'node:crypto'

/** What the first entry is chained to. */
export const GENESIS = '0'.repeat(64)

export interface ChainedEntry {
  entityId: string
  seq: number
  at: number
  /** JSON texts as stored. */
  message: string
  facts: string
}

/** The next link: SHA-256, lower-case hex. */
export function chainHash(previous: string, entry: ChainedEntry): string {
  const { entityId, seq, at, message, facts } = entry
  return hash('sha256', `${previous}\n${seq} ${at} ${entityId}\n${message}\n${facts}`)
}
