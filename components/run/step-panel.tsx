'use client'

/** Everything about one step of a run: its work, each attempt, and its way back. Without a step, the run's outline. */
import { RotateCcw, Wrench } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Step } from '@/runtime/definition/schema'
import { TERMINAL } from '@/runtime/journal/entry'
import { duration } from '@/runtime/projection/duration'
import {
  type AttemptView,
  type CompensationView,
  itemsEnded,
  type RunView,
  type StepView,
} from '@/runtime/projection/run-view'
import { Badge, StatusBadge } from '../ui/badge'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { Copyable } from '../ui/copyable'
import { Facts } from '../ui/facts'
import { JsonView } from '../ui/json-view'
import { Elapsed, RelativeTime } from '../ui/relative-time'
import { clockTime } from '../ui/time'
import { stepRefusalsOf } from './run-controls'

export function StepPanel({
  id,
  step,
  steps,
  view,
  refusal,
  onVerb,
  onJournal,
}: {
  id: string
  step: StepView | undefined
  /** Of the run's document. */
  steps: ReadonlyMap<string, Step>
  view: RunView
  /** Why this person may steer no steps. */
  refusal: string | null
  onVerb: (verb: 'retryStep' | 'resolveStep') => void
  onJournal: (seq: number) => void
}) {
  const definition = steps.get(id)
  const refusals = stepRefusalsOf(view, steps, id)
  const undo = step?.compensation ?? null
  const last = step?.attempts.at(-1)
  const gate = view.gates.findLast((candidate) => candidate.step === id)
  return (
    <div className="flex flex-col gap-5 p-4">
      <header className="flex flex-col gap-1.5">
        <div className="flex items-start justify-between gap-3">
          <h2 className="font-semibold text-lg">{definition?.title ?? id}</h2>
          <span className="flex shrink-0 flex-col items-end gap-1">
            <StatusBadge step={step?.state ?? 'pending'} />
            {undo ? <StatusBadge compensation={undo.state} /> : null}
          </span>
        </div>
        {definition?.description ? <p className="text-text-2">{definition.description}</p> : null}
        <div className="mt-1 flex flex-wrap gap-2">
          <Button
            size="sm"
            icon={<RotateCcw size={13} aria-hidden />}
            disabledReason={refusal ?? refusals.retry}
            onClick={() => onVerb('retryStep')}
          >
            {undo?.state === 'exhausted' || undo?.state === 'retrying' ? 'Retry undoing' : 'Retry'}
          </Button>
          <Button
            size="sm"
            icon={<Wrench size={13} aria-hidden />}
            disabledReason={refusal ?? refusals.resolve}
            onClick={() => onVerb('resolveStep')}
          >
            Resolve by hand
          </Button>
        </div>
      </header>

      <Facts
        items={[
          [
            'Step',
            <code
              key="id"
              className="font-mono text-xs"
            >{`${id} · ${definition?.type ?? 'unknown'}`}</code>,
          ],
          definition?.type === 'action'
            ? ['Participant', `${definition.participant}.${definition.operation}`]
            : null,
          definition?.type === 'action' ? ['Effect', definition.effect] : null,
          last?.key
            ? [
                'Idempotency key',
                <Copyable key="key" value={last.key} shown={last.key} what="key" />,
              ]
            : null,
          step
            ? [
                'Started',
                <button
                  key="started"
                  type="button"
                  className="underline decoration-border underline-offset-2 hover:decoration-current"
                  onClick={() => onJournal(step.firstSeq)}
                >
                  <RelativeTime at={step.startedAt} /> · entry {step.firstSeq}
                </button>,
              ]
            : null,
          step
            ? ['Duration', <Elapsed key="took" from={step.startedAt} to={step.endedAt} />]
            : null,
          step?.waitingFor
            ? [
                'Waiting for',
                <span key="wait">
                  a {step.waitingFor.for}
                  {step.waitingFor.until ? (
                    <>
                      , due <RelativeTime at={step.waitingFor.until} />
                    </>
                  ) : null}
                </span>,
              ]
            : null,
          last?.retryAt && step?.state === 'retrying'
            ? [
                'Next attempt',
                view.pausedFrom === null ? (
                  <RelativeTime key="retry" at={last.retryAt} />
                ) : (
                  'when the run resumes'
                ),
              ]
            : null,
          step?.choice
            ? [
                'Taken',
                `${step.choice.branch === 'otherwise' ? 'otherwise' : `branch ${step.choice.branch + 1}`}${step.choice.next ? ` → ${step.choice.next}` : ''}`,
              ]
            : null,
          step?.items !== null && step !== undefined
            ? ['Items', `${itemsEnded(step)} of ${step.items} ended`]
            : null,
        ]}
      />

      {step?.state === 'unknown' && !undo ? (
        <p className="rounded-md bg-state-timed-out/12 px-3 py-2">
          No answer says whether it happened. Ask the participant, by its idempotency key.
        </p>
      ) : null}
      {step?.stuck ? (
        <p className="rounded-md bg-state-paused/12 px-3 py-2">
          This step gave up past the point of no return, so the run is paused instead of failing.
          Mend the cause, then retry it.
        </p>
      ) : null}
      {step?.error && step.state !== 'completed' ? (
        <Section title="Error">
          <ErrorBox error={step.error} />
        </Section>
      ) : null}
      {gate ? (
        <Section title="Gate">
          <p>{gate.question}</p>
          <p className="mt-1 text-text-2">
            {gate.closedAt === null ? (
              <a
                className="text-accent hover:underline"
                href={`/approvals?gate=${encodeURIComponent(gate.gate)}`}
              >
                Open it in approvals
              </a>
            ) : (
              `Closed: ${gate.how?.toLowerCase()}`
            )}
          </p>
        </Section>
      ) : null}
      {last?.input !== undefined ? (
        <Section title="Input">
          <JsonView label="Input" value={last.input} />
        </Section>
      ) : null}
      {step?.output !== undefined ? (
        <Section title="Output">
          <JsonView label="Output" value={step.output} />
        </Section>
      ) : null}
      {step && step.attempts.length > 0 ? (
        <Section title="Attempts" count={step.attemptsTotal}>
          <Attempts attempts={step.attempts} onJournal={onJournal} />
        </Section>
      ) : null}
      {undo ? <Compensation undo={undo} onJournal={onJournal} /> : null}
      {!undo && definition?.type === 'action' ? (
        <Section title="Way back">
          <p className="text-text-2">
            {definition.compensation
              ? TERMINAL.includes(view.status)
                ? 'Its compensation was not called.'
                : `Undone by ${definition.compensation.participant ?? definition.participant}.${definition.compensation.operation}, if the run turns back.`
              : definition.effect === 'readonly'
                ? 'Reads only: nothing to undo.'
                : 'Has no compensation.'}
          </p>
        </Section>
      ) : null}
    </div>
  )
}

