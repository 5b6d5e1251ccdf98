/**
 * Who may call what. The router is enumerated, so a procedure that is added without a declaration fails here; and the
 * declaration is not taken on trust: each procedure is called without a caller, and by a person whose roles lack it.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { appRouter } from '@/server/api/root'
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS, ROLES } from '@/server/auth/permissions'
import { openTestHost, type TestHost } from '../support/test-host'

const PUBLIC = ['system.health', 'users.me']

const flat: Record<string, unknown> = appRouter._def.procedures
const procedures = Object.entries(flat).map(([path, procedure]) => ({
  path,
  permission: (procedure as { _def: { meta?: { permission?: string } } })._def.meta?.permission,
}))

let t: TestHost
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'), { run: false })
})
afterAll(() => t.stop())

it('finds all procedures of the contract', () => {
  expect(procedures.map(({ path }) => path).sort()).toEqual(
    [
      ...['list', 'get', 'create', 'saveDraft', 'discardDraft', 'verify', 'publish'].map(
        (name) => `definitions.${name}`,
      ),
      ...['versions', 'version', 'archive'].map((name) => `definitions.${name}`),
      ...['start', 'startMany', 'list', 'counts', 'get', 'journal', 'pause', 'resume'].map(
        (name) => `sagas.${name}`,
      ),
      ...[
        'cancel',
        'rollBack',
        'retryStep',
        'resolveStep',
        'giveUp',
        'signal',
        'complete',
        'live',
      ].map((name) => `sagas.${name}`),
      ...['retryMany', 'resolveMany', 'waitsFor'].map((name) => `sagas.${name}`),
      ...['stuck', 'pauseMany', 'resumeMany', 'cancelMany', 'signalMany', 'feed'].map(
        (name) => `sagas.${name}`,
      ),
      ...['list', 'get', 'decide', 'decideMany', 'history', 'count'].map(
        (name) => `approvals.${name}`,
      ),
      ...['list', 'get', 'save', 'remove', 'check', 'rotateSecret'].map(
        (name) => `participants.${name}`,
      ),
      ...['me', 'list', 'save', 'createSignInLink'].map((name) => `users.${name}`),
      ...['list', 'create', 'revoke'].map((name) => `apiKeys.${name}`),
      ...['ventures.list', 'ventures.save', 'system.health', 'system.shell'],
    ].sort(),
  )
})

describe.each(procedures)('$path', ({ path, permission }) => {
  const call = async (caller: unknown) => {
    const [noun = '', verb = ''] = path.split('.')
    const found = (caller as Record<string, Record<string, (input: unknown) => Promise<unknown>>>)[
      noun
    ]?.[verb]
    const result = await found?.({})
    // a subscription is refused when it is first read
    const stream = result as AsyncIterable<unknown> | undefined
    if (stream && typeof stream === 'object' && Symbol.asyncIterator in stream)
      await stream[Symbol.asyncIterator]().next()
    return result
  }

  if (PUBLIC.includes(path)) {
    it('is public, and says so', async () => {
      expect(permission).toBe('public')
      await call(await t.callWith(new Headers()))
    })
    return
  }

  it('declares a permission that exists', () => {
    expect(PERMISSIONS).toContain(permission)
  })

  it('refuses who is signed out', async () => {
    await expect(call(await t.callWith(new Headers()))).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    })
  })

  it('refuses every role that lacks it, and a person without a role', async () => {
    const lacking = ROLES.filter(
      (role) => !ROLE_PERMISSIONS[role].includes(permission as Permission),
    )
    for (const roles of [lacking, []]) {
      const caller = await t.as(await t.person(...roles))
      await expect(call(caller)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
  })
})
