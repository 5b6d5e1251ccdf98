/**
 * Digests: the name of a published document, and equality of values. The journal's hash chain is in chain.ts.
 *
 * 1. Canonical JSON sorts object keys and drops undefined values, so equal values have equal digests.
 * 2. SHA-256, lower-case hex. Pure JavaScript, so that browser and server agree without a port.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** SHA-256 of a text's UTF-8 bytes, as 64 hex digits. */
export function digestText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}

/** SHA-256 of a JSON value's canonical form. */
export function digestJson(value: unknown): string {
  return digestText(canonicalJson(value))
}

/** JSON with sorted keys (code unit order), as RFC 8785 for the values we use. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
    return `{${fields.join(',')}}`
  }
  return JSON.stringify(value ?? null)
}
