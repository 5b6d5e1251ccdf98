import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  createSecretKey,
  deriveKey,
  loadSecretKeys,
  parseSecretKeys,
} from '../../../runtime/security/secret-key'

const folder = mkdtempSync(path.join(tmpdir(), 'secret-key-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the secret key', () => {
  it('is created once, for its owner only, and read again', () => {
    const file = path.join(folder, 'deep', 'secret.key')
    const first = loadSecretKeys({ file })
    expect(loadSecretKeys({ file }).current.id).toBe(first.current.id)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(first.current.bytes).toHaveLength(32)
  })

  it('comes from the environment when that has one, and leaves the file alone', () => {
    const file = path.join(folder, 'unused.key')
    const text = createSecretKey()
    expect(loadSecretKeys({ text, file }).current.bytes.toString('base64')).toBe(text)
    expect(() => readFileSync(file)).toThrow('ENOENT')
  })

  it('reads hex and base64url alike, the newest first', () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => i * 8))
    const keys = parseSecretKeys(`${createSecretKey()}, ${bytes.toString('hex')}`, 'test')
    expect(keys.all).toHaveLength(2)
    expect(keys.all[1]?.id).toBe(parseSecretKeys(bytes.toString('base64url'), 'test').current.id)
  })

  it.each(['', 'password', createSecretKey().slice(4), `${createSecretKey()} x`])(
    'refuses %j and says what is needed',
    (text) => {
      expect(() => parseSecretKeys(text, 'SAGAWRIGHT_KEY')).toThrow(/SAGAWRIGHT_KEY.*base64/)
    },
  )

  it('gives each purpose its own key, always the same', () => {
    const { current } = parseSecretKeys(Buffer.alloc(32, 7).toString('base64'), 'test')
    expect(deriveKey(current, 'a')).toEqual(deriveKey(current, 'a'))
    expect(deriveKey(current, 'a')).not.toEqual(deriveKey(current, 'b'))
  })

  it('has an id that is written into sealed texts and so must never change', () => {
    const { current } = parseSecretKeys(Buffer.alloc(32, 7).toString('base64'), 'test')
    expect(current.id).toMatchInlineSnapshot(`"3efb4599cf5b8ba4"`)
    expect(deriveKey(current, 'callback-token').toString('hex')).toMatchInlineSnapshot(
      `"e4241451de17e99c28d3f5f05dff7f295dfba218b06b00fd215fe3f26ba21e7d"`,
    )
  })
})
