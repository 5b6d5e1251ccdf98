/**
 * Standard Webhooks signatures (standardwebhooks.com, specification 1.0.0), symmetric scheme `v1`:
 * HMAC-SHA256 over `id.timestamp.payload`. On node:crypto rather than the `standardwebhooks` package, whose
 * HMAC is written in JavaScript and takes one secret; the tests hold both to the same answers.
 *
 * 1. The payload is the bytes on the wire; nothing is parsed before its signature is known to be good.
 * 2. While a secret is rotated every call is signed with all secrets, and one match is enough.
 * 3. An id holds no full stop, so `id.timestamp.payload` can be read in one way only.
 * 4. Signatures are compared in constant time; every secret and signature is tried, match or not.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** How far the sender's clock may be off, either way; also how long a recorded request can be played again. */
export const TOLERANCE_SECONDS = 5 * 60

const PREFIX = 'whsec_'
/** Bounds of the specification: 192 to 512 bits. */
const SECRET_BYTES = { min: 24, max: 64 }
/** More signatures than any rotation needs are an attempt to make us compute. */
const SIGNATURES_MAX = 16

export interface SignedHeaders {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

export type Verification = { ok: true; id: string } | { ok: false; reason: string }

/** A new secret of 256 random bits, in the form that is shown to people: `whsec_` and base64. */
export function createWebhookSecret(): string {
  return PREFIX + randomBytes(32).toString('base64')
}

/** The key bytes of `whsec_…` (the prefix may be missing); throws when it is not base64 of 24 to 64 bytes. */
export function parseWebhookSecret(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret
  const key = Buffer.from(text, 'base64')
  const whole = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  if (!whole || key.length < SECRET_BYTES.min || key.length > SECRET_BYTES.max)
    throw new Error(
      `A webhook secret is ${PREFIX} and base64 of ${SECRET_BYTES.min} to ${SECRET_BYTES.max} bytes; create one with createWebhookSecret()`,
    )
  return key
}

/** The three headers for one request, signed with every key. `id` names the request and holds no full stop. */
export function signWebhook(request: {
  id: string
  atSeconds: number
  payload: string | Uint8Array
  keys: readonly Buffer[]
}): SignedHeaders {
  if (request.id.includes('.')) throw new Error(`A webhook id holds no full stop: ${request.id}`)
  if (request.keys.length === 0) throw new Error('Signing needs at least one secret')
  const timestamp = String(Math.floor(request.atSeconds))
  const signatures = request.keys.map(
    (key) => `v1,${hmac(key, request.id, timestamp, request.payload).toString('base64')}`,
  )
  return {
    'webhook-id': request.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

/** Says whether one of `keys` signed exactly this payload within the tolerance, and if not, why. */
export function verifyWebhook(request: {
  header: (name: keyof SignedHeaders) => string | null | undefined
  payload: string | Uint8Array
  keys: readonly Buffer[]
  nowSeconds: number
}): Verification {
  const id = request.header('webhook-id')
  const timestamp = request.header('webhook-timestamp')
  const signature = request.header('webhook-signature')
  if (!id || !timestamp || !signature)
    return refused('webhook-id, webhook-timestamp and webhook-signature are needed')
  if (id.includes('.')) return refused('webhook-id holds a full stop')
  if (!/^[0-9]{1,12}$/.test(timestamp)) return refused('webhook-timestamp is not in seconds')
  const ageSeconds = request.nowSeconds - Number(timestamp)
  if (ageSeconds > TOLERANCE_SECONDS) return refused('webhook-timestamp is too old')
  if (ageSeconds < -TOLERANCE_SECONDS) return refused('webhook-timestamp is in the future')

  const given = signature
    .split(' ', SIGNATURES_MAX)
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice(3), 'base64'))
  let matches = 0
  for (const key of request.keys) {
    const expected = hmac(key, id, timestamp, request.payload)
    for (const one of given)
      if (one.length === expected.length && timingSafeEqual(one, expected)) matches++
  }
  return matches > 0 ? { ok: true, id } : refused('no signature matches')
}

function hmac(key: Buffer, id: string, timestamp: string, payload: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(payload).digest()
}

function refused(reason: string): Verification {
  return { ok: false, reason }
}
