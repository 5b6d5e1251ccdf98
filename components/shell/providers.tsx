'use client'

/** Everything that components below the root layout take for granted. */
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import type { ReactNode } from 'react'
import { ApiProvider } from '../api'
import { Toaster } from '../ui/toaster'
import { TooltipProvider } from '../ui/tooltip'

export function Providers({ children }: { children: ReactNode }) {
  return (
    <ApiProvider>
      <NuqsAdapter>
        <TooltipProvider>
          {children}
          <Toaster />
        </TooltipProvider>
      </NuqsAdapter>
    </ApiProvider>
  )
}
