import { describe, expect, it } from 'vitest'
import { createCallbackTokens } from '../../../runtime/participant/callback-token'
import { createSecretKey, parseSecretKeys } from '../../../runtime/security/secret-key'

const first = createSecretKey()
const tokens = createCallbackTokens(parseSecretKeys(first, 'test'))

describe('a callback token', () => {
  it.each([
    ['0198-saga', 'reserve:1'],
    ['parent.map.3', 'a.b.c'],
    ['with "quotes" and / and ü', '1'],
  ])('names exactly saga %s and call %s', (sagaId, call) => {
    expect(tokens.verify(tokens.sign(sagaId, call))).toEqual({ sagaId, call })
  })

  it('goes into a URL path as it is', () => {
    expect(tokens.sign('säga/1', 'c')).toMatch(/^[A-Za-z0-9._-]+$/)
  })

  it('is refused with any character changed', () => {
    const token = tokens.sign('saga', 'call')
    for (let at = 0; at < token.length - 1; at++) {
      const other = token[at] === 'A' ? 'B' : 'A'
      const changed = token.slice(0, at) + other + token.slice(at + 1)
      expect(tokens.verify(changed), changed).toBeNull()
    }
  })

  it.each(['', '.', 'v1', 'v1..', 'v1.e30.', 'x'.repeat(10_000)])('is not %j', (token) => {
    expect(tokens.verify(token)).toBeNull()
  })

  it('is refused with anything behind it, and in another alphabet', () => {
    const token = tokens.sign('saga', 'call')
    for (const more of ['=', '\0', '%00', ' ', '.', '!'])
      expect(tokens.verify(token + more)).toBeNull()
    const end = token.lastIndexOf('.')
    const last = token.at(-1) ?? ''
    // the last character of 43 carries bits that the decoder drops
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const sameBits = alphabet[alphabet.indexOf(last) ^ 1] ?? ''
    expect(tokens.verify(token.slice(0, -1) + sameBits)).toBeNull()
    expect(tokens.verify(`${token.slice(0, end)}=${token.slice(end)}`)).toBeNull()
  })

  it('of another instance is refused', () => {
    const other = createCallbackTokens(parseSecretKeys(createSecretKey(), 'test'))
    expect(tokens.verify(other.sign('saga', 'call'))).toBeNull()
  })

  it('made before a rotation is taken after it', () => {
    const rotated = createCallbackTokens(parseSecretKeys(`${createSecretKey()},${first}`, 'test'))
    expect(rotated.verify(tokens.sign('saga', 'call'))).toEqual({ sagaId: 'saga', call: 'call' })
  })
})
