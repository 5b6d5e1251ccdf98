/**
 * The instance's secret keys: 32 random bytes each, from the environment (`SAGAWRIGHT_KEY`) or from a file that is
 * made on first use. Everything that is sealed or signed at rest hangs on them; who loses the file loses the
 * participants' secrets, so it belongs in the backup, and not in the same one as the database.
 *
 * 1. The first key seals and signs; further ones only open what they sealed before (rotation: put the new one first).
 * 2. A file is created whole or not at all, readable by its owner only; two processes starting at once get one key.
 * 3. A key is never used as it is: each purpose gets its own by HKDF (`deriveKey`).
 */
import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const KEY_BYTES = 32

export interface SecretKey {
  /** Names the key in what it sealed; derived from the key, reveals nothing of it. */
  id: string
  bytes: Buffer
}

export interface SecretKeys {
  current: SecretKey
  /** The current one first. */
  all: readonly SecretKey[]
}

/** `text` is the value of SAGAWRIGHT_KEY when that is set; else `file` is read, or created with a new key. */
export function loadSecretKeys(from: { text?: string | undefined; file?: string }): SecretKeys {
  if (from.text?.trim()) return parseSecretKeys(from.text, 'SAGAWRIGHT_KEY')
  if (!from.file)
    throw new Error(
      'No secret key: set SAGAWRIGHT_KEY to 32 random bytes in base64, or name a file',
    )
  const existing = readIfThere(from.file)
  if (existing !== undefined) return parseSecretKeys(existing, from.file)
  createKeyFile(from.file)
  return parseSecretKeys(readFileSync(from.file, 'utf8'), from.file)
}

/** Keys as text: base64, base64url or hex of 32 bytes each, separated by commas or white space, newest first. */
export function parseSecretKeys(text: string, source: string): SecretKeys {
  const all = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((one) => toSecretKey(decode(one, source)))
  const current = all[0]
  if (!current) throw new Error(`${source} holds no key; 32 random bytes in base64 are needed`)
  return { current, all }
}

/** A new key as the text that `parseSecretKeys` reads. */
export function createSecretKey(): string {
  return randomBytes(KEY_BYTES).toString('base64')
}

/** 32 bytes for one purpose (RFC 5869, SHA-256): the same key and purpose give the same bytes. */
export function deriveKey(key: SecretKey, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.bytes, '', `sagawright/${purpose}/1`, KEY_BYTES))
}

function toSecretKey(bytes: Buffer): SecretKey {
  const digest = createHash('sha256').update('sagawright/key-id/1').update(bytes).digest('hex')
  return { id: digest.slice(0, 16), bytes }
}

function decode(text: string, source: string): Buffer {
  const bytes = /^[0-9a-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : Buffer.from(text, 'base64url')
  if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/_=-]+$/.test(text))
    throw new Error(
      `${source} holds a key of ${bytes.length} bytes; ${KEY_BYTES} in base64 are needed (openssl rand -base64 32)`,
    )
  return bytes
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function createKeyFile(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `${createSecretKey()}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    // link() refuses to replace: of two processes the second finds the first one's key
    linkSync(draft, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(draft)
  }
}
