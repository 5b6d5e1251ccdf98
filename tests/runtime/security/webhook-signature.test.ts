import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import {
  createWebhookSecret,
  parseWebhookSecret,
  signWebhook,
  TOLERANCE_SECONDS,
  verifyWebhook,
} from '../../../runtime/security/webhook-signature'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const key = parseWebhookSecret(SECRET)
const AT = 1614265330

function headersOf(signed: Record<string, string>) {
  return (name: string) => signed[name]
}

describe('Standard Webhooks signatures', () => {
  it("agree with the vector of the specification's own libraries", () => {
    const signed = signWebhook({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      atSeconds: AT,
      payload: '{"test": 2432232314}',
      keys: [key],
    })
    expect(signed).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  it('agree with the standardwebhooks package on any id and payload', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_:%-]{1,40}$/),
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        (id, payload, bytes) => {
          const secret = `whsec_${Buffer.from(bytes).toString('base64')}`
          const ours = signWebhook({
            id,
            atSeconds: AT,
            payload,
            keys: [parseWebhookSecret(secret)],
          })
          const theirs = new Webhook(secret).sign(id, new Date(AT * 1000), payload)
          expect(ours['webhook-signature']).toBe(theirs)
        },
      ),
    )
  })

  it('are taken by the standardwebhooks package', () => {
    const payload = '{"a":1}'
    const signed = signWebhook({ id: 'msg_1', atSeconds: Date.now() / 1000, payload, keys: [key] })
    expect(new Webhook(SECRET).verify(payload, { ...signed })).toEqual({ a: 1 })
  })

  it('verify during a rotation, whichever side is ahead', () => {
    const next = parseWebhookSecret(createWebhookSecret())
    const both = signWebhook({ id: 'm', atSeconds: AT, payload: '{}', keys: [next, key] })
    for (const keys of [[key], [next], [next, key]])
      expect(
        verifyWebhook({ header: headersOf({ ...both }), payload: '{}', keys, nowSeconds: AT }),
      ).toEqual({ ok: true, id: 'm' })
    const old = signWebhook({ id: 'm', atSeconds: AT, payload: '{}', keys: [key] })
    expect(
      verifyWebhook({
        header: headersOf({ ...old }),
        payload: '{}',
        keys: [next, key],
        nowSeconds: AT,
      }).ok,
    ).toBe(true)
  })

  it.each([
    ['another payload', { payload: '{"a":2}' }, {}],
    ['another id', {}, { 'webhook-id': 'msg_2' }],
    ['another time', {}, { 'webhook-timestamp': String(AT + 1) }],
    ['a shorter signature', {}, { 'webhook-signature': 'v1,AAAA' }],
    ['a scheme that is not v1', {}, { 'webhook-signature': 'v1a,AAAA' }],
    ['an id with a full stop', {}, { 'webhook-id': 'msg.1' }],
    ['a timestamp that is no number', {}, { 'webhook-timestamp': '1e9' }],
    ['a missing header', {}, { 'webhook-id': '' }],
  ])('are refused with %s', (_, request, headers) => {
    const payload = '{"a":1}'
    const signed = signWebhook({ id: 'msg_1', atSeconds: AT, payload, keys: [key] })
    const verified = verifyWebhook({
      header: headersOf({ ...signed, ...headers }),
      payload,
      keys: [key],
      nowSeconds: AT,
      ...request,
    })
    expect(verified.ok).toBe(false)
  })

  it('are refused with another secret', () => {
    const signed = signWebhook({ id: 'm', atSeconds: AT, payload: '{}', keys: [key] })
    const keys = [parseWebhookSecret(createWebhookSecret())]
    expect(
      verifyWebhook({ header: headersOf({ ...signed }), payload: '{}', keys, nowSeconds: AT }).ok,
    ).toBe(false)
  })

  it.each([
    [TOLERANCE_SECONDS, true],
    [TOLERANCE_SECONDS + 1, false],
    [-TOLERANCE_SECONDS, true],
    [-TOLERANCE_SECONDS - 1, false],
  ])('of an age of %i s: %s', (age, ok) => {
    const signed = signWebhook({ id: 'm', atSeconds: AT, payload: '{}', keys: [key] })
    expect(
      verifyWebhook({
        header: headersOf({ ...signed }),
        payload: '{}',
        keys: [key],
        nowSeconds: AT + age,
      }).ok,
    ).toBe(ok)
  })

  it.each([
    'whsec_',
    'whsec_c2hvcnQ=',
    'whsec_not base64 at all, but long enough to be a key',
    `whsec_${Buffer.alloc(65).toString('base64')}`,
  ])('refuse the secret %s', (secret) => {
    expect(() => parseWebhookSecret(secret)).toThrow('24 to 64 bytes')
  })
})
