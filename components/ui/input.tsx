'use client'

/** One-line text. At least 16 px on phones, so that the page does not zoom on focus. */
import { Input as Base } from '@base-ui/react/input'
import type { ComponentProps, ReactNode, Ref } from 'react'
import { cn } from './cn'

/** The look of every control people write into or choose from; `quiet` ones stand in toolbars. */
export const CONTROL =
  'w-full min-w-0 rounded-md border bg-surface-1 text-text transition-[border-color,box-shadow] focus:border-accent focus:outline-none focus:ring-3 focus:ring-accent/24 data-invalid:border-state-failed disabled:cursor-not-allowed disabled:opacity-60'
export const FORM_SIZE = 'h-8 border-border-control text-base max-md:h-10 max-md:text-lg'
export const QUIET_SIZE = 'h-7 border-border text-sm max-md:h-9 max-md:text-lg'

export interface InputProps extends Omit<ComponentProps<'input'>, 'ref'> {
  ref?: Ref<HTMLInputElement>
  icon?: ReactNode
  mono?: boolean
  /** Smaller and with a hairline, for toolbars. */
  quiet?: boolean
}

export function Input({ icon, mono = false, quiet = false, className, ...rest }: InputProps) {
  const input = (
    <Base
      {...rest}
      className={cn(
        CONTROL,
        quiet ? QUIET_SIZE : FORM_SIZE,
        icon ? 'pr-2.5 pl-8' : 'px-2.5',
        mono && 'font-mono',
        className,
      )}
    />
  )
  if (!icon) return input
  return (
    <span className="relative block min-w-0">
      <span className="pointer-events-none absolute inset-y-0 left-2.5 grid place-items-center text-text-3">
        {icon}
      </span>
      {input}
    </span>
  )
}
