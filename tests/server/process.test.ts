/**
 * What a process is started with and what it writes.
 */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { readEnv } from '@/server/env'
import { createLogger } from '@/server/log'

const good = {
  DATABASE_URL: 'postgresql://u:p@127.0.0.1:5432/d',
  NEXTAUTH_SECRET: 'x'.repeat(32),
}

describe('the environment', () => {
  it('is complete with a database and a secret', () => {
    expect(readEnv(good)).toMatchObject({
      NEXTAUTH_URL: 'http://127.0.0.1:3000',
      DATABASE_POOL: 10,
    })
  })

  it('names every variable that is missing or wrong, with what it should be', () => {
    const read = () =>
      readEnv({
        DATABASE_URL: 'mysql://x',
        NEXTAUTH_SECRET: 'short',
        DATABASE_POOL: 'many',
        OIDC_ISSUER: 'https://id.example.com',
      })
    for (const part of [
      'DATABASE_URL must start with postgresql://',
      'NEXTAUTH_SECRET is too short',
      'DATABASE_POOL',
    ])
      expect(read).toThrow(part)
    expect(() => readEnv({})).toThrow(/DATABASE_URL is missing.*\n.*NEXTAUTH_SECRET is missing/)
    expect(() => readEnv({ ...good, OIDC_ISSUER: 'https://id.example.com' })).toThrow(
      'OIDC_CLIENT_ID is missing: OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET go together',
    )
  })

  it('that is wrong ends the start with code 1 and says why', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '-e', "import('./server/boot.ts').then(({ boot }) => boot())"],
      { env: { ...process.env, DATABASE_URL: 'nonsense', NEXTAUTH_SECRET: '' }, encoding: 'utf8' },
    )
    expect(stderr).toContain('DATABASE_URL must start with postgresql://')
    expect(status).toBe(1)
  })
})

describe('the log', () => {
  const logged = (json: boolean, message: string, fields?: Record<string, unknown>) => {
    let text = ''
    const log = createLogger({ json, write: (line) => (text += line), now: () => new Date(0) })
    log.warn(message, fields)
    return text
  }

  it('is one JSON line per event, errors with their cause', () => {
    const error = new Error('outer', { cause: new Error('inner') })
    const line = logged(true, 'It broke', { sagaId: 's', error, n: 5n })
    expect(line.trim()).not.toContain('\n')
    expect(JSON.parse(line)).toMatchObject({
      at: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'It broke',
      sagaId: 's',
      n: '5',
      error: { message: 'outer', cause: { message: 'inner' } },
    })
  })

  it('is readable in development', () => {
    expect(logged(false, 'It works', { shards: 64 })).toBe(
      '00:00:00.000 warn  It works shards=64\n',
    )
  })

  it('holds no secret, by name or by shape', () => {
    const key = `sgw_1a2b3c4d_${'A'.repeat(43)}`
    const line = logged(true, `with ${key}`, {
      headers: { Authorization: 'Bearer abc.def', cookie: 'session=1' },
      password: 'hunter2',
      note: `whsec_${'B'.repeat(44)} at postgresql://me:hunter2@db/x and /sign-in/link?token=ccc`,
      error: new Error(`Bearer ${key}`),
    })
    expect(line).not.toMatch(/A{43}|B{44}|hunter2|abc\.def|session=1|token=ccc/)
    expect(line).toContain('sgw_1a2b3c4d_[redacted]')
  })

  it('is bounded for what goes round or is very long', () => {
    const round: Record<string, unknown> = { text: 'x'.repeat(100_000) }
    round.self = round
    expect(logged(true, 'Round', { round }).length).toBeLessThan(100_000)
  })
})
