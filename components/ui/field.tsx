'use client'

/** A labelled control with its hint and its error, tied together for screen readers. */
import { Field as Base } from '@base-ui/react/field'
import type { ReactNode } from 'react'
import { cn } from './cn'

export function Field({
  label,
  hint,
  error,
  optional = false,
  children,
  className,
}: {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  optional?: boolean
  children: ReactNode
  className?: string
}) {
  return (
    <Base.Root invalid={Boolean(error)} className={cn('flex min-w-0 flex-col gap-1', className)}>
      <Base.Label className="font-medium text-sm">
        {label}
        {optional ? <span className="ml-1.5 font-normal text-text-3">optional</span> : null}
      </Base.Label>
      {children}
      {hint ? <Base.Description className="text-text-3 text-xs">{hint}</Base.Description> : null}
      <Base.Error match={Boolean(error)} className="text-state-failed text-xs" role="alert">
        {error}
      </Base.Error>
    </Base.Root>
  )
}
