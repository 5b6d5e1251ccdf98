'use client'

/** The saga's own settings: what it takes, how long it may last, how it comes back. Shown when no step is selected. */
import { compileInputSchema } from '@/runtime/definition/input-schema'
import type { SagaDocument } from '@/runtime/definition/schema'
import { problemAt, useEdit } from './edit-context'
import { ChoiceField, DurationField, NumberField, Section, TextField } from './fields'
import { RetryFields, retrySummary } from './retry-fields'

const ORDERS = [
  {
    value: 'dependency',
    label: 'As parallel as the drawing allows',
    hint: 'Each waits only for what comes after it',
  },
  { value: 'reverse', label: 'One at a time', hint: 'In reverse order of start' },
] as const

const STRATEGIES = [
  {
    value: 'AUTOMATIC_ROLLBACK',
    label: 'Go on with the others',
    hint: 'Then quarantine, naming what is left',
  },
  { value: 'MANUAL_COMPENSATION', label: 'Pause', hint: 'An operator compensates by hand' },
  { value: 'EVENTUAL_CONSISTENCY', label: 'Retry for ever', hint: 'At the longest delay' },
  { value: 'CHAIRMAN_INTERVENTION', label: 'Ask the chairman', hint: 'Opens a gate' },
  { value: 'QUARANTINE_SAGA', label: 'Stop at once', hint: 'Nothing moves until somebody acts' },
] as const

export function SagaSettings({ document }: { document: SagaDocument }) {
  const { run, issues, index } = useEdit()
  const set = (field: keyof SagaDocument, value: unknown, label: string) =>
    run({ type: 'setSaga', fields: { [field]: value ?? null } }, label, `saga:${field}`)
  const retry = document.retry
  return (
    <>
      <Section title="Saga">
        <TextField
          label="Title"
          optional
          value={document.title}
          placeholder={document.name}
          onChange={(next) => set('title', next, 'Rename the saga')}
        />
        <TextField
          label="Description"
          optional
          rows={3}
          value={document.description}
          onChange={(next) => set('description', next, 'Describe the saga')}
        />
        <p className="text-text-3 text-xs">
          <code className="font-mono text-text-2">{document.name}</code> is its name for good: runs
          and services know it by that. {index.steps.size}{' '}
          {index.steps.size === 1 ? 'step' : 'steps'}.
        </p>
      </Section>
      <Section title="Input" open={document.input !== undefined} summary="any JSON">
        <TextField
          label="JSON Schema"
          optional
          mono
          rows={10}
          value={document.input === undefined ? undefined : JSON.stringify(document.input, null, 2)}
          problem={problemAt(issues, ['input'])}
          placeholder={'{ "type": "object", "properties": { … } }'}
          hint="What a run must be started with; it also makes the form for starting one"
          check={checkSchema}
          onChange={(text) =>
            set('input', text === undefined ? null : JSON.parse(text), 'Change the input schema')
          }
        />
      </Section>
      <Section title="The way back">
        <ChoiceField
          label="Order of compensations"
          value={document.compensationOrder}
          options={ORDERS}
          hint={ORDERS.find(({ value }) => value === document.compensationOrder)?.hint}
          onChange={(next) => set('compensationOrder', next, 'Change the order of compensations')}
        />
        <ChoiceField
          label="When a compensation keeps failing"
          value={document.onCompensationExhausted}
          options={STRATEGIES}
          hint={STRATEGIES.find(({ value }) => value === document.onCompensationExhausted)?.hint}
          onChange={(next) => set('onCompensationExhausted', next, 'Change the failure strategy')}
        />
      </Section>
      <Section title="Time">
        <DurationField
          label="The whole saga at most"
          optional
          value={document.maxDurationMs}
          problem={problemAt(issues, ['maxDurationMs'])}
          placeholder="no limit"
          onChange={(next) => set('maxDurationMs', next, 'Change the longest duration')}
        />
        <DurationField
          label="Default timeout of a call"
          optional
          value={document.timeoutMs}
          placeholder="30 s"
          onChange={(next) => set('timeoutMs', next, 'Change the default timeout')}
        />
        <NumberField
          label="Keep the journal for days"
          value={document.retentionDays}
          min={1}
          max={3650}
          onChange={(next) => set('retentionDays', next, 'Change the retention')}
        />
      </Section>
      <Section title="Default retries" open={retry !== undefined} summary={retrySummary(retry)}>
        <RetryFields
          value={retry}
          set={(path, value) => {
            const next: Record<string, unknown> = { ...retry }
            if (value === undefined) delete next[String(path[0])]
            else next[String(path[0])] = value
            const empty = Object.keys(next).length === 0
            set('retry', empty ? null : next, 'Change the default retries')
          }}
        />
      </Section>
    </>
  )
}

function checkSchema(text: string): string | null {
  if (text.trim() === '') return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return error instanceof Error ? error.message : 'Not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'Write an object'
  const compiled = compileInputSchema(value as Record<string, unknown>)
  // where the page's policy keeps ajv from compiling, the server is asked (use-schema-check.ts)
  return compiled.ok || compiled.unavailable ? null : compiled.message
}
