'use client'

/** The start input of a saga: a form where its schema allows one, JSON always. Both edit the same value. */
import { useEffect, useState } from 'react'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Input } from '../ui/input'
import { Select } from '../ui/select'
import { Switch } from '../ui/switch'
import { Textarea } from '../ui/textarea'
import { type FormField, fieldsOf } from './json-schema'

export function InputForm({
  schema,
  value,
  onChange,
  onValid,
  problems,
}: {
  schema: unknown
  value: unknown
  onChange: (value: unknown) => void
  /** False while the JSON text does not parse. */
  onValid: (valid: boolean) => void
  /** Findings by top-level property; `''` for the whole. */
  problems: Readonly<Record<string, string>>
}) {
  const fields = fieldsOf(schema)
  const [asJson, setAsJson] = useState(fields === null)
  const json = asJson || fields === null
  return (
    <div className="flex flex-col gap-3">
      <div className="flex items-center justify-between">
        <h3 className="font-medium text-sm">Input</h3>
        {fields ? (
          <Button size="sm" variant="ghost" onClick={() => setAsJson(!asJson)}>
            {json ? 'Fill in a form' : 'Write JSON'}
          </Button>
        ) : null}
      </div>
      {json ? (
        <JsonField value={value} onChange={onChange} onValid={onValid} problem={problems['']} />
      ) : (
        fields.map((field) => (
          <FormRow
            key={field.name}
            field={field}
            value={isObject(value) ? value[field.name] : undefined}
            problem={problems[field.name]}
            onValid={onValid}
            onChange={(next) => {
              const { [field.name]: _, ...rest } = isObject(value) ? value : {}
              onChange(next === undefined ? rest : { ...rest, [field.name]: next })
            }}
          />
        ))
      )}
    </div>
  )
}

function FormRow({
  field,
  value,
  problem,
  onChange,
  onValid,
}: {
  field: FormField
  value: unknown
  problem: string | undefined
  onChange: (value: unknown) => void
  onValid: (valid: boolean) => void
}) {
  if (field.kind === 'boolean') {
    return (
      <Switch checked={value === true} onChange={onChange} label={field.label} hint={field.hint} />
    )
  }
  if (field.kind === 'json') {
    return (
      <JsonField
        label={field.label}
        hint={field.hint}
        value={value}
        onChange={onChange}
        onValid={onValid}
        problem={problem}
        optional={!field.required}
      />
    )
  }
  return (
    <Field label={field.label} hint={field.hint} error={problem} optional={!field.required}>
      {field.kind === 'choice' ? (
        <Select
          label={field.label}
          value={typeof value === 'string' ? value : null}
          onChange={onChange}
          options={field.values.map((each) => ({ value: each, label: each }))}
        />
      ) : field.kind === 'number' ? (
        <Input
          type="number"
          inputMode={field.whole ? 'numeric' : 'decimal'}
          step={field.whole ? 1 : 'any'}
          value={typeof value === 'number' ? value : ''}
          onChange={(event) =>
            onChange(event.target.value === '' ? undefined : event.target.valueAsNumber)
          }
        />
      ) : field.multiline ? (
        <Textarea
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      ) : (
        <Input
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      )}
    </Field>
  )
}

function JsonField({
  label = 'JSON',
  hint,
  value,
  onChange,
  onValid,
  problem,
  optional = false,
}: {
  label?: string
  hint?: string | null
  value: unknown
  onChange: (value: unknown) => void
  onValid: (valid: boolean) => void
  problem: string | undefined
  optional?: boolean
}) {
  const [text, setText] = useState(() =>
    value === undefined ? '' : JSON.stringify(value, null, 2),
  )
  const [error, setError] = useState<string | null>(null)
  useEffect(() => () => onValid(true), [onValid])
  return (
    <Field label={label} hint={hint} error={error ?? problem} optional={optional}>
      <Textarea
        mono
        rows={Math.min(14, Math.max(4, text.split('\n').length))}
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          const parsed = parseJson(event.target.value)
          setError(parsed.ok ? null : parsed.message)
          onValid(parsed.ok)
          if (parsed.ok) onChange(parsed.value)
        }}
      />
    </Field>
  )
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  if (text.trim() === '') return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
