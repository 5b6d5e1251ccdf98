'use client'

/** A square button with an icon and no words: its name is the label, shown as its tooltip. */
import { Button as Base } from '@base-ui/react/button'
import type { ComponentProps, ReactNode, Ref } from 'react'
import { cn } from './cn'
import { Tooltip } from './tooltip'

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'ref'> {
  ref?: Ref<HTMLElement>
  label: string
  icon: ReactNode
  keys?: string
  size?: 'sm' | 'md'
  pressed?: boolean
  disabledReason?: string | null | undefined
  side?: 'top' | 'bottom' | 'left' | 'right'
}

export function IconButton({
  label,
  icon,
  keys,
  size = 'md',
  pressed,
  disabledReason,
  disabled,
  side = 'bottom',
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={disabledReason ? `${label}: ${disabledReason}` : label} keys={keys} side={side}>
      <Base
        {...rest}
        aria-label={label}
        aria-pressed={pressed}
        disabled={Boolean(disabled || disabledReason)}
        focusableWhenDisabled={Boolean(disabledReason)}
        className={cn(
          'inline-flex shrink-0 items-center justify-center rounded-md text-text-2 transition-colors hover:bg-surface-3 hover:text-text data-disabled:cursor-not-allowed data-disabled:opacity-50 data-popup-open:bg-surface-3',
          size === 'sm' ? 'size-6' : 'size-8 max-md:size-9',
          pressed && 'bg-surface-3 text-text',
          className,
        )}
      >
        {icon}
      </Base>
    </Tooltip>
  )
}
