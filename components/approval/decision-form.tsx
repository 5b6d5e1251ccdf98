'use client'

/**
 * The decision rail: choose one of four with its computed consequences in view, give the reason, decide.
 *
 * 1. Choosing never submits. The button is named by its effect.
 * 2. A decision carries the snapshot it was made on. When the saga moved on, nothing happens but a new preview, with
 *    what changed spelled out.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus, RefreshCw, X } from 'lucide-react'
import { type FormEvent, useRef, useState } from 'react'
import type { Decision } from '@/runtime/journal/entry'
import type { DecisionPreview } from '@/runtime/runtime'
import type { GateDetail } from '@/server/api/contract'
import { useTRPC } from '../api'
import { useActions } from '../shell/actions'
import { useRefusal } from '../shell/me'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { errorCode, errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { IconButton } from '../ui/icon-button'
import { Input } from '../ui/input'
import { Kbd } from '../ui/kbd'
import { Textarea } from '../ui/textarea'
import {
  DECISION_WORD,
  DECISIONS,
  effectWords,
  previewChanges,
  reasoningProblem,
  verbOf,
} from './decision-words'
import { PreviewView } from './preview-view'

export function DecisionForm({
  gate,
  title,
  decision,
  onDecision,
  onDecided,
  onRefetch,
}: {
  gate: GateDetail
  title: (step: string) => string
  decision: Decision | null
  onDecision: (decision: Decision) => void
  onDecided: (words: string) => void
  /** Asks for the gate again; resolves with it. */
  onRefetch: () => Promise<GateDetail | undefined>
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const [reasoning, setReasoning] = useState('')
  const [conditions, setConditions] = useState<string[]>([])
  const [asked, setAsked] = useState(false)
  const [moved, setMoved] = useState<string[] | null>(null)
  const decide = useMutation(trpc.approvals.decide.mutationOptions())
  const refusal =
    useRefusal()('approval:decide') ??
    (gate.mayDecide ? null : (gate.mayNotDecide ?? 'You may not decide here'))

  const previews = gate.preview?.previews ?? []
  const chosen = previews.find((preview) => preview.decision === decision) ?? null
  const problem = decision === null ? null : reasoningProblem(decision, reasoning)

  useActions([
    ...DECISIONS.map((each, index) => ({
      id: `gate.${each}`,
      title: `Choose ${DECISION_WORD[each].toLowerCase()}`,
      group: 'This gate',
      keys: String(index + 1),
      claims: true,
      run: () => {
        onDecision(each)
        form.current?.querySelector<HTMLInputElement>(`input[value="${each}"]`)?.focus()
      },
    })),
    {
      id: 'gate.submit',
      title: 'Decide',
      group: 'This gate',
      keys: 'mod+enter',
      everywhere: true,
      disabledReason: refusal ?? (chosen ? null : 'Choose a decision first'),
      run: () => form.current?.requestSubmit(),
    },
  ])

  async function submit(event: FormEvent) {
    event.preventDefault()
    setAsked(true)
    if (!gate.preview || !chosen?.allowed || problem || refusal || decide.isPending) return
    try {
      await decide.mutateAsync({
        sagaId: gate.sagaId,
        step: gate.step,
        decision: chosen.decision,
        reasoning: reasoning.trim(),
        conditions: conditions.map((each) => each.trim()).filter(Boolean),
        seenSeq: gate.preview.seq,
        previewDigest: chosen.digest,
      })
      await queryClient.invalidateQueries({ queryKey: trpc.approvals.pathKey() })
      onDecided(verbOf(chosen, title))
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'MOVED_ON' && code !== 'CONFLICT') return
      decide.reset()
      setMoved(changesSince(chosen, await onRefetch(), title))
    }
  }

  return (
    <form ref={form} onSubmit={submit} className="flex flex-col gap-4 p-4">
      <fieldset disabled={Boolean(refusal)} className="flex flex-col gap-1.5">
        <legend className="mb-2 font-semibold text-base">Decision</legend>
        {previews.map((preview, index) => (
          <Choice
            key={preview.decision}
            preview={preview}
            number={index + 1}
            checked={preview.decision === decision}
            onChoose={() => onDecision(preview.decision)}
          />
        ))}
      </fieldset>
      {refusal ? <p className="text-text-2">{refusal}</p> : null}

      {moved ? (
        <div role="alert" className="rounded-md bg-state-compensating/12 px-3 py-2">
          <p className="flex items-center gap-1.5 font-medium">
            <RefreshCw size={13} aria-hidden /> The saga moved on, nothing was decided
          </p>
          {moved.length > 0 ? (
            <ul className="mt-1 list-disc pl-5 text-text-2">
              {moved.map((change) => (
                <li key={change}>{change}</li>
              ))}
            </ul>
          ) : (
            <p className="text-text-2">
              This decision would still do the same. Look again, then decide.
            </p>
          )}
        </div>
      ) : null}

      {chosen ? (
        <>
          <div aria-live="polite">
            <h3 className="mb-1.5 font-medium text-sm">What it does</h3>
            <PreviewView preview={chosen} title={title} />
          </div>
          <Field
            label="Reasoning"
            optional={chosen.decision === 'CONTINUE'}
            error={asked && problem ? problem : undefined}
            hint="Kept word for word, with your name."
          >
            <Textarea
              value={reasoning}
              maxLength={4000}
              rows={3}
              onChange={(event) => setReasoning(event.target.value)}
            />
          </Field>
          <Conditions conditions={conditions} onChange={setConditions} />
          {decide.error ? (
            <p role="alert" className="text-state-failed">
              {errorWords(decide.error)}
            </p>
          ) : null}
          <Button
            type="submit"
            size="lg"
            variant={
              chosen.decision === 'ABORT' || chosen.decision === 'FORCE_COMPENSATION'
                ? 'danger'
                : 'primary'
            }
            className="w-full max-md:min-h-11"
            loading={decide.isPending}
            disabledReason={
              refusal ?? (chosen.allowed ? null : (chosen.refusal ?? 'Not possible now'))
            }
          >
            <span className="truncate">{verbOf(chosen, title)}</span>
          </Button>
        </>
      ) : (
        <p className="text-text-3">
          Choose a decision to see what it would do. Nothing happens until you press its button.
        </p>
      )}
    </form>
  )
}

