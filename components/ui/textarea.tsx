'use client'

/** Several lines of text; takes part in a Field like an input. */
import { Field } from '@base-ui/react/field'
import type { ComponentProps } from 'react'
import { cn } from './cn'
import { CONTROL } from './input'

export function Textarea({
  mono = false,
  className,
  ...rest
}: ComponentProps<'textarea'> & { mono?: boolean }) {
  return (
    <Field.Control
      render={
        <textarea
          rows={3}
          {...rest}
          className={cn(
            CONTROL,
            'resize-y border-border-control px-2.5 py-1.5',
            mono ? 'font-mono text-sm max-md:text-lg' : 'text-base max-md:text-lg',
            className,
          )}
        />
      }
    />
  )
}