function Compensation({
  undo,
  onJournal,
}: {
  undo: CompensationView
  onJournal: (seq: number) => void
}) {
  const last = undo.attempts.at(-1)
  return (
    <section className="rounded-lg border border-dashed p-3">
      <div className="mb-2 flex items-center justify-between gap-3">
        <h3 className="font-medium text-sm">Way back, number {undo.rank}</h3>
        <StatusBadge compensation={undo.state} />
      </div>
      <Facts
        items={[
          last?.participant ? ['Participant', `${last.participant}.${last.operation}`] : null,
          last?.key
            ? [
                'Idempotency key',
                <Copyable key="key" value={last.key} shown={last.key} what="key" />,
              ]
            : null,
          ['Duration', <Elapsed key="took" from={undo.startedAt} to={undo.endedAt} />],
          undo.resolvedBy ? ['Resolved by', undo.resolvedBy.name] : null,
          undo.strategy ? ['Gave up', undo.strategy.toLowerCase().replaceAll('_', ' ')] : null,
        ]}
      />
      {undo.error && undo.state !== 'compensated' ? (
        <div className="mt-3">
          <ErrorBox error={undo.error} />
        </div>
      ) : null}
      {last?.input !== undefined ? (
        <JsonView label="Compensation input" value={last.input} className="mt-3" />
      ) : null}
      {undo.attempts.length > 0 ? (
        <div className="mt-3">
          <Attempts attempts={undo.attempts} onJournal={onJournal} />
        </div>
      ) : null}
    </section>
  )
}

