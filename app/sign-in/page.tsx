import type { Metadata } from 'next'
import { SignIn } from '@/components/account/sign-in'

export const metadata: Metadata = { title: 'Sign in' }
export const dynamic = 'force-dynamic'

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { callbackUrl, error } = await searchParams
  const oidc = process.env.OIDC_ISSUER ? (process.env.OIDC_NAME ?? 'single sign-on') : null
  return (
    <SignIn
      callbackUrl={typeof callbackUrl === 'string' ? callbackUrl : '/'}
      error={typeof error === 'string' ? error : null}
      oidc={oidc}
    />
  )
}
