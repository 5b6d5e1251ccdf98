'use client'

/** On or off, with its label beside it. */
import { Switch as Base } from '@base-ui/react/switch'
import type { ReactNode } from 'react'

export function Switch({
  checked,
  onChange,
  label,
  hint,
  disabled = false,
}: {
  checked: boolean
  onChange: (checked: boolean) => void
  label: ReactNode
  hint?: ReactNode
  disabled?: boolean
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the switch inside renders the input
    <label className="flex items-start gap-2.5 py-0.5">
      <Base.Root
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        className="relative mt-0.5 flex h-4 w-7 shrink-0 rounded-full border border-border-control bg-surface-3 p-px transition-colors data-disabled:opacity-50 data-checked:border-accent-fill data-checked:bg-accent-fill"
      >
        <Base.Thumb className="aspect-square h-full rounded-full bg-text-2 transition-transform data-checked:translate-x-3 data-checked:bg-white" />
      </Base.Root>
      <span className="text-sm">
        {label}
        {hint ? <span className="block text-text-3 text-xs">{hint}</span> : null}
      </span>
    </label>
  )
}
