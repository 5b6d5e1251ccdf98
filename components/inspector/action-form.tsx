'use client'

/** An action: who is called, with what, what it does to the world, and how it is undone. */
import type { EditCommand } from '@/runtime/definition/edit'
import type { ActionStep, Effect } from '@/runtime/definition/schema'
import { formatDuration } from '../canvas/duration'
import { inputFor, type OperationTemplate } from '../canvas/new-step'
import type { IndexedStep } from '../canvas/step-index'
import { Button } from '../ui/button'
import { useStepEdit } from './edit-context'
import { ExpressionField } from './expression-field'
import { ChoiceField, DurationField, Labelled, Section, TextField } from './fields'
import { MappingEditor } from './mapping-editor'
import { ResourcesEditor } from './resources-editor'
import { RetryFields, retrySummary } from './retry-fields'

const EFFECTS: readonly { value: Effect; label: string; hint: string }[] = [
  { value: 'compensatable', label: 'Compensatable', hint: 'Changes something and can be undone' },
  { value: 'pivot', label: 'Pivot', hint: 'The point of no return: what follows must succeed' },
  { value: 'retriable', label: 'Retriable', hint: 'After the pivot: retried until it succeeds' },
  { value: 'readonly', label: 'Reads only', hint: 'Changes nothing; there is nothing to undo' },
]

const COUNTERMEASURES = [
  { value: 'none', label: 'None' },
  { value: 'semantic-lock', label: 'Semantic lock', hint: 'Marks the record as pending' },
  { value: 'commutative', label: 'Commutative', hint: 'Order does not matter' },
  { value: 'pessimistic-view', label: 'Pessimistic view', hint: 'Risky update comes last' },
  { value: 'reread', label: 'Reread', hint: 'Checks the value before writing' },
  { value: 'version-file', label: 'Version file', hint: 'Puts late updates in order' },
  { value: 'by-value', label: 'By value', hint: 'Chosen by business risk' },
] as const

export function ActionForm({ found, step }: { found: IndexedStep; step: ActionStep }) {
  const edit = useStepEdit(found)
  const { set, problem, catalog } = edit
  const participant = catalog.participants.find(({ name }) => name === step.participant)
  const operation = participant?.operations.find(({ name }) => name === step.operation)
  const place = { step: found.id }

  const chooseOperation = (next: OperationTemplate, of = step.participant) => {
    const commands: EditCommand[] = []
    const put = (path: string[], value: unknown) =>
      commands.push({ type: 'setStep', id: found.id, path, value })
    if (of !== step.participant) put(['participant'], of)
    put(['operation'], next.name)
    if (next.effect) put(['effect'], next.effect)
    const undone =
      next.compensation !== undefined && (next.effect ?? step.effect) === 'compensatable'
    if (undone) put(['compensation'], { operation: next.compensation })
    else if (step.compensation && next.effect !== 'compensatable') put(['compensation'], undefined)
    const input = inputFor(next)
    if (input && step.input === undefined) put(['input'], input)
    const label = `Call ${of}.${next.name}`
    edit.run({ type: 'batch', label, commands }, label)
  }
  const chooseParticipant = (name: string) => {
    const first = catalog.participants.find((one) => one.name === name)?.operations[0]
    if (first) chooseOperation(first, name)
    else set(['participant'], name, 'Change the participant')
  }
  return (
    <>
      <Section title="Call">
        {catalog.participants.length > 0 ? (
          <ChoiceField
            label="Participant"
            value={step.participant}
            problem={problem(['participant'])}
            options={options(
              catalog.participants.map(({ name, title }) => ({
                value: name,
                label: title,
                hint: name,
              })),
              step.participant,
            )}
            onChange={chooseParticipant}
          />
        ) : (
          <TextField
            label="Participant"
            mono
            value={step.participant}
            problem={problem(['participant'])}
            hint="No participants are registered yet"
            onChange={(next) => set(['participant'], next ?? 'participant')}
          />
        )}
        {participant && participant.operations.length > 0 ? (
          <ChoiceField
            label="Operation"
            value={step.operation}
            problem={problem(['operation'])}
            options={options(
              participant.operations.map(({ name, title }) => ({
                value: name,
                label: title ?? name,
                hint: name,
              })),
              step.operation,
            )}
            onChange={(name) => {
              const next = participant.operations.find((one) => one.name === name)
              if (next) chooseOperation(next)
            }}
          />
        ) : (
          <TextField
            label="Operation"
            mono
            value={step.operation}
            problem={problem(['operation'])}
            check={(text) => (text === '' ? 'Name the operation' : null)}
            onChange={(next) => next && set(['operation'], next)}
          />
        )}
        <ChoiceField
          label="Effect"
          value={step.effect}
          problem={problem(['effect'])}
          options={EFFECTS}
          hint={EFFECTS.find(({ value }) => value === step.effect)?.hint}
          onChange={(next) => set(['effect'], next, 'Change the effect')}
        />
      </Section>
      <Section title="Input" summary={fieldCount(step.input)}>
        <MappingEditor
          label="Input"
          value={step.input}
          schema={operation?.input}
          place={place}
          onChange={(next) => set(['input'], next, 'Change the input')}
          onField={(field, next) => set(['input', field], next, `Change input ${field}`)}
        />
        <Problem text={problem(['input'])?.message} />
      </Section>
      <Compensation found={found} step={step} />
      <Section
        title="Time and retries"
        open={step.timeoutMs !== undefined || step.retry !== undefined}
        summary={[
          step.timeoutMs === undefined ? '' : formatDuration(step.timeoutMs),
          retrySummary(step.retry),
        ]
          .filter(Boolean)
          .join(' · ')}
      >
        <DurationField
          label="Timeout of one attempt"
          optional
          value={step.timeoutMs}
          problem={problem(['timeoutMs'])}
          placeholder="the saga's default"
          onChange={(next) => set(['timeoutMs'], next, 'Change the timeout')}
        />
        <RetryFields
          value={step.retry}
          set={(path, next) => set(['retry', ...path], next, 'Change the retries')}
        />
      </Section>
      <Section
        title="Identity and isolation"
        open={Boolean(step.idempotencyKey ?? step.resources ?? step.countermeasure)}
        summary={step.countermeasure ?? 'default'}
      >
        <Labelled
          label="Idempotency key"
          optional
          error={null}
          hint="Default: the saga, the step and the round; the same for every attempt"
        >
          <ExpressionField
            label="Idempotency key"
            value={step.idempotencyKey ?? ''}
            place={place}
            placeholder="saga.id & ':transfer'"
            onChange={(next) => set(['idempotencyKey'], next === '' ? undefined : next)}
          />
        </Labelled>
        <ResourcesEditor found={found} value={step.resources ?? []} />
        <ChoiceField
          label="Countermeasure"
          value={step.countermeasure ?? 'none'}
          options={COUNTERMEASURES}
          hint="How others are kept from what is not yet certain"
          onChange={(next) => set(['countermeasure'], next === 'none' ? undefined : next)}
        />
      </Section>
    </>
  )
}

