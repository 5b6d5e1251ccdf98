'use client'

/** A filter as a chip: quiet while it lets everything through, marked and clearable once it does not. */
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from '../ui/cn'
import { Select } from '../ui/select'

const ANY = '__any'

export function FilterSelect({
  name,
  any,
  value,
  options,
  onChange,
}: {
  /** What is filtered, e.g. `Saga`. */
  name: string
  /** What no filter is called, e.g. `Any saga`. */
  any: string
  value: string | null
  options: readonly { value: string; label: ReactNode }[]
  onChange: (value: string | null) => void
}) {
  const known = value === null || options.some((option) => option.value === value)
  return (
    <span className="inline-flex items-center">
      <Select
        label={name}
        value={value ?? ANY}
        onChange={(next) => onChange(next === ANY ? null : next)}
        options={[
          { value: ANY, label: any },
          ...options,
          ...(known ? [] : [{ value, label: value }]),
        ]}
        quiet
        className={cn('max-w-56', value === null ? 'text-text-2' : 'rounded-r-none')}
      />
      {value === null ? null : (
        <button
          type="button"
          aria-label={`Clear the filter ${name}`}
          onClick={() => onChange(null)}
          className="grid h-7 w-7 place-items-center rounded-r-md border border-l-0 bg-surface-3 text-text-2 hover:text-text max-md:h-9 max-md:w-9"
        >
          <X size={13} aria-hidden />
        </button>
      )}
    </span>
  )
}
