import type { Metadata } from 'next'
import { SignInLink } from '@/components/account/sign-in-link'

export const metadata: Metadata = { title: 'Sign in', referrer: 'no-referrer' }
export const dynamic = 'force-dynamic'

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { token, callbackUrl } = await searchParams
  return (
    <SignInLink
      token={typeof token === 'string' ? token : null}
      callbackUrl={typeof callbackUrl === 'string' ? callbackUrl : '/'}
    />
  )
}