function Choice({
  preview,
  number,
  checked,
  onChoose,
}: {
  preview: DecisionPreview
  number: number
  checked: boolean
  onChoose: () => void
}) {
  return (
    <label
      className={cn(
        'flex min-h-11 items-start gap-2.5 rounded-lg border px-3 py-2 hover:bg-surface-2 has-disabled:cursor-not-allowed has-disabled:opacity-60 has-focus-visible:outline-2 has-focus-visible:outline-accent',
        checked && 'border-accent bg-accent/8 ring-3 ring-accent/24 hover:bg-accent/8',
      )}
    >
      <input
        type="radio"
        name="decision"
        value={preview.decision}
        checked={checked}
        onChange={onChoose}
        className="mt-1 accent-accent-fill outline-none"
      />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{DECISION_WORD[preview.decision]}</span>
        <span className="block text-text-2 text-xs">
          {preview.allowed ? effectWords(preview) : (preview.refusal ?? 'Not possible now')}
        </span>
      </span>
      <span className="max-md:hidden">
        <Kbd keys={String(number)} />
      </span>
    </label>
  )
}

function Conditions({
  conditions,
  onChange,
}: {
  conditions: readonly string[]
  onChange: (conditions: string[]) => void
}) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium text-sm">
        Conditions <span className="font-normal text-text-3">optional</span>
      </legend>
      {conditions.map((condition, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows are only added and removed, and hold no state
        <div key={index} className="flex items-center gap-1.5">
          <Input
            aria-label={`Condition ${index + 1}`}
            value={condition}
            maxLength={500}
            placeholder="Report the spending monthly"
            autoFocus={condition === ''}
            onChange={(event) => onChange(conditions.with(index, event.target.value))}
          />
          <IconButton
            label={`Remove condition ${index + 1}`}
            icon={<X size={14} aria-hidden />}
            onClick={() => onChange(conditions.toSpliced(index, 1))}
          />
        </div>
      ))}
      <Button
        size="sm"
        variant="ghost"
        className="self-start"
        icon={<Plus size={13} aria-hidden />}
        disabledReason={conditions.length >= 20 ? 'Twenty conditions are the most' : null}
        onClick={() => onChange([...conditions, ''])}
      >
        Add a condition
      </Button>
    </fieldset>
  )
}

function changesSince(
  before: DecisionPreview,
  gate: GateDetail | undefined,
  title: (step: string) => string,
): string[] {
  const after = gate?.preview?.previews.find((preview) => preview.decision === before.decision)
  return after ? previewChanges(before, after, title) : []
}
