/**
 * The token of a call that will be completed later: whoever holds it may deliver the result of exactly that call
 * of exactly that saga, and nothing else. Signed, not stored: `v1.<saga and call>.<HMAC-SHA256>`.
 *
 * It does not expire by itself. A result that comes too late, or twice, is the saga's to refuse: it knows its calls.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { deriveKey, type SecretKeys } from '../security/secret-key'

/** Longer than any token we make; a bound before any work is done. */
const TOKEN_LENGTH_MAX = 8192

const payloadSchema = z.tuple([z.string().min(1), z.string().min(1)])

export interface CallbackTokens {
  sign(sagaId: string, call: string): string
  /** Null for anything that `sign` did not make with one of the keys. */
  verify(token: string): { sagaId: string; call: string } | null
}

/** Tokens are signed with the current key and taken from any; rotation does not orphan calls under way. */
export function createCallbackTokens(keys: SecretKeys): CallbackTokens {
  const derived = keys.all.map((key) => deriveKey(key, 'callback-token'))
  const current = derived[0] ?? deriveKey(keys.current, 'callback-token')
  return {
    sign(sagaId, call) {
      const head = `v1.${Buffer.from(JSON.stringify([sagaId, call])).toString('base64url')}`
      return `${head}.${mac(current, head).toString('base64url')}`
    },
    verify(token) {
      if (token.length > TOKEN_LENGTH_MAX) return null
      const end = token.lastIndexOf('.')
      const head = token.slice(0, end)
      if (!head.startsWith('v1.')) return null
      const given = Buffer.from(token.slice(end + 1), 'base64url')
      // the decoder overlooks what is not base64url: only the text that we made is a token
      if (given.toString('base64url') !== token.slice(end + 1)) return null
      let good = false
      for (const key of derived) {
        const expected = mac(key, head)
        if (given.length === expected.length && timingSafeEqual(given, expected)) good = true
      }
      if (!good) return null
      const parsed = payloadSchema.safeParse(
        JSON.parse(Buffer.from(head.slice(3), 'base64url').toString('utf8')),
      )
      return parsed.success ? { sagaId: parsed.data[0], call: parsed.data[1] } : null
    },
  }
}

function mac(key: Buffer, head: string): Buffer {
  return createHmac('sha256', key).update(head).digest()
}