function Attempts({
  attempts,
  onJournal,
}: {
  attempts: readonly AttemptView[]
  onJournal: (seq: number) => void
}) {
  return (
    <ol className="divide-y rounded-md border">
      {attempts.map((attempt) => (
        <li key={attempt.startedSeq} className="flex items-center gap-3 px-2.5 py-1.5">
          <span className="w-5 shrink-0 text-right text-text-3 tabular-nums">
            {attempt.attempt}
          </span>
          <span
            className={cn(
              'min-w-0 flex-1 truncate',
              attempt.error ? 'text-state-failed' : 'text-text-2',
            )}
            title={attempt.error?.message}
          >
            {attempt.error
              ? `${attempt.error.code} · ${KIND[attempt.error.kind]}`
              : attempt.endedAt === null
                ? 'Under way'
                : 'Succeeded'}
          </span>
          <span className="shrink-0 text-text-3 tabular-nums">
            {attempt.endedAt === null ? '' : duration(attempt.endedAt - attempt.startedAt)}
          </span>
          <button
            type="button"
            onClick={() => onJournal(attempt.endedSeq ?? attempt.startedSeq)}
            className="min-h-6 shrink-0 rounded-sm text-text-3 text-xs tabular-nums hover:text-text"
            aria-label={`Show attempt ${attempt.attempt} in the journal`}
          >
            {clockTime(attempt.startedAt)}
          </button>
        </li>
      ))}
    </ol>
  )
}

const KIND = {
  terminal: 'will not succeed',
  retryable: 'may be retried',
  unknown: 'outcome unknown',
} as const

function ErrorBox({
  error,
}: {
  error: { code: string; kind: keyof typeof KIND; message: string }
}) {
  return (
    <div className="rounded-md bg-state-failed/10 px-3 py-2">
      <div className="flex items-center justify-between gap-3">
        <code className="font-medium font-mono text-state-failed text-xs">{error.code}</code>
        <span className="text-text-2 text-xs">{KIND[error.kind]}</span>
      </div>
      <p className="mt-1 break-words">{error.message}</p>
    </div>
  )
}

function Section({
  title,
  count,
  children,
}: {
  title: string
  count?: number
  children: ReactNode
}) {
  return (
    <section>
      <h3 className="mb-1.5 flex items-center gap-1.5 font-medium text-sm">
        {title}
        {count !== undefined ? <Badge className="h-4 text-2xs">{count}</Badge> : null}
      </h3>
      {children}
    </section>
  )
}

/** What the step tab shows while nothing is selected: the run's input and output, and its steps as a list. */
export function RunOutline({
  view,
  steps,
  input,
  output,
  onSelect,
}: {
  view: RunView
  steps: ReadonlyMap<string, Step>
  input: unknown
  output: unknown
  onSelect: (step: string) => void
}) {
  return (
    <div className="flex flex-col gap-5 p-4">
      <Section title="Steps">
        <ul className="divide-y rounded-md border">
          {[...steps].map(([id, definition]) => {
            const step = view.steps.get(id)
            return (
              <li key={id}>
                <button
                  type="button"
                  onClick={() => onSelect(id)}
                  className="flex min-h-8 w-full items-center gap-3 px-2.5 py-1 text-left hover:bg-surface-2"
                >
                  <span className={cn('min-w-0 flex-1 truncate', !step && 'text-text-3')}>
                    {definition.title ?? id}
                  </span>
                  {step?.compensation ? (
                    <StatusBadge compensation={step.compensation.state} bare className="text-xs" />
                  ) : step ? (
                    <StatusBadge step={step.state} bare className="text-xs" />
                  ) : null}
                </button>
              </li>
            )
          })}
        </ul>
      </Section>
      <Section title="Input">
        <JsonView label="Input of the run" value={input} />
      </Section>
      {output !== undefined && output !== null ? (
        <Section title="Output">
          <JsonView label="Output of the run" value={output} />
        </Section>
      ) : null}
    </div>
  )
}
