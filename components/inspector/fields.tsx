'use client'

/** The fields that forms are made of: text, number, duration, choice, step. Each checks what is typed and says what is wrong. */
import { ChevronRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Issue } from '@/runtime/definition/issue'
import { connectRefusal } from '../canvas/canvas-commands'
import { formatDurationExactly, parseDuration } from '../canvas/duration'
import { titleOf } from '../canvas/step-index'
import { cn } from '../ui/cn'
import { Field } from '../ui/field'
import { Input } from '../ui/input'
import { Select } from '../ui/select'
import { Textarea } from '../ui/textarea'
import { useEdit } from './edit-context'
import { useDraft } from './use-draft'

interface Common {
  label: string
  hint?: ReactNode
  problem?: Issue | null
  optional?: boolean
}

export function TextField({
  value,
  onChange,
  check,
  mono = false,
  rows,
  placeholder,
  autoFocus = false,
  name,
  ...common
}: Common & {
  value: string | undefined
  /** Undefined: the field was emptied. */
  onChange: (value: string | undefined) => void
  check?: (text: string) => string | null
  mono?: boolean
  rows?: number
  placeholder?: string
  autoFocus?: boolean
  name?: string
}) {
  const { locked } = useEdit()
  const draft = useDraft({
    value: value ?? '',
    check,
    commit: (text) => onChange(text === '' ? undefined : text),
  })
  const shared = {
    value: draft.text,
    placeholder: placeholder ?? '',
    disabled: locked !== null,
    name: name ?? common.label,
    onBlur: draft.leave,
  }
  return (
    <Labelled {...common} error={draft.error}>
      {rows ? (
        <Textarea
          {...shared}
          rows={rows}
          mono={mono}
          onChange={(event) => draft.change(event.target.value)}
        />
      ) : (
        <Input
          {...shared}
          mono={mono}
          autoFocus={autoFocus}
          onChange={(event) => draft.change(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') draft.commitNow()
            if (event.key === 'Escape') draft.forget()
          }}
        />
      )}
    </Labelled>
  )
}

export function NumberField({
  value,
  onChange,
  min,
  max,
  integer = true,
  placeholder,
  ...common
}: Common & {
  value: number | undefined
  onChange: (value: number | undefined) => void
  min: number
  max: number
  integer?: boolean
  placeholder?: string
}) {
  const check = (text: string) => {
    if (text.trim() === '') return common.optional === false ? 'Give a number' : null
    const number = Number(text)
    if (!Number.isFinite(number) || (integer && !Number.isInteger(number))) {
      return integer ? 'Give a whole number' : 'Give a number'
    }
    return number < min || number > max ? `Between ${min} and ${max.toLocaleString('en')}` : null
  }
  return (
    <TextField
      {...common}
      value={value === undefined ? undefined : String(value)}
      check={check}
      placeholder={placeholder ?? ''}
      onChange={(text) => onChange(text === undefined ? undefined : Number(text))}
    />
  )
}

const YEAR_MS = 365 * 86_400_000

export function DurationField({
  value,
  onChange,
  placeholder = 'e.g. 30 s or 2 h',
  ...common
}: Common & {
  value: number | undefined
  onChange: (ms: number | undefined) => void
  placeholder?: string
}) {
  const check = (text: string) => {
    if (text.trim() === '') return null
    const ms = parseDuration(text)
    if (ms === null) return 'Write a duration, e.g. 30 s, 2 h 30 min, 7 d'
    return ms < 1 || ms > YEAR_MS ? 'Between 1 ms and 365 days' : null
  }
  return (
    <TextField
      {...common}
      value={value === undefined ? undefined : formatDurationExactly(value)}
      check={check}
      placeholder={placeholder}
      onChange={(text) =>
        onChange(text === undefined ? undefined : (parseDuration(text) ?? undefined))
      }
    />
  )
}

export function ChoiceField<T extends string>({
  value,
  onChange,
  options,
  placeholder,
  ...common
}: Common & {
  value: T | null
  onChange: (value: T) => void
  options: readonly { value: T; label: string; hint?: string }[]
  placeholder?: string
}) {
  const { locked } = useEdit()
  return (
    <Labelled {...common} error={null}>
      <Select
        label={common.label}
        value={value}
        onChange={onChange}
        options={options}
        disabled={locked !== null}
        {...(placeholder ? { placeholder } : {})}
      />
    </Labelled>
  )
}

const NOWHERE = '(ends)'

/** Where an arrow leads: the steps of the same region that it may lead to. */
export function StepField({
  from,
  value,
  onChange,
  required = false,
  ...common
}: Common & {
  from: string
  value: string | undefined
  /** Undefined: it leads nowhere. */
  onChange: (step: string | undefined) => void
  required?: boolean
}) {
  const { index } = useEdit()
  const found = index.steps.get(from)
  const region = found?.region ?? []
  const steps = index.regions.get(found?.regionKey ?? '')?.steps ?? []
  const allowed = steps.filter(
    (to) => to === value || connectRefusal(index, { from, to, region }) === null,
  )
  const options = [
    ...(required
      ? []
      : [{ value: NOWHERE, label: region.length > 0 ? 'The branch ends' : 'The saga ends' }]),
    ...allowed.map((id) => {
      const step = index.steps.get(id)?.step
      return { value: id, label: step ? titleOf(id, step) : id, hint: id }
    }),
  ]
  if (value !== undefined && !steps.includes(value)) {
    options.push({ value, label: `${value} (missing)` })
  }
  return (
    <ChoiceField
      {...common}
      value={value ?? NOWHERE}
      options={options}
      onChange={(id) => onChange(id === NOWHERE ? undefined : id)}
    />
  )
}

export function Labelled({
  label,
  hint,
  problem = null,
  optional = false,
  error,
  children,
}: Common & { error: string | null; children: ReactNode }) {
  const wrong = error ?? (problem?.severity === 'error' ? problem.message : null)
  const advice = problem?.severity === 'warning' ? problem.message : hint
  return (
    <Field
      label={label}
      optional={optional}
      error={wrong ?? undefined}
      hint={
        wrong ? undefined : advice ? (
          <span className={problem ? 'text-state-compensating' : ''}>{advice}</span>
        ) : undefined
      }
    >
      {children}
    </Field>
  )
}

/** A part of a form; parts that are rarely needed are closed until they hold something. */
export function Section({
  title,
  summary,
  open: initially = true,
  children,
}: {
  title: string
  /** Shown while it is closed. */
  summary?: ReactNode
  open?: boolean
  children: ReactNode
}) {
  const [open, setOpen] = useState(initially)
  return (
    <section className="border-b last:border-b-0">
      <h3>
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="flex h-10 w-full items-center gap-1.5 px-4 text-left font-medium text-sm hover:bg-surface-2"
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={cn('text-text-3 transition-transform', open && 'rotate-90')}
          />
          {title}
          {!open && summary ? (
            <span className="ml-auto truncate pl-3 font-normal text-text-3 text-xs">{summary}</span>
          ) : null}
        </button>
      </h3>
      {open ? <div className="flex flex-col gap-3 px-4 pt-1 pb-4">{children}</div> : null}
    </section>
  )
}
