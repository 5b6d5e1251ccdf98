/**
 * Secrets at rest: AES-256-GCM under a key of the record's own, which HKDF-SHA-256 makes from the instance key, a
 * random salt and the record's name. For participants' secrets; not for data that must be searched.
 *
 * 1. A sealed text opens only under the name it was sealed for (additional data): rows cannot be swapped.
 * 2. No nonce can repeat under one key in practice: each record has a key of its own from a 256-bit salt.
 * 3. The key is committed to, so one sealed text cannot be made to open under two keys (plain GCM allows that).
 * 4. Nothing of the plaintext leaves before the tag was checked.
 *
 * Form: `v1.<key id>.<base64url of salt 32 | nonce 12 | commitment 32 | tag 16 | ciphertext>`.
 */
import {
  createCipheriv,
  createDecipheriv,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { SecretKey, SecretKeys } from './secret-key'

const SALT = 32
const NONCE = 12
const COMMITMENT = 32
const TAG = 16
const HEAD = SALT + NONCE + COMMITMENT + TAG
/** Secrets are short; anything longer is a mistake. */
const PLAINTEXT_BYTES_MAX = 64 * 1024

/** Seals `plaintext` for the record called `name`, e.g. `participant/budget-ledger/secret`. */
export function seal(keys: SecretKeys, name: string, plaintext: string): string {
  const bytes = Buffer.from(plaintext, 'utf8')
  if (bytes.length > PLAINTEXT_BYTES_MAX)
    throw new Error(`${name} is larger than ${PLAINTEXT_BYTES_MAX} bytes and cannot be sealed`)
  const salt = randomBytes(SALT)
  const nonce = randomBytes(NONCE)
  const { key, commitment } = recordKey(keys.current, name, salt)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  cipher.setAAD(Buffer.from(name, 'utf8'))
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()])
  const whole = Buffer.concat([salt, nonce, commitment, cipher.getAuthTag(), ciphertext])
  return `v1.${keys.current.id}.${whole.toString('base64url')}`
}

/** The plaintext; throws when the text is damaged, sealed for another record, or its key is not among ours. */
export function open(keys: SecretKeys, name: string, sealed: string): string {
  const [version, keyId, body, rest] = sealed.split('.')
  if (version !== 'v1' || !keyId || !body || rest !== undefined)
    throw new Error(`${name} does not hold a sealed secret`)
  const secretKey = keys.all.find((one) => one.id === keyId)
  if (!secretKey)
    throw new Error(
      `${name} was sealed with key ${keyId}, which this instance does not have: add it to SAGAWRIGHT_KEY, or set the secret anew`,
    )
  const whole = Buffer.from(body, 'base64url')
  if (whole.length < HEAD) throw new Error(`${name} does not hold a sealed secret`)
  const salt = whole.subarray(0, SALT)
  const nonce = whole.subarray(SALT, SALT + NONCE)
  const given = whole.subarray(SALT + NONCE, SALT + NONCE + COMMITMENT)
  const { key, commitment } = recordKey(secretKey, name, salt)
  try {
    if (!timingSafeEqual(given, commitment)) throw new Error('wrong key or name')
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
    decipher.setAAD(Buffer.from(name, 'utf8'))
    decipher.setAuthTag(whole.subarray(HEAD - TAG, HEAD))
    return Buffer.concat([decipher.update(whole.subarray(HEAD)), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new Error(`${name} cannot be opened: damaged, or sealed for another record`, { cause })
  }
}

/** True when it was sealed with an older key and should be sealed again. */
export function isSealedWithOldKey(keys: SecretKeys, sealed: string): boolean {
  return sealed.split('.')[1] !== keys.current.id
}

function recordKey(secretKey: SecretKey, name: string, salt: Buffer) {
  const info = `sagawright/seal/1/${name}`
  const bytes = Buffer.from(hkdfSync('sha256', secretKey.bytes, salt, info, 32 + COMMITMENT))
  return { key: bytes.subarray(0, 32), commitment: bytes.subarray(32) }
}
