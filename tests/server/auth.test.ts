/**
 * Getting in and staying out: passwords, one-time links, sessions, keys, and what is written down of it.
 */
import { randomUUID } from 'node:crypto'
import { encode } from 'next-auth/jwt'
import type { CredentialsConfig } from 'next-auth/providers/credentials'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createContext } from '@/server/api/context'
import { mayNotDecide } from '@/server/auth/decision-policy'
import { authOptions } from '@/server/auth/next-auth'
import { hashPassword, verifyPassword } from '@/server/auth/passwords'
import { SignInLimit } from '@/server/auth/sign-in-limit'
import { createSignInLink } from '@/server/auth/sign-in-links'
import { vouchersOf } from '@/server/auth/vouchers'
import { ORIGIN, openTestHost, SECRET, type TestHost } from '../support/test-host'

let t: TestHost
beforeAll(async () => {
  t = await openTestHost(inject('databaseUrl'), { run: false })
})
afterAll(() => t.stop())

/** What next-auth does with a posted sign-in form: the provider's answer, or its error. */
async function signIn(provider: 'password' | 'link', form: Record<string, string>) {
  const found = authOptions(t.host).providers.find(
    (one) => (one.options as { id?: string } | undefined)?.id === provider,
  )
  if (!found) throw new Error(`no provider ${provider}`)
  const { authorize } = found.options as unknown as Pick<CredentialsConfig, 'authorize'>
  return authorize(form, { query: {}, body: form, headers: {}, method: 'POST' })
}

const audits = (subject: string) =>
  t.host.db.auditEvent
    .findMany({ where: { subject }, orderBy: { id: 'asc' } })
    .then((rows) => rows.map(({ action }) => action))

describe('passwords', () => {
  it('are kept as salted scrypt and compared whole', async () => {
    const [one, two] = [await hashPassword('correct horse'), await hashPassword('correct horse')]
    expect(one).toMatch(/^scrypt\$32768\$8\$1\$/)
    expect(one).not.toBe(two)
    expect(await verifyPassword('correct horse', one)).toBe(true)
    expect(await verifyPassword('correct horsf', one)).toBe(false)
    expect(await verifyPassword('anything', null)).toBe(false)
  })

  it('let in who has one, in any case of the address, and nobody disabled', async () => {
    const email = `${randomUUID()}@example.com`
    const passwordHash = await hashPassword('long enough it is')
    const user = await t.host.db.user.create({ data: { email, name: 'P', passwordHash } })
    const form = { email: email.toUpperCase(), password: 'long enough it is' }
    expect(await signIn('password', form)).toMatchObject({ id: user.id })
    expect(await signIn('password', { ...form, password: 'wrong' })).toBeNull()
    await t.host.db.user.update({ where: { id: user.id }, data: { disabledAt: new Date() } })
    expect(await signIn('password', form)).toBeNull()
    expect(await audits(`user/${email}`)).toEqual(['session.refused', 'session.refused'])
  })

  it('cannot be guessed at for long', async () => {
    const email = `${randomUUID()}@example.com`
    for (let i = 0; i < 10; i++)
      expect(await signIn('password', { email, password: String(i) })).toBeNull()
    await expect(signIn('password', { email, password: 'x' })).rejects.toThrow('TooManyTries')
  })
})

it('counts failures by address and in all, and forgets them after the window', () => {
  let now = 0
  const limit = new SignInLimit(() => now)
  for (let i = 0; i < 10; i++) limit.failed('A@x ')
  expect(limit.waitMs('a@x')).toBe(600_000)
  expect(limit.waitMs('b@x')).toBe(0)
  now = 600_001
  expect(limit.waitMs('a@x')).toBe(0)
  for (let i = 0; i < 200; i++) limit.failed(`${i}@x`)
  expect(limit.waitMs('unseen@x')).toBe(60_000)
  now += 60_001
  expect(limit.waitMs('unseen@x')).toBe(0)
})

