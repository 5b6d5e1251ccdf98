'use client'

/**
 * A mapping: field by field, each an expression or a plain value, or one expression for the whole. Fields that the
 * operation's schema names are offered; required ones that are missing are marked.
 */
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Mapping } from '@/runtime/definition/schema'
import { Button } from '../ui/button'
import { IconButton } from '../ui/icon-button'
import { Input } from '../ui/input'
import { useEdit } from './edit-context'
import { type ExpressionPlace, propertiesOf } from './expression-completions'
import { ExpressionField } from './expression-field'
import { useDraft } from './use-draft'

export function MappingEditor({
  label,
  value,
  onChange,
  onField,
  place,
  schema,
}: {
  label: string
  value: Mapping | undefined
  /** The whole mapping; undefined removes it. */
  onChange: (value: Mapping | undefined) => void
  /** One field, where that is a smaller change. */
  onField: (field: string, value: unknown) => void
  place: ExpressionPlace
  /** JSON Schema of what the mapping yields. */
  schema?: Record<string, unknown> | undefined
}) {
  const { locked } = useEdit()
  const [name, setName] = useState<string | null>(null)
  if (typeof value === 'string') {
    return (
      <div className="flex flex-col gap-2">
        <ExpressionField label={label} value={value} onChange={onChange} place={place} required />
        <ModeButton onClick={() => onChange({})}>Map field by field instead</ModeButton>
      </div>
    )
  }
  const fields = Object.entries(value ?? {})
  const known = propertiesOf(schema)
  const required = Array.isArray(schema?.required) ? schema.required : []
  const missing = known.filter(([field]) => !fields.some(([have]) => have === field))
  const add = (field: string) => {
    if (value === undefined) onChange({ [field]: `input.${field}` })
    else onField(field, `input.${field}`)
    setName(null)
  }
  return (
    <div className="flex flex-col gap-2">
      {fields.length === 0 ? (
        <p className="text-text-3 text-xs">Nothing is passed yet.</p>
      ) : (
        <ul className="flex flex-col gap-2" aria-label={label}>
          {fields.map(([field, content]) => (
            <li key={field} className="flex flex-col gap-1">
              <div className="flex items-center gap-1">
                <FieldName
                  name={field}
                  required={required.includes(field)}
                  taken={(next) => next !== field && fields.some(([have]) => have === next)}
                  onRename={(next) =>
                    onChange(
                      Object.fromEntries(
                        fields.map(([have, was]) => [have === field ? next : have, was]),
                      ) as Mapping,
                    )
                  }
                />
                <button
                  type="button"
                  disabled={locked !== null}
                  className="h-6 rounded-sm px-1.5 text-text-3 text-xs hover:bg-surface-3 hover:text-text"
                  title={
                    typeof content === 'string'
                      ? 'An expression. Press to write a plain value instead'
                      : 'A plain value. Press to write an expression instead'
                  }
                  onClick={() =>
                    onField(field, typeof content === 'string' ? null : `input.${field}`)
                  }
                >
                  {typeof content === 'string' ? 'expression' : 'value'}
                </button>
                <IconButton
                  size="sm"
                  label={`Remove ${field}`}
                  icon={<Trash2 size={13} />}
                  disabledReason={locked}
                  onClick={() => onField(field, undefined)}
                />
              </div>
              {typeof content === 'string' ? (
                <ExpressionField
                  label={`${label}: ${field}`}
                  value={content}
                  onChange={(next) => onField(field, next)}
                  place={place}
                  required
                />
              ) : (
                <LiteralField
                  label={`${label}: ${field}`}
                  value={content}
                  onChange={(next) => onField(field, next)}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      <div className="flex flex-wrap items-center gap-1">
        {missing.map(([field, detail]) => (
          <button
            key={field}
            type="button"
            disabled={locked !== null}
            title={detail}
            onClick={() => add(field)}
            className="inline-flex h-6 items-center gap-1 rounded-sm border border-dashed px-1.5 text-text-2 text-xs hover:bg-surface-3"
          >
            <Plus size={11} aria-hidden />
            {field}
            {required.includes(field) ? (
              <span className="text-state-compensating">required</span>
            ) : null}
          </button>
        ))}
        {name === null ? (
          <Button
            size="sm"
            variant="ghost"
            icon={<Plus size={13} />}
            disabledReason={locked}
            onClick={() => setName('')}
          >
            Add a field
          </Button>
        ) : (
          <form
            className="flex gap-1"
            onSubmit={(event) => {
              event.preventDefault()
              if (name.trim() !== '' && !fields.some(([have]) => have === name.trim()))
                add(name.trim())
            }}
          >
            <Input
              autoFocus
              aria-label="Name of the new field"
              placeholder="name"
              className="w-36"
              value={name}
              onChange={(event) => setName(event.target.value)}
              onKeyDown={(event) => event.key === 'Escape' && setName(null)}
            />
            <Button type="submit" size="md">
              Add
            </Button>
          </form>
        )}
        {value !== undefined && fields.length === 0 ? (
          <ModeButton onClick={() => onChange(undefined)}>Pass nothing</ModeButton>
        ) : null}
        {fields.length === 0 ? (
          <ModeButton onClick={() => onChange('input')}>Use one expression</ModeButton>
        ) : null}
      </div>
    </div>
  )
}

function FieldName({
  name,
  required,
  taken,
  onRename,
}: {
  name: string
  required: boolean
  taken: (name: string) => boolean
  onRename: (name: string) => void
}) {
  const draft = useDraft({
    value: name,
    check: (text) => (text.trim() === '' || taken(text) ? 'Another name' : null),
    commit: onRename,
  })
  const { locked } = useEdit()
  return (
    <span className="flex min-w-0 flex-1 items-center gap-1.5">
      <input
        aria-label={`Name of field ${name}`}
        aria-invalid={draft.error !== null || undefined}
        className="min-w-0 rounded-sm bg-transparent font-medium text-sm [field-sizing:content] focus:bg-surface-3"
        value={draft.text}
        disabled={locked !== null}
        onChange={(event) => draft.change(event.target.value)}
        onBlur={draft.leave}
      />
      {required ? <span className="text-text-3 text-xs">required</span> : null}
    </span>
  )
}

function LiteralField({
  label,
  value,
  onChange,
}: {
  label: string
  value: unknown
  onChange: (value: unknown) => void
}) {
  const { locked } = useEdit()
  const draft = useDraft({
    value: JSON.stringify(value),
    check: (text) => {
      try {
        return typeof JSON.parse(text) === 'string'
          ? 'A text is written as an expression in quotes'
          : null
      } catch {
        return 'Not JSON: a number, true, null, a list or an object'
      }
    },
    commit: (text) => onChange(JSON.parse(text)),
  })
  return (
    <div>
      <Input
        aria-label={label}
        aria-invalid={draft.error !== null || undefined}
        mono
        value={draft.text}
        disabled={locked !== null}
        onChange={(event) => draft.change(event.target.value)}
        onBlur={draft.leave}
      />
      {draft.error ? (
        <p role="alert" className="mt-1 text-state-failed text-xs">
          {draft.error}
        </p>
      ) : null}
    </div>
  )
}

function ModeButton({ onClick, children }: { onClick: () => void; children: string }) {
  const { locked } = useEdit()
  return (
    <button
      type="button"
      disabled={locked !== null}
      onClick={onClick}
      className="h-6 self-start rounded-sm px-1 text-text-3 text-xs underline-offset-2 hover:text-text hover:underline"
    >
      {children}
    </button>
  )
}
