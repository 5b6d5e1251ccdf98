import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSealedWithOldKey, open, seal } from '../../../runtime/security/seal'
import { createSecretKey, parseSecretKeys } from '../../../runtime/security/secret-key'

const first = createSecretKey()
const second = createSecretKey()
const keys = parseSecretKeys(first, 'test')
const NAME = 'participant/budget-ledger/secret'

describe('a sealed secret', () => {
  it('opens under its name, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (name, text) => {
          expect(open(keys, name, seal(keys, name, text))).toBe(text)
        },
      ),
    )
  })

  it('shows nothing of what it holds, and differs each time', () => {
    const sealed = seal(keys, NAME, 'whsec_plain')
    expect(sealed).not.toContain('whsec')
    expect(seal(keys, NAME, 'whsec_plain')).not.toBe(sealed)
  })

  it('does not open in another row', () => {
    const sealed = seal(keys, NAME, 'x')
    expect(() => open(keys, 'participant/other/secret', sealed)).toThrow('another record')
  })

  it('does not open with any byte changed', () => {
    const sealed = seal(keys, NAME, 'a secret')
    const [version, id, body = ''] = sealed.split('.')
    const bytes = Buffer.from(body, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      const text = `${version}.${id}.${damaged.toString('base64url')}`
      expect(() => open(keys, NAME, text), `byte ${at}`).toThrow('cannot be opened')
    }
  })

  it('opens after a rotation, and says that it should be sealed again', () => {
    const sealed = seal(keys, NAME, 'x')
    const rotated = parseSecretKeys(`${second},${first}`, 'test')
    expect(open(rotated, NAME, sealed)).toBe('x')
    expect(isSealedWithOldKey(rotated, sealed)).toBe(true)
    expect(isSealedWithOldKey(rotated, seal(rotated, NAME, 'x'))).toBe(false)
  })

  it('names the missing key when it cannot be opened for want of it', () => {
    const sealed = seal(keys, NAME, 'x')
    expect(() => open(parseSecretKeys(second, 'test'), NAME, sealed)).toThrow(keys.current.id)
  })

  it.each(['', 'plain text', 'v1.abc', 'v2.a.b', `v1.${keys.current.id}.AAAA`])(
    'is not %j',
    (text) => {
      expect(() => open(keys, NAME, text)).toThrow(NAME)
    },
  )

  it('sealed by an earlier release still opens', () => {
    const fixed = parseSecretKeys(Buffer.alloc(32, 7).toString('base64'), 'test')
    expect(open(fixed, NAME, FROZEN)).toBe('whsec_frozen')
  })
})

// made by this release with a key of 32 bytes 0x07; never to be made again
const FROZEN =
  'v1.3efb4599cf5b8ba4.k2jfhELFz129xQkGYiCm4hb6MRk9jM4sCyhhie8C1P8BIstuOW-xzLAP0gH0yKwhz8dfkfMlRbINmSORyFA4MOIab5qAUjld3X5-fqpW3xUfC76VO7M53OmCuT9tPPDedk8XU2FEy6w'