describe('an OpenID Connect provider', () => {
  const oidcEnv = {
    OIDC_ISSUER: 'https://id.example.com/',
    OIDC_CLIENT_ID: 'us',
    OIDC_CLIENT_SECRET: 'secret',
  }
  /** What next-auth asks once the provider has vouched for somebody. */
  const admitted = async (env: object, profile: Record<string, unknown>) => {
    const options = authOptions({ ...t.host, env: { ...t.host.env, ...env } })
    return options.callbacks?.signIn?.({
      user: { id: 'sub', email: String(profile.email), name: 'N' },
      account: { provider: 'oidc', type: 'oauth', providerAccountId: 'sub' },
      profile: { sub: 'sub', ...profile } as never,
    })
  }

  it('is offered when the environment names one, with state, nonce and PKCE', () => {
    expect(authOptions(t.host).providers).toHaveLength(2)
    const { providers } = authOptions({ ...t.host, env: { ...t.host.env, ...oidcEnv } })
    expect(providers[2]).toMatchObject({
      id: 'oidc',
      wellKnown: 'https://id.example.com/.well-known/openid-configuration',
      checks: ['pkce', 'state', 'nonce'],
    })
  })

  it('lets in whom an admin added, and nobody disabled or with an unverified address', async () => {
    const { id, email } = await t.person('ANALYST')
    expect(await admitted(oidcEnv, { email: email.toUpperCase() })).toBe(true)
    expect(await admitted(oidcEnv, { email, email_verified: false })).toBe(false)
    expect(await admitted(oidcEnv, { email: 'stranger@example.com' })).toBe(false)
    await t.host.db.user.update({ where: { id }, data: { disabledAt: new Date() } })
    expect(await admitted(oidcEnv, { email })).toBe(false)
  })

  it('adds newcomers with the role the environment gives, and says so in the audit trail', async () => {
    const email = `${randomUUID()}@example.com`
    expect(await admitted({ ...oidcEnv, OIDC_NEW_USER_ROLE: 'OPERATOR' }, { email })).toBe(true)
    const user = await t.host.db.user.findUniqueOrThrow({ where: { email } })
    expect(user.roles).toEqual(['OPERATOR'])
    expect(await audits(`user/${user.id}`)).toEqual(['user.created'])
  })
})

