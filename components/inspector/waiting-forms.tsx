'use client'

import type { EditCommand } from '@/runtime/definition/edit'
/** The steps that wait: for time, for an event, for a person, for another saga; and the end. */
import type {
  ApprovalStep,
  EndStep,
  SagaStep,
  SignalStep,
  TransactionStep,
  WaitStep,
} from '@/runtime/definition/schema'
import type { IndexedStep } from '../canvas/step-index'
import { Checkbox } from '../ui/checkbox'
import { useStepEdit } from './edit-context'
import { ExpressionField } from './expression-field'
import { ChoiceField, DurationField, Labelled, Section, StepField, TextField } from './fields'
import { MappingEditor } from './mapping-editor'

export function WaitForm({ found, step }: { found: IndexedStep; step: WaitStep }) {
  const edit = useStepEdit(found)
  const { set, problem } = edit
  const until = step.until !== undefined
  const change = (kind: 'for' | 'until') => {
    const field = (path: string, value: unknown): EditCommand => ({
      type: 'setStep',
      id: found.id,
      path: [path],
      value,
    })
    const commands =
      kind === 'until'
        ? [field('forMs', undefined), field('until', 'input.when')]
        : [field('until', undefined), field('forMs', 60_000)]
    edit.run({ type: 'batch', label: 'Change the wait', commands }, 'Change the wait')
  }
  return (
    <Section title="Wait">
      <ChoiceField
        label="How long"
        value={until ? 'until' : 'for'}
        options={[
          { value: 'for', label: 'For a duration' },
          { value: 'until', label: 'Until a moment' },
        ]}
        onChange={change}
      />
      {until ? (
        <Labelled
          label="Until"
          error={null}
          problem={problem(['until'])}
          hint="Yields a time such as 2026-12-24T09:00:00Z, or milliseconds since 1970"
        >
          <ExpressionField
            label="Until"
            required
            value={step.until ?? ''}
            place={{ step: found.id }}
            onChange={(next) => set(['until'], next, 'Change the wait')}
          />
        </Labelled>
      ) : (
        <DurationField
          label="For"
          value={step.forMs}
          problem={problem(['forMs'])}
          onChange={(next) => next && set(['forMs'], next, 'Change the wait')}
        />
      )}
    </Section>
  )
}

export function SignalForm({ found, step }: { found: IndexedStep; step: SignalStep }) {
  const { set, problem } = useStepEdit(found)
  return (
    <Section title="Signal">
      <TextField
        label="Name of the event"
        mono
        value={step.signal}
        problem={problem(['signal'])}
        hint="A service sends it with sagas.signal; its payload is the step's output"
        check={(text) =>
          /^[a-z][a-z0-9-]{0,63}$/.test(text) ? null : 'Lower-case letters, digits and -'
        }
        onChange={(next) => next && set(['signal'], next, 'Change the signal')}
      />
      <DurationField
        label="Wait at most"
        optional
        value={step.timeoutMs}
        problem={problem(['timeoutMs'])}
        placeholder="for ever"
        onChange={(next) => set(['timeoutMs'], next, 'Change the timeout')}
      />
      {step.timeoutMs === undefined && step.onTimeout === undefined ? null : (
        <StepField
          label="When it did not come in time"
          from={found.id}
          value={step.onTimeout?.next}
          problem={problem(['onTimeout'])}
          hint={step.onTimeout ? undefined : 'Without a step here the saga fails and compensates'}
          onChange={(next) =>
            set(['onTimeout'], next === undefined ? undefined : { next }, 'Connect the timeout')
          }
        />
      )}
    </Section>
  )
}

const ROLES = ['chairman', 'operator', 'admin'] as const

export function ApprovalForm({ found, step }: { found: IndexedStep; step: ApprovalStep }) {
  const { set, problem } = useStepEdit(found)
  return (
    <>
      <Section title="Decision">
        <Labelled
          label="Question"
          error={null}
          problem={problem(['question'])}
          hint="One sentence in plain words; {input.name} puts a value in"
        >
          <ExpressionField
            label="Question"
            template
            required
            value={step.question}
            place={{ step: found.id }}
            placeholder="Spend {input.budget} on {input.name}?"
            onChange={(next) => set(['question'], next, 'Change the question')}
          />
        </Labelled>
        <fieldset className="flex flex-col gap-1.5">
          <legend className="mb-1 font-medium text-sm">Who may decide</legend>
          {ROLES.map((role) => (
            // biome-ignore lint/a11y/noLabelWithoutControl: the checkbox inside renders the input
            <label key={role} className="flex items-center gap-2 text-sm capitalize">
              <Checkbox
                label={role}
                checked={step.roles.includes(role)}
                onChange={(on) => {
                  const next = ROLES.filter((one) => (one === role ? on : step.roles.includes(one)))
                  if (next.length > 0) set(['roles'], next, 'Change who decides')
                }}
              />
              {role}
            </label>
          ))}
        </fieldset>
        <DurationField
          label="Decide within"
          optional
          value={step.timeoutMs}
          problem={problem(['timeoutMs'])}
          placeholder="no limit"
          onChange={(next) => set(['timeoutMs'], next, 'Change the time to decide')}
        />
        <ChoiceField
          label="When nobody decides in time"
          value={step.onTimeout}
          options={[
            { value: 'PAUSE', label: 'Pause', hint: 'Hold the saga, timers frozen' },
            { value: 'ABORT', label: 'Abort', hint: 'Stop and compensate' },
          ]}
          onChange={(next) => set(['onTimeout'], next, 'Change what a missed decision does')}
        />
      </Section>
      <Section
        title="What the decider sees"
        open={step.context !== undefined}
        summary="nothing more"
      >
        <MappingEditor
          label="Context"
          value={step.context}
          place={{ step: found.id }}
          onChange={(next) => set(['context'], next, 'Change what the decider sees')}
          onField={(field, next) => set(['context', field], next, 'Change what the decider sees')}
        />
      </Section>
    </>
  )
}

