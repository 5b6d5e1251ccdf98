/** The look of tables: hairlines, a quiet head, 40 px rows. Scrolling sideways is the table's own affair. */
import type { ComponentProps, ReactNode } from 'react'
import { cn } from './cn'

export function Table({
  label,
  children,
  className,
}: {
  label: string
  children: ReactNode
  className?: string
}) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto rounded-lg border bg-surface-1"
    >
      <table aria-label={label} className={cn('w-full border-collapse text-sm', className)}>
        {children}
      </table>
    </section>
  )
}

export function TableHead({ children }: { children: ReactNode }) {
  return (
    <thead className="bg-surface-2 text-left text-text-2 text-xs">
      <tr>{children}</tr>
    </thead>
  )
}

export function Th({ className, ...rest }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      {...rest}
      className={cn('h-8 whitespace-nowrap border-b px-3 font-medium', className)}
    />
  )
}

export function Tr({ className, ...rest }: ComponentProps<'tr'>) {
  return <tr {...rest} className={cn('border-b last:border-b-0 hover:bg-surface-2', className)} />
}

export function Td({ className, ...rest }: ComponentProps<'td'>) {
  return <td {...rest} className={cn('h-10 px-3 align-middle', className)} />
}
