'use client'

/** A menu on a button. An item that cannot be used stays visible and says why. */
import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { cn } from './cn'
import { Kbd } from './kbd'

export function Menu({
  trigger,
  children,
  align = 'end',
  side = 'bottom',
}: {
  trigger: ReactElement
  children: ReactNode
  align?: 'start' | 'center' | 'end'
  side?: 'top' | 'bottom' | 'left' | 'right'
}) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align={align} side={side} className="z-50 outline-none">
          <Base.Popup className="max-h-[var(--available-height)] min-w-44 max-w-80 origin-[var(--transform-origin)] overflow-y-auto rounded-lg border bg-surface-2 p-1 shadow-popover outline-none transition-[opacity,transform] duration-150 data-ending-style:scale-98 data-starting-style:scale-98 data-ending-style:opacity-0 data-starting-style:opacity-0">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

export function MenuItem({
  icon,
  children,
  keys,
  danger = false,
  disabledReason,
  onSelect,
}: {
  icon?: ReactNode
  children: ReactNode
  keys?: string
  danger?: boolean
  disabledReason?: string | null | undefined
  onSelect: () => void
}) {
  return (
    <Base.Item
      disabled={Boolean(disabledReason)}
      onClick={onSelect}
      className={cn(
        'flex min-h-8 cursor-default select-none items-center gap-2 rounded-md px-2 py-1 text-sm outline-none data-disabled:cursor-not-allowed data-highlighted:bg-surface-3 max-md:min-h-11',
        danger && 'text-state-failed',
      )}
    >
      <span
        className={cn('grid size-4 shrink-0 place-items-center', disabledReason && 'opacity-50')}
      >
        {icon}
      </span>
      <span className="min-w-0 flex-1">
        <span className={cn('block', disabledReason && 'opacity-50')}>{children}</span>
        {disabledReason ? (
          <span className="block text-text-3 text-xs">{disabledReason}</span>
        ) : null}
      </span>
      {keys ? <Kbd keys={keys} /> : null}
    </Base.Item>
  )
}

export function MenuLink({
  icon,
  href,
  children,
}: {
  icon?: ReactNode
  href: string
  children: ReactNode
}) {
  return (
    <Base.LinkItem
      href={href}
      className="flex min-h-8 select-none items-center gap-2 rounded-md px-2 py-1 text-sm outline-none data-highlighted:bg-surface-3 max-md:min-h-11"
    >
      <span className="grid size-4 shrink-0 place-items-center">{icon}</span>
      {children}
    </Base.LinkItem>
  )
}

export function MenuSeparator() {
  return <Base.Separator className="my-1 h-px bg-border" />
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <div className="px-2 py-1 text-text-3 text-xs">{children}</div>
}

export function MenuRadioGroup<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string
  value: T
  onChange: (value: T) => void
  options: readonly { value: T; label: string; icon?: ReactNode }[]
}) {
  return (
    <Base.RadioGroup value={value} onValueChange={(next: T) => onChange(next)} aria-label={label}>
      {options.map((option) => (
        <Base.RadioItem
          key={option.value}
          value={option.value}
          closeOnClick
          className="flex min-h-8 cursor-default select-none items-center gap-2 rounded-md px-2 py-1 text-sm outline-none data-highlighted:bg-surface-3 data-checked:text-accent max-md:min-h-11"
        >
          <span className="grid size-4 shrink-0 place-items-center">{option.icon}</span>
          <span className="flex-1">{option.label}</span>
          <Base.RadioItemIndicator className="text-xs">●</Base.RadioItemIndicator>
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  )
}
