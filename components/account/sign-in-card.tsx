/** The frame of the sign-in pages: the mark, a card, and the drawing behind it. */
import type { ReactNode } from 'react'
import { Logo } from '../shell/logo'

export function SignInCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid h-dvh place-items-center overflow-y-auto bg-[radial-gradient(var(--color-border)_1px,transparent_1px)] bg-size-[16px_16px] p-4">
      <div className="w-full max-w-sm">
        <div className="mb-5 flex items-center justify-center gap-2.5 font-semibold text-lg">
          <Logo size={26} />
          Sagawright
        </div>
        <section className="rounded-xl border bg-surface-1 p-6">
          <h1 className="mb-4 font-semibold text-xl">{title}</h1>
          {children}
        </section>
      </div>
    </div>
  )
}
