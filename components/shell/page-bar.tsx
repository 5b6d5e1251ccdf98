/** The 48 px bar on top of every page: where one is, and what can be done here. */
import Link from 'next/link'
import type { ReactNode } from 'react'

export function PageBar({
  title,
  crumbs = [],
  after,
  children,
}: {
  title: ReactNode
  crumbs?: readonly { href: string; title: string }[]
  /** Beside the title: a status, a version. */
  after?: ReactNode
  /** At the right end: actions. */
  children?: ReactNode
}) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b bg-surface-1 px-4">
      <div className="flex min-w-0 flex-1 items-center gap-2">
        {crumbs.map((crumb) => (
          <span
            key={crumb.href}
            className="flex shrink-0 items-center gap-2 text-text-3 max-md:hidden"
          >
            <Link href={crumb.href} className="rounded-sm hover:text-text">
              {crumb.title}
            </Link>
            <span aria-hidden>/</span>
          </span>
        ))}
        <h1 className="truncate font-semibold text-base">{title}</h1>
        {after}
      </div>
      {children ? <div className="flex shrink-0 items-center gap-1.5">{children}</div> : null}
    </header>
  )
}
