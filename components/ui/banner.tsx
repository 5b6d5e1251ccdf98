/** A strip across a page that says something about its state, with what can be done about it. */
import type { ReactNode } from 'react'
import { cn } from './cn'
import { TONE_FILL, TONE_TEXT, type Tone } from './state'

export function Banner({
  tone,
  icon,
  title,
  children,
  action,
  role = 'status',
}: {
  tone: Tone
  icon: ReactNode
  title: ReactNode
  children?: ReactNode
  action?: ReactNode
  role?: 'status' | 'alert'
}) {
  return (
    <div role={role} className={cn('flex items-start gap-3 border-b px-4 py-2.5', TONE_FILL[tone])}>
      <span className={cn('mt-0.5 shrink-0', TONE_TEXT[tone])}>{icon}</span>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {children ? <div className="text-text-2">{children}</div> : null}
      </div>
      {action}
    </div>
  )
}