export function SagaForm({ found, step }: { found: IndexedStep; step: SagaStep }) {
  const { set, problem, catalog } = useStepEdit(found)
  const known = catalog.sagas.map(({ name, title }) => ({ value: name, label: title, hint: name }))
  const present = known.some(({ value }) => value === step.saga)
  return (
    <>
      <Section title="Child saga">
        <ChoiceField
          label="Saga"
          value={step.saga}
          problem={problem(['saga'])}
          options={
            present ? known : [...known, { value: step.saga, label: step.saga, hint: 'as written' }]
          }
          onChange={(next) => set(['saga'], next, 'Change the child saga')}
        />
        <TextField
          label="Version"
          optional
          value={step.saga.split('@')[1]}
          placeholder="the newest published"
          check={(text) => (text === '' || /^[1-9]\d*$/.test(text) ? null : 'A version number')}
          onChange={(next) => {
            const name = step.saga.split('@')[0] ?? step.saga
            set(['saga'], next ? `${name}@${next}` : name, 'Change the version')
          }}
        />
      </Section>
      <Section title="Input">
        <MappingEditor
          label="Input"
          value={step.input}
          place={{ step: found.id }}
          onChange={(next) => set(['input'], next, 'Change the input')}
          onField={(field, next) => set(['input', field], next, `Change input ${field}`)}
        />
      </Section>
    </>
  )
}

export function EndForm({ found, step }: { found: IndexedStep; step: EndStep }) {
  const { set, problem } = useStepEdit(found)
  return (
    <>
      <Section title="End">
        <ChoiceField
          label="Outcome"
          value={step.outcome}
          options={[
            { value: 'completed', label: 'Completed', hint: 'It ends well' },
            { value: 'failed', label: 'Failed', hint: 'What was done is compensated' },
          ]}
          onChange={(next) => set(['outcome'], next, 'Change the outcome')}
        />
        <TextField
          label="Reason"
          optional
          value={step.reason}
          problem={problem(['reason'])}
          onChange={(next) => set(['reason'], next, 'Change the reason')}
        />
      </Section>
      {step.outcome === 'completed' ? (
        <Section title="Result of the saga" open={step.output !== undefined} summary="nothing">
          <MappingEditor
            label="Result"
            value={step.output}
            place={{ step: found.id }}
            onChange={(next) => set(['output'], next, 'Change the result')}
            onField={(field, next) => set(['output', field], next, 'Change the result')}
          />
        </Section>
      ) : null}
    </>
  )
}

export function TransactionForm({ found, step }: { found: IndexedStep; step: TransactionStep }) {
  const { set, problem } = useStepEdit(found)
  return (
    <Section title="Two-phase commit">
      <p className="text-text-2">
        {problem([])?.message ?? 'All participants prepare; then all commit, or none.'}
      </p>
      {step.participants.map((one, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a participant of the group is its place
        <div key={n} className="grid grid-cols-2 gap-2">
          <TextField
            label="Participant"
            mono
            value={one.participant}
            onChange={(next) => next && set(['participants', n, 'participant'], next)}
          />
          <TextField
            label="Operation"
            mono
            value={one.operation}
            onChange={(next) => next && set(['participants', n, 'operation'], next)}
          />
        </div>
      ))}
      <DurationField
        label="Timeout"
        optional
        value={step.timeoutMs}
        onChange={(next) => set(['timeoutMs'], next, 'Change the timeout')}
      />
      <ChoiceField
        label="Effect"
        value={step.effect}
        options={[
          { value: 'pivot', label: 'Pivot' },
          { value: 'compensatable', label: 'Compensatable' },
        ]}
        onChange={(next) => set(['effect'], next, 'Change the effect')}
      />
    </Section>
  )
}