function Compensation({ found, step }: { found: IndexedStep; step: ActionStep }) {
  const edit = useStepEdit(found)
  const { set, problem, catalog } = edit
  const { compensation } = step
  const owner = compensation?.participant ?? step.participant
  const participant = catalog.participants.find(({ name }) => name === owner)
  const declared = catalog.participants
    .find(({ name }) => name === step.participant)
    ?.operations.find(({ name }) => name === step.operation)?.compensation
  const operation = participant?.operations.find(({ name }) => name === compensation?.operation)
  if (!compensation) {
    if (step.effect !== 'compensatable') return null
    const first = declared ?? participant?.operations[0]?.name ?? 'undo'
    return (
      <Section title="Compensation">
        <p className="text-sm text-text-2">
          {declared
            ? `${step.participant} undoes this with ${declared}.`
            : 'When the saga fails later, this step stays as it is: nothing undoes it.'}
        </p>
        <Button
          size="sm"
          className="self-start"
          disabledReason={edit.locked}
          onClick={() => set(['compensation'], { operation: first }, 'Add a compensation')}
        >
          Add a compensation
        </Button>
        <Problem text={problem(['compensation'])?.message} />
      </Section>
    )
  }
  return (
    <Section title="Compensation" summary={compensation.operation}>
      <ChoiceField
        label="Participant"
        value={owner}
        options={options(
          catalog.participants.map(({ name, title }) => ({
            value: name,
            label: title,
            hint: name,
          })),
          owner,
        )}
        onChange={(name) =>
          set(
            ['compensation', 'participant'],
            name === step.participant ? undefined : name,
            'Change who compensates',
          )
        }
      />
      {participant && participant.operations.length > 0 ? (
        <ChoiceField
          label="Operation"
          value={compensation.operation}
          problem={problem(['compensation', 'operation'])}
          options={options(
            participant.operations.map(({ name, title }) => ({
              value: name,
              label: title ?? name,
              hint: name,
            })),
            compensation.operation,
          )}
          onChange={(name) => set(['compensation', 'operation'], name, 'Change the compensation')}
        />
      ) : (
        <TextField
          label="Operation"
          mono
          value={compensation.operation}
          problem={problem(['compensation', 'operation'])}
          onChange={(name) => name && set(['compensation', 'operation'], name)}
        />
      )}
      <Labelled
        label="Input"
        error={null}
        hint="It can read output, what the step returned; absent when its outcome is unknown"
      >
        <MappingEditor
          label="Compensation input"
          value={compensation.input}
          schema={operation?.input}
          place={{ step: found.id, compensation: true }}
          onChange={(next) => set(['compensation', 'input'], next, 'Change the compensation')}
          onField={(field, next) =>
            set(['compensation', 'input', field], next, 'Change the compensation')
          }
        />
      </Labelled>
      <Problem text={problem(['compensation', 'input'])?.message} />
      <DurationField
        label="Timeout of one attempt"
        optional
        value={compensation.timeoutMs}
        placeholder="the saga's default"
        onChange={(next) => set(['compensation', 'timeoutMs'], next)}
      />
      <RetryFields
        value={compensation.retry}
        set={(path, next) => set(['compensation', 'retry', ...path], next)}
      />
      <Button
        size="sm"
        variant="ghost"
        className="self-start"
        disabledReason={edit.locked}
        onClick={() => set(['compensation'], undefined, 'Remove the compensation')}
      >
        Remove the compensation
      </Button>
    </Section>
  )
}

export function Problem({ text }: { text: string | undefined }) {
  return text ? <p className="text-state-compensating text-xs">{text}</p> : null
}

/** The known ones, and the present one even when it is not known. */
function options(
  known: readonly { value: string; label: string; hint: string }[],
  present: string,
): { value: string; label: string; hint: string }[] {
  if (known.some(({ value }) => value === present)) return [...known]
  return [...known, { value: present, label: present, hint: 'not registered' }]
}

function fieldCount(input: ActionStep['input']): string {
  if (input === undefined) return 'nothing'
  if (typeof input === 'string') return input
  const count = Object.keys(input).length
  return `${count} ${count === 1 ? 'field' : 'fields'}`
}
