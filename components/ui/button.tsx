'use client'

/**
 * Buttons and links that look like buttons.
 *
 * 1. Disabled says why: `disabledReason` keeps the button focusable and shows the reason as a tooltip.
 * 2. Loading keeps the label; the spinner takes the icon's place, so that nothing moves.
 */
import { Button as Base } from '@base-ui/react/button'
import Link from 'next/link'
import type { ComponentProps, ReactNode, Ref } from 'react'
import { cn } from './cn'
import { Spinner } from './spinner'
import { Tooltip } from './tooltip'

type Variant = 'primary' | 'secondary' | 'ghost' | 'danger'
type Size = 'sm' | 'md' | 'lg'

const VARIANTS: Record<Variant, string> = {
  primary: 'bg-accent-fill text-white hover:bg-accent-fill-hover',
  secondary: 'border bg-surface-1 text-text hover:bg-surface-3',
  ghost: 'text-text-2 hover:bg-surface-3 hover:text-text',
  danger: 'bg-danger-fill text-white hover:bg-danger-fill-hover',
}
const SIZES: Record<Size, string> = {
  sm: 'h-7 px-2.5 text-sm',
  md: 'h-8 px-3 text-sm',
  lg: 'h-9 px-4 text-base',
}
const BASE =
  'inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors data-disabled:cursor-not-allowed data-disabled:opacity-50 max-md:min-h-9'

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'ref'> {
  ref?: Ref<HTMLElement>
  variant?: Variant
  size?: Size
  icon?: ReactNode
  loading?: boolean
  /** Set: the button is disabled and says this. */
  disabledReason?: string | null | undefined
  tooltip?: string
  keys?: string
}

export function Button({
  variant = 'secondary',
  size = 'md',
  icon,
  loading = false,
  disabledReason,
  tooltip,
  keys,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  const off = Boolean(disabled || disabledReason || loading)
  const button = (
    <Base
      {...rest}
      disabled={off}
      focusableWhenDisabled={Boolean(disabledReason) || loading}
      aria-busy={loading || undefined}
      className={cn(BASE, VARIANTS[variant], SIZES[size], className)}
    >
      {loading ? <Spinner /> : icon}
      {children}
    </Base>
  )
  return disabledReason || tooltip ? (
    <Tooltip text={disabledReason ?? tooltip} keys={keys}>
      {button}
    </Tooltip>
  ) : (
    button
  )
}

export function ButtonLink({
  href,
  variant = 'secondary',
  size = 'md',
  icon,
  className,
  children,
}: {
  href: string
  variant?: Variant
  size?: Size
  icon?: ReactNode
  className?: string
  children: ReactNode
}) {
  return (
    <Link href={href} className={cn(BASE, VARIANTS[variant], SIZES[size], className)}>
      {icon}
      {children}
    </Link>
  )
}
