import './globals.css'
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import { type ReactNode, Suspense } from 'react'
import { Providers } from '@/components/shell/providers'
import { Shell } from '@/components/shell/shell'
import { THEME_SCRIPT } from '@/components/shell/theme-script'

export const metadata: Metadata = {
  title: { default: 'Sagawright', template: '%s · Sagawright' },
  description: 'Draw sagas, run them, and see how they come back.',
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: dark)', color: '#0c0d10' },
    { media: '(prefers-color-scheme: light)', color: '#f7f8fa' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  // proxy.ts makes one per request; our content security policy lets no other script run.
  const nonce = (await headers()).get('x-nonce')
  return (
    <html lang="en" data-theme="dark" suppressHydrationWarning>
      <head>
        <script
          {...(nonce ? { nonce } : {})}
          suppressHydrationWarning
          // biome-ignore lint/security/noDangerouslySetInnerHtml: our own constant; it must run before the first paint
          dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }}
        />
      </head>
      <body>
        <div id="app">
          <Providers>
            {/* Pages read the URL on the client; nothing here is prerendered. */}
            <Suspense>
              <Shell>{children}</Shell>
            </Suspense>
          </Providers>
        </div>
      </body>
    </html>
  )
}
