'use client'

/** Tabs over panels. The value lives with the caller, who keeps it in the URL. */
import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'
import { cn } from './cn'

export interface TabItem<T extends string> {
  value: T
  label: ReactNode
  count?: number | string | undefined
}

export function Tabs<T extends string>({
  value,
  onChange,
  items,
  label,
  children,
  className,
  end,
}: {
  value: T
  onChange: (value: T) => void
  items: readonly TabItem<T>[]
  label: string
  children: ReactNode
  className?: string
  /** Sits at the right of the row of tabs. */
  end?: ReactNode
}) {
  return (
    <Base.Root
      value={value}
      onValueChange={(next: T) => onChange(next)}
      className={cn('flex min-h-0 flex-col', className)}
    >
      <div className="flex shrink-0 items-center border-b">
        <Base.List
          aria-label={label}
          className="relative flex min-w-0 flex-1 gap-1 overflow-x-auto px-3 [scrollbar-width:none]"
        >
          {items.map((item) => (
            <Base.Tab
              key={item.value}
              value={item.value}
              className="flex h-10 shrink-0 select-none items-center gap-1.5 border-transparent border-b-2 px-2 font-medium text-sm text-text-2 transition-colors hover:text-text focus-visible:outline-offset-[-3px] data-active:border-accent data-active:text-text"
            >
              {item.label}
              {item.count !== undefined ? (
                <span className="rounded-sm bg-surface-3 px-1 font-normal text-2xs text-text-2 tabular-nums">
                  {typeof item.count === 'number' ? item.count.toLocaleString() : item.count}
                </span>
              ) : null}
            </Base.Tab>
          ))}
        </Base.List>
        {end}
      </div>
      {children}
    </Base.Root>
  )
}

export function TabPanel({
  value,
  children,
  className,
}: {
  value: string
  children: ReactNode
  className?: string
}) {
  return (
    <Base.Panel
      value={value}
      className={cn(
        'min-h-0 flex-1 overflow-y-auto focus-visible:outline-offset-[-2px]',
        className,
      )}
    >
      {children}
    </Base.Panel>
  )
}