describe('one-time links', () => {
  const linkFor = async (userId: string, lifeMs?: number) => {
    const { url } = await createSignInLink(t.host.db, {
      userId,
      origin: ORIGIN,
      ...(lifeMs === undefined ? {} : { lifeMs }),
    })
    expect(url).toMatch(new RegExp(`^${ORIGIN}/sign-in/link\\?token=`))
    return new URL(url).searchParams.get('token') ?? ''
  }

  it('sign in once: of many tries at a time exactly one', async () => {
    const user = await t.person('OPERATOR')
    const token = await linkFor(user.id)
    const tries = await Promise.allSettled(
      Array.from({ length: 6 }, () => signIn('link', { token })),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await expect(signIn('link', { token })).rejects.toThrow('LinkUsed')
  })

  it('expire, and store no token', async () => {
    const user = await t.person()
    await expect(signIn('link', { token: await linkFor(user.id, -1) })).rejects.toThrow('LinkUsed')
    const token = await linkFor(user.id)
    const rows = await t.host.db.signInLink.findMany({ where: { userId: user.id } })
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  it('end when another is made, and with a new password', async () => {
    const user = await t.person('OPERATOR')
    const [first, second] = [await linkFor(user.id), await linkFor(user.id)]
    await expect(signIn('link', { token: first })).rejects.toThrow('LinkUsed')
    const admin = await t.as(await t.person('ADMIN'))
    const { id, email, name, roles } = user
    await admin.users.save({ id, email, name, roles, password: 'quite a new one' })
    await expect(signIn('link', { token: second })).rejects.toThrow('LinkUsed')
  })

  it('are made by admins, for people who are not disabled, and audited', async () => {
    const admin = await t.as(await t.person('ADMIN'))
    const user = await t.person('CHAIRMAN')
    const link = await admin.users.createSignInLink({ userId: user.id })
    const token = new URL(link.url).searchParams.get('token') ?? ''
    expect(await signIn('link', { token })).toMatchObject({ id: user.id })
    expect(await audits(`user/${user.id}`)).toEqual(['sign-in-link.created'])
  })
})

describe('vouchers', () => {
  const gate = (starterUserId: string) =>
    ({ status: 'OPEN', roles: ['chairman'], starterUserId }) as const
  /** The principal of a session that next-auth makes of this sign-in. */
  const principalOf = async (user: unknown) => {
    const { jwt } = authOptions(t.host).callbacks ?? {}
    const token = await jwt?.({ token: {}, user: user as never, account: null } as never)
    const cookie = `next-auth.session-token=${await encode({ ...(token ? { token } : {}), secret: SECRET })}`
    const { principal } = await createContext(t.host, { headers: new Headers({ cookie }) })
    if (!principal) throw new Error('no principal')
    return principal
  }
  const throughLink = async (by: { id: string }, userId: string) => {
    const link = await (await t.as(by)).users.createSignInLink({ userId })
    return signIn('link', { token: new URL(link.url).searchParams.get('token') ?? '' })
  }

  it('keep an admin from deciding on their own saga as a chairman they signed in', async () => {
    const [admin, other] = [await t.person('ADMIN'), await t.person('ADMIN')]
    const chairman = await t.person('CHAIRMAN')
    const principal = await principalOf(await throughLink(admin, chairman.id))
    expect(mayNotDecide(principal, gate(admin.id))).toContain('four eyes')
    expect(mayNotDecide(principal, gate(other.id))).toBeNull()
    const own = await principalOf({ id: chairman.id, email: chairman.email, name: '' })
    expect(mayNotDecide(own, gate(admin.id))).toBeNull()
  })

  it('are remembered through a chain of links, passwords and keys', async () => {
    const admin = await t.person('ADMIN')
    const second = await t.person('ADMIN')
    const chairman = await t.person('CHAIRMAN')
    const asSecond = await principalOf(await throughLink(admin, second.id))
    expect(vouchersOf(asSecond, chairman.id)).toEqual([second.id, admin.id])

    const { id, email, name, roles } = chairman
    const password = 'an admin knows this one'
    await (await t.as(admin)).users.save({ id, email, name, roles, password })
    const user = await signIn('password', { email, password })
    const byPassword = await principalOf(user)
    expect(mayNotDecide(byPassword, gate(admin.id))).toContain('four eyes')
    expect(mayNotDecide(byPassword, gate(second.id))).toBeNull()
  })
})

describe('sessions', () => {
  it('end when their person signs out, also for who copied the cookie', async () => {
    const user = await t.person('OPERATOR')
    const headers = new Headers({ cookie: await t.cookieFor(user.id) })
    const { signOut } = authOptions(t.host).events ?? {}
    expect(await (await t.callWith(headers)).users.me()).not.toBeNull()
    const token = { uid: user.id, since: 0, generation: 0 }
    await signOut?.({ token, session: undefined as never })
    await expect((await t.callWith(headers)).system.shell()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('has ended'),
    })
    // a session that has ended already ends no later one
    await signOut?.({ token, session: undefined as never })
    const now = await t.host.db.user.findUniqueOrThrow({ where: { id: user.id } })
    expect(now.sessionGeneration).toBe(1)
  })

  it('end when the password is changed', async () => {
    const user = await t.person('OPERATOR')
    const headers = new Headers({ cookie: await t.cookieFor(user.id) })
    expect(await (await t.callWith(headers)).users.me()).not.toBeNull()
    const { id, email, name, roles } = user
    const admin = await t.as(await t.person('ADMIN'))
    await admin.users.save({ id, email, name: `${name} 2`, roles })
    expect(await (await t.callWith(headers)).users.me()).not.toBeNull()
    await admin.users.save({ id, email, name, roles, password: 'quite a new one' })
    expect(await (await t.callWith(headers)).users.me()).toBeNull()
  })

  it('give exactly the permissions of the roles', async () => {
    const caller = await t.as(await t.person('CHAIRMAN'))
    const me = await caller.users.me()
    expect(me).toMatchObject({ roles: ['CHAIRMAN'] })
    expect(me?.permissions).toContain('saga:force')
    expect(me?.permissions).not.toContain('saga:operate')
  })

  it('end at once when the person is disabled here', async () => {
    const admin = await t.as(await t.person('ADMIN'))
    const user = await t.person('OPERATOR')
    const headers = new Headers({ cookie: await t.cookieFor(user.id) })
    expect(await (await t.callWith(headers)).users.me()).not.toBeNull()
    const { id, email, name, roles } = user
    await admin.users.save({ id, email, name, roles, disabled: true })
    await expect((await t.callWith(headers)).system.shell()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('disabled'),
    })
  })

  it('end twelve hours after signing in, and with a secret that is not ours', async () => {
    const user = await t.person('OPERATOR')
    const old = await t.cookieFor(user.id, Date.now() / 1000 - 12 * 3600 - 1)
    expect(await (await t.callWith(new Headers({ cookie: old }))).users.me()).toBeNull()
    const forged = 'next-auth.session-token=eyJhbGciOiJkaXIifQ..x.y.z'
    expect(await (await t.callWith(new Headers({ cookie: forged }))).users.me()).toBeNull()
  })
})

describe('people', () => {
  it('cannot lock themselves out, nor take an address that is somebody else’s', async () => {
    const user = await t.person('ADMIN')
    const admin = await t.as(user)
    const { id, email, name } = user
    await expect(admin.users.save({ id, email, name, roles: ['ANALYST'] })).rejects.toMatchObject({
      cause: { code: 'WRONG_STATE' },
    })
    const other = await t.person()
    await expect(
      admin.users.save({ id: other.id, email, name: 'x', roles: [] }),
    ).rejects.toMatchObject({ cause: { code: 'ALREADY_EXISTS' } })
  })

  it('are added with a password they can sign in with', async () => {
    const admin = await t.as(await t.person('ADMIN'))
    const email = `${randomUUID()}@Example.com`
    const password = 'quite a long one'
    const saved = await admin.users.save({ email, name: 'New', roles: ['ANALYST'], password })
    expect(saved.email).toBe(email.toLowerCase())
    expect(await signIn('password', { email, password })).toMatchObject({ id: saved.id })
    expect(await audits(`user/${saved.id}`)).toEqual(['user.created'])
  })
})

describe('API keys', () => {
  const keyed = (key: string) => t.callWith(new Headers({ authorization: `Bearer ${key}` }))

  it('may what they were given and their owner still may', async () => {
    const user = await t.person('OPERATOR')
    const owner = await t.as(user)
    const { key, item } = await owner.apiKeys.create({
      name: 'orders',
      scopes: ['saga:start', 'system:read'],
    })
    expect(key).toMatch(/^sgw_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/)
    expect(item).toMatchObject({ prefix: key.slice(0, 12), ownerName: user.name })
    const service = await keyed(key)
    expect((await service.users.me())?.permissions).toEqual(['saga:start', 'system:read'])
    await expect(service.sagas.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' })

    const admin = await t.as(await t.person('ADMIN'))
    const { id, email, name } = user
    await admin.users.save({ id, email, name, roles: ['CHAIRMAN'] })
    expect((await (await keyed(key)).users.me())?.permissions).toEqual(['system:read'])
  })

  it('cannot be given more than their maker may, not even by another key', async () => {
    const analyst = await t.as(await t.person('ANALYST'))
    await expect(
      analyst.apiKeys.create({ name: 'too much', scopes: ['user:manage'] }),
    ).rejects.toMatchObject({ cause: { code: 'FORBIDDEN', details: { scopes: ['user:manage'] } } })
    const { key } = await analyst.apiKeys.create({ name: 'keys only', scopes: ['key:manage'] })
    await expect(
      (await keyed(key)).apiKeys.create({ name: 'climbing', scopes: ['saga:start'] }),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('make nobody who may more than they do', async () => {
    const owner = await t.as(await t.person('ADMIN'))
    const { key } = await owner.apiKeys.create({ name: 'people', scopes: ['user:manage'] })
    const service = await keyed(key)
    const admin = await t.person('ADMIN')
    const { id, email, name } = admin
    const forbidden = { cause: { code: 'FORBIDDEN' } }
    await expect(service.users.createSignInLink({ userId: id })).rejects.toMatchObject(forbidden)
    const password = 'known to the service'
    await expect(
      service.users.save({ id, email, name, roles: [], password }),
    ).rejects.toMatchObject(forbidden)
    await expect(
      service.users.save({ email: `${randomUUID()}@x.com`, name, roles: ['CHAIRMAN'], password }),
    ).rejects.toMatchObject(forbidden)
  })

  it('end with the key they were made with', async () => {
    const owner = await t.as(await t.person('ADMIN'))
    const parent = await owner.apiKeys.create({
      name: 'parent',
      scopes: ['key:manage', 'system:read'],
      expiresInDays: 2,
    })
    const scopes = ['key:manage', 'system:read']
    const child = await (await keyed(parent.key)).apiKeys.create({ name: 'child', scopes })
    const grandchild = await (await keyed(child.key)).apiKeys.create({
      name: 'grandchild',
      scopes,
      expiresInDays: 3,
    })
    expect(grandchild.item.expiresAt).toEqual(parent.item.expiresAt)
    await (await keyed(grandchild.key)).system.shell()
    await owner.apiKeys.revoke({ id: parent.item.id })
    for (const { key } of [parent, child, grandchild])
      await expect((await keyed(key)).system.shell()).rejects.toMatchObject({
        message: expect.stringContaining('was revoked'),
      })
    expect(await audits(`api-key/${grandchild.item.id}`)).toEqual([
      'api-key.created',
      'api-key.revoked',
    ])
  })

  it('stop at once when revoked, expired, or their owner is disabled, and say why', async () => {
    const user = await t.person('ADMIN')
    const owner = await t.as(user)
    const revoked = await owner.apiKeys.create({ name: 'r', scopes: ['system:read'] })
    await (await keyed(revoked.key)).system.shell()
    await owner.apiKeys.revoke({ id: revoked.item.id })
    const refused = (message: string) => ({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining(message),
    })
    await expect((await keyed(revoked.key)).system.shell()).rejects.toMatchObject(
      refused('was revoked'),
    )
    const expired = await owner.apiKeys.create({
      name: 'e',
      scopes: ['system:read'],
      expiresInDays: 1,
    })
    await t.host.db.apiKey.update({
      where: { id: expired.item.id },
      data: { expiresAt: new Date(Date.now() - 1000) },
    })
    await expect((await keyed(expired.key)).system.shell()).rejects.toMatchObject(
      refused('expired at'),
    )
    await expect(
      (await keyed(`${expired.key.slice(0, -1)}~`)).system.shell(),
    ).rejects.toMatchObject(refused('not an API key'))
    expect(await audits(`api-key/${revoked.item.id}`)).toEqual([
      'api-key.created',
      'api-key.revoked',
    ])
    const live = await owner.apiKeys.create({ name: 'l', scopes: ['system:read'] })
    await t.host.db.user.update({ where: { id: user.id }, data: { disabledAt: new Date() } })
    await expect((await keyed(live.key)).system.shell()).rejects.toMatchObject(refused('disabled'))
  })

  it('are seen by their owner, and by admins who ask for all', async () => {
    const owner = await t.as(await t.person('ANALYST'))
    const { item } = await owner.apiKeys.create({ name: 'mine', scopes: ['saga:read'] })
    expect((await owner.apiKeys.list({ all: true })).items.map(({ id }) => id)).toEqual([item.id])
    const stranger = await t.as(await t.person('ANALYST'))
    expect((await stranger.apiKeys.list({ all: true })).items).toEqual([])
    await expect(stranger.apiKeys.revoke({ id: item.id })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    const admin = await t.as(await t.person('ADMIN'))
    expect((await admin.apiKeys.list({ all: true })).items.map(({ id }) => id)).toContain(item.id)
  })

  it('note when they were used, once a minute at most', async () => {
    const owner = await t.as(await t.person('ADMIN'))
    const { key, item } = await owner.apiKeys.create({ name: 'used', scopes: ['system:read'] })
    const usedAt = async () =>
      (await t.host.db.apiKey.findUniqueOrThrow({ where: { id: item.id } })).lastUsedAt
    await (await keyed(key)).system.shell()
    const first = await usedAt()
    expect(first).not.toBeNull()
    t.host.apiKeys.forgetAll()
    await (await keyed(key)).system.shell()
    expect(await usedAt()).toEqual(first)
  })
})
