/**
 * Batches of calls over real HTTP, up to their bound and above: answered call by call, or refused whole and typed.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openTestHost, type TestHost } from '../support/test-host'

let t: TestHost
let authorization: string
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'))
  const owner = await t.as(await t.person('ADMIN'))
  const me = await owner.users.me()
  const { key } = await owner.apiKeys.create({ name: 'tests', scopes: me?.permissions ?? [] })
  authorization = `Bearer ${key}`
})
afterAll(() => t.stop())

describe('a batch', () => {
  const batch = (count: number) => {
    const path = Array.from({ length: count }, () => 'sagas.counts').join(',')
    const body = Object.fromEntries(Array.from({ length: count }, (_, n) => [n, { json: {} }]))
    return fetch(`${t.url}/api/trpc/${path}?batch=1`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  it('of 50 calls is answered call by call', async () => {
    const response = await batch(50)
    expect(response.status).toBe(200)
    expect(await response.json()).toHaveLength(50)
  })

  it('of more is refused whole, typed, at once', async () => {
    for (const count of [51, 1_000]) {
      const response = await batch(count)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      const text = await response.text()
      expect(text).toContain('BAD_REQUEST')
      expect(text.length).toBeLessThan(5_000)
    }
  })
})
