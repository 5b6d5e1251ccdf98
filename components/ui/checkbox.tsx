'use client'

/** A check mark; `mixed` when only some of what it stands for is chosen. */
import { Checkbox as Base } from '@base-ui/react/checkbox'
import { Check, Minus } from 'lucide-react'

export function Checkbox({
  checked,
  mixed = false,
  onChange,
  label,
  tabIndex,
}: {
  checked: boolean
  mixed?: boolean
  onChange: (checked: boolean) => void
  /** Accessible name. */
  label: string
  tabIndex?: number
}) {
  return (
    <Base.Root
      checked={checked}
      indeterminate={mixed}
      onCheckedChange={onChange}
      aria-label={label}
      tabIndex={tabIndex}
      className="relative grid size-4 shrink-0 place-items-center rounded-sm border border-border-control bg-surface-1 text-white after:absolute after:-inset-2 data-checked:border-accent-fill data-checked:bg-accent-fill data-indeterminate:border-accent-fill data-indeterminate:bg-accent-fill"
    >
      <Base.Indicator>
        {mixed ? <Minus size={12} aria-hidden /> : <Check size={12} aria-hidden />}
      </Base.Indicator>
    </Base.Root>
  )
}
