'use client'

/** Signing in with e-mail and password, or through the organisation's provider; and what a one-time link is. */
import { signIn } from 'next-auth/react'
import { type FormEvent, useState } from 'react'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Input } from '../ui/input'
import { SignInCard } from './sign-in-card'
import { safeCallback, signInError } from './sign-in-errors'

export function SignIn({
  callbackUrl,
  error: initialError,
  oidc,
}: {
  callbackUrl: string
  error: string | null
  /** The provider's name, when there is one. */
  oidc: string | null
}) {
  const [error, setError] = useState(initialError ? signInError(initialError) : null)
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setError(null)
    const answer = await signIn('password', {
      email: String(form.get('email')),
      password: String(form.get('password')),
      redirect: false,
    }).catch(() => ({ ok: false, error: 'the server did not answer' }))
    if (answer?.ok && !answer.error) {
      window.location.assign(safeCallback(callbackUrl, window.location.origin))
      return
    }
    setError(signInError(answer?.error ?? 'no answer'))
    setBusy(false)
  }

  return (
    <SignInCard title="Sign in">
      <form onSubmit={submit} className="flex flex-col gap-3">
        <Field label="E-mail">
          <Input name="email" type="email" autoComplete="username" required autoFocus />
        </Field>
        <Field label="Password">
          <Input name="password" type="password" autoComplete="current-password" required />
        </Field>
        {error ? (
          <p role="alert" className="text-base text-state-failed">
            {error}
          </p>
        ) : null}
        <Button type="submit" variant="primary" size="lg" loading={busy} className="mt-1">
          Sign in
        </Button>
      </form>
      {oidc ? (
        <>
          <div className="my-4 flex items-center gap-3 text-text-3 text-xs">
            <span className="h-px flex-1 bg-border" />
            or
            <span className="h-px flex-1 bg-border" />
          </div>
          <Button
            size="lg"
            className="w-full"
            onClick={() =>
              void signIn('oidc', {
                callbackUrl: safeCallback(callbackUrl, window.location.origin),
              })
            }
          >
            Go on with {oidc}
          </Button>
        </>
      ) : null}
      <p className="mt-5 border-t pt-4 text-sm text-text-2">
        No password? <code className="font-mono text-xs">npm start</code> prints one-time links for
        the first users, and an admin makes one for you under Settings, People.
      </p>
    </SignInCard>
  )
}
