'use client'

/** The panel beside the canvas: the form of the selected step, of several, or of the saga itself. */
import { X } from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import type { SagaDocument, Step } from '@/runtime/definition/schema'
import { type IndexedStep, titleOf } from '../canvas/step-index'
import { STEP_KINDS } from '../canvas/step-kinds'
import { IconButton } from '../ui/icon-button'
import { ActionForm, Problem } from './action-form'
import { useEdit, useStepEdit } from './edit-context'
import { Section, StepField, TextField } from './fields'
import { ChoiceForm, MapForm, ParallelForm } from './flow-forms'
import { SagaSettings } from './saga-settings'
import {
  ApprovalForm,
  EndForm,
  SagaForm,
  SignalForm,
  TransactionForm,
  WaitForm,
} from './waiting-forms'

export function Inspector({
  document,
  selection,
  focusTitle,
  onClose,
}: {
  document: SagaDocument
  selection: readonly string[]
  /** Counts requests to rename: each puts the cursor into the title. */
  focusTitle: number
  onClose: () => void
}) {
  const { index, locked } = useEdit()
  const id = selection.length === 1 ? selection[0] : undefined
  const found = id === undefined ? undefined : index.steps.get(id)
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (focusTitle === 0) return
    const field = panel.current?.querySelector<HTMLInputElement>('input[name="title"]')
    field?.focus()
    field?.select()
  }, [focusTitle])

  let title = document.title ?? document.name
  let note = 'Saga'
  let form: ReactNode = <SagaSettings document={document} />
  if (selection.length > 1) {
    title = `${selection.length} steps`
    note = 'Selected'
    form = (
      <p className="px-4 py-3 text-text-2">
        Move, copy, duplicate or delete them together. Select one step to change its settings.
      </p>
    )
  } else if (found) {
    title = titleOf(found.id, found.step)
    note = STEP_KINDS[found.step.type].label
    form = <StepForm key={found.id} found={found} />
  }
  return (
    <div ref={panel} className="flex h-full min-h-0 flex-col bg-surface-1">
      <header className="flex h-11 shrink-0 items-center gap-2 border-b px-4">
        <h2 className="min-w-0 flex-1 truncate font-semibold text-sm">{title}</h2>
        <span className="shrink-0 text-text-3 text-xs">{note}</span>
        <IconButton
          size="sm"
          label="Close the inspector"
          icon={<X size={14} />}
          onClick={onClose}
        />
      </header>
      {locked ? (
        <p role="status" className="border-b bg-surface-2 px-4 py-2 text-text-2 text-xs">
          {locked}
        </p>
      ) : null}
      <div className="min-h-0 flex-1 overflow-y-auto">{form}</div>
    </div>
  )
}

function StepForm({ found }: { found: IndexedStep }) {
  const { set, run, problem, index, store } = useStepEdit(found)
  const { step, id } = found
  const own = problem([])
  return (
    <>
      <Section title="Step">
        <TextField
          label="Title"
          name="title"
          optional
          value={step.title}
          placeholder={titleOf(id, step)}
          check={(text) => (text.length > 120 ? 'At most 120 characters' : null)}
          onChange={(next) => set(['title'], next, 'Rename')}
        />
        <TextField
          label="Id"
          mono
          value={id}
          hint="Expressions read it as steps.id; they follow a change here"
          check={(text) =>
            !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(text)
              ? 'Letters, digits and _; at most 64'
              : text !== id && index.steps.has(text)
                ? 'Another step has this id'
                : null
          }
          onChange={(to) => {
            if (to && run({ type: 'renameStep', id, to }, `Rename ${id}`)) store.select([to])
          }}
        />
        {own && own.path.length <= (index.graph.steps.get(id)?.path.length ?? 0) ? (
          <Problem text={own.message} />
        ) : null}
      </Section>
      <Fields found={found} step={step} />
      {step.type === 'choice' || step.type === 'end' ? null : (
        <Section title="Then">
          <StepField
            label="Next step"
            from={id}
            value={step.next}
            problem={problem(['next'])}
            onChange={(to) =>
              run(
                { type: 'connect', region: found.region, from: id, to: to ?? null },
                'Change the next step',
              )
            }
          />
        </Section>
      )}
      <Section title="Description" open={step.description !== undefined} summary="none">
        <TextField
          label="Description"
          optional
          rows={3}
          value={step.description}
          onChange={(next) => set(['description'], next, 'Describe the step')}
        />
      </Section>
    </>
  )
}

function Fields({ found, step }: { found: IndexedStep; step: Step }) {
  switch (step.type) {
    case 'action':
      return <ActionForm found={found} step={step} />
    case 'choice':
      return <ChoiceForm found={found} step={step} />
    case 'parallel':
      return <ParallelForm found={found} step={step} />
    case 'map':
      return <MapForm found={found} step={step} />
    case 'wait':
      return <WaitForm found={found} step={step} />
    case 'signal':
      return <SignalForm found={found} step={step} />
    case 'approval':
      return <ApprovalForm found={found} step={step} />
    case 'transaction':
      return <TransactionForm found={found} step={step} />
    case 'saga':
      return <SagaForm found={found} step={step} />
    case 'end':
      return <EndForm found={found} step={step} />
    default:
      return step satisfies never
  }
}
