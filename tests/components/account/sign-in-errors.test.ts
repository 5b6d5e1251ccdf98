import { describe, expect, it } from 'vitest'
import { safeCallback, signInError } from '@/components/account/sign-in-errors'

const origin = 'http://127.0.0.1:3000'

describe('after signing in', () => {
  it.each([
    ['/runs?tab=failed#x', '/runs?tab=failed#x'],
    [`${origin}/approvals`, '/approvals'],
    ['https://evil.example/runs', '/'],
    ['//evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['/sign-in?again', '/'],
    ['http://[', '/'],
  ])('%s leads to %s', (asked, target) => {
    expect(safeCallback(asked, origin)).toBe(target)
  })
})

describe('sign-in errors', () => {
  it.each(['CredentialsSignin', 'TooManyTries', 'LinkUsed', 'AccessDenied', 'SessionRequired'])(
    'say what %s means and name no code',
    (code) => {
      expect(signInError(code)).not.toContain(code)
      expect(signInError(code)).toMatch(/^[A-Z].*\.$/)
    },
  )

  it('name a code nobody has words for', () => {
    expect(signInError('OAuthCallback')).toContain('OAuthCallback')
  })
})
