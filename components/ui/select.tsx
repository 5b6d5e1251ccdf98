'use client'

/** One of a few values. For long lists that need typing, use a combobox. */
import { Select as Base } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './cn'
import { CONTROL, FORM_SIZE, QUIET_SIZE } from './input'

export interface SelectOption<T extends string> {
  value: T
  label: ReactNode
  hint?: ReactNode
  disabled?: boolean
}

export function Select<T extends string>({
  value,
  onChange,
  options,
  label,
  placeholder = 'Choose…',
  disabled = false,
  quiet = false,
  className,
}: {
  value: T | null
  onChange: (value: T) => void
  options: readonly SelectOption<T>[]
  /** Accessible name, where no Field labels it. */
  label?: string
  placeholder?: string
  disabled?: boolean
  /** Smaller and with a hairline, for toolbars. */
  quiet?: boolean
  className?: string
}) {
  return (
    <Base.Root<T | null>
      value={value}
      onValueChange={(next) => {
        if (next !== null) onChange(next)
      }}
      items={options.map((option) => ({ value: option.value, label: option.label }))}
      disabled={disabled}
      modal={false}
    >
      <Base.Trigger
        aria-label={label}
        className={cn(
          CONTROL,
          quiet ? QUIET_SIZE : FORM_SIZE,
          'flex select-none items-center justify-between gap-2 px-2.5 text-left',
          className,
        )}
      >
        <Base.Value placeholder={placeholder} className="truncate data-placeholder:text-text-3" />
        <Base.Icon>
          <ChevronsUpDown size={14} className="text-text-3" aria-hidden />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50 outline-none">
          <Base.Popup className="max-h-[min(var(--available-height),20rem)] min-w-[var(--anchor-width)] overflow-y-auto rounded-lg border bg-surface-2 p-1 shadow-popover outline-none transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0">
            <Base.List>
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  disabled={option.disabled ?? false}
                  className="grid cursor-default select-none grid-cols-[1rem_1fr] items-start gap-2 rounded-md px-2 py-1.5 text-sm outline-none data-disabled:opacity-50 data-highlighted:bg-surface-3"
                >
                  <Base.ItemIndicator className="col-start-1 mt-0.5">
                    <Check size={14} aria-hidden />
                  </Base.ItemIndicator>
                  <span className="col-start-2 min-w-0">
                    <Base.ItemText className="block truncate">{option.label}</Base.ItemText>
                    {option.hint ? (
                      <span className="block text-text-3 text-xs">{option.hint}</span>
                    ) : null}
                  </span>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
