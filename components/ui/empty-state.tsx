/** What an empty page says: an active sentence and the next thing to do. */
import type { ReactNode } from 'react'
import { cn } from './cn'

export function EmptyState({
  icon,
  title,
  children,
  action,
  className,
  heading: Heading = 'h2',
}: {
  icon?: ReactNode
  title: ReactNode
  children?: ReactNode
  action?: ReactNode
  className?: string
  /** `h1` where this is the whole page. */
  heading?: 'h1' | 'h2'
}) {
  return (
    <div
      className={cn(
        'mx-auto flex max-w-md flex-col items-center gap-2 px-6 py-14 text-center',
        className,
      )}
    >
      {icon ? <span className="mb-1 text-text-3">{icon}</span> : null}
      <Heading className="font-semibold text-lg">{title}</Heading>
      {children ? <div className="text-base text-text-2">{children}</div> : null}
      {action ? <div className="mt-3 flex flex-wrap justify-center gap-2">{action}</div> : null}
    </div>
  )
}
