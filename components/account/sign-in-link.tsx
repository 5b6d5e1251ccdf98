'use client'

/**
 * Uses a one-time link: opening the page changes nothing, its sign-in request does. The token leaves the address bar
 * before anything else happens.
 */
import { signIn } from 'next-auth/react'
import { useEffect, useRef, useState } from 'react'
import { ButtonLink } from '../ui/button'
import { Spinner } from '../ui/spinner'
import { SignInCard } from './sign-in-card'
import { safeCallback, signInError } from './sign-in-errors'

export function SignInLink({ token, callbackUrl }: { token: string | null; callbackUrl: string }) {
  const [error, setError] = useState<string | null>(
    token ? null : 'This address has no token. Open the whole link, or ask for a new one.',
  )
  const used = useRef(false)
  useEffect(() => {
    if (!token || used.current) return
    used.current = true
    window.history.replaceState(null, '', '/sign-in/link')
    signIn('link', { token, redirect: false })
      .then((answer) => {
        if (answer?.ok && !answer.error) {
          window.location.assign(safeCallback(callbackUrl, window.location.origin))
        } else {
          setError(signInError(answer?.error ?? 'no answer'))
        }
      })
      .catch(() => setError(signInError('the server did not answer')))
  }, [token, callbackUrl])

  return (
    <SignInCard title={error ? 'This link does not work' : 'Signing you in'}>
      {error ? (
        <>
          <p role="alert" className="text-base text-text-2">
            {error}
          </p>
          <ButtonLink href="/sign-in" className="mt-4 w-full" size="lg">
            Sign in another way
          </ButtonLink>
        </>
      ) : (
        <p role="status" className="flex items-center gap-2 text-base text-text-2">
          <Spinner /> One moment…
        </p>
      )}
    </SignInCard>
  )
}
