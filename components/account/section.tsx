/** A titled part of the settings, with its action at the right. */
import type { ReactNode } from 'react'

export function Section({
  title,
  hint,
  action,
  children,
}: {
  title: string
  hint?: ReactNode
  action?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="flex flex-col gap-3">
      <header className="flex flex-wrap items-end justify-between gap-3">
        <div className="min-w-0">
          <h2 className="font-semibold text-lg">{title}</h2>
          {hint ? <p className="max-w-xl text-text-2">{hint}</p> : null}
        </div>
        {action}
      </header>
      {children}
    </section>
  )
}
