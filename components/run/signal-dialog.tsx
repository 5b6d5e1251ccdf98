'use client'

/** Sends a named event to a run: one that its drawing waits for, or any other. */
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { z } from 'zod'
import type { Step } from '@/runtime/definition/schema'
import { useTRPC } from '../api'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { Input } from '../ui/input'
import { Textarea } from '../ui/textarea'

export function SignalDialog({
  sagaId,
  steps,
  onClose,
}: {
  sagaId: string
  steps: ReadonlyMap<string, Step>
  onClose: () => void
}) {
  const trpc = useTRPC()
  const formId = useId()
  const listId = useId()
  const known = [
    ...new Set(
      [...steps.values()].flatMap((step) => (step.type === 'signal' ? [step.signal] : [])),
    ),
  ]
  const [name, setName] = useState(known[0] ?? '')
  const [payload, setPayload] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const send = useMutation(trpc.sagas.signal.mutationOptions({ onSuccess: onClose }))

  function submit(event: FormEvent) {
    event.preventDefault()
    try {
      const parsed = payload.trim() === '' ? null : z.json().parse(JSON.parse(payload))
      setProblem(null)
      send.mutate({ sagaId, name: name.trim(), payload: parsed })
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Send a signal"
      description="A signal that nothing waits for yet is kept until a step does."
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            loading={send.isPending}
            disabledReason={name.trim() === '' ? 'Name the signal' : null}
          >
            Send {name.trim()}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Field
          label="Signal"
          hint={
            known.length > 0
              ? `This saga waits for ${known.join(', ')}.`
              : 'No step of this saga waits for one.'
          }
        >
          <Input
            value={name}
            list={listId}
            maxLength={64}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <datalist id={listId}>
          {known.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <Field label="Payload" hint="JSON; becomes the step’s output." optional error={problem}>
          <Textarea mono value={payload} onChange={(event) => setPayload(event.target.value)} />
        </Field>
        {send.error ? (
          <p role="alert" className="text-state-failed">
            {errorWords(send.error)}
          </p>
        ) : null}
      </form>
    </Dialog>
  )
}
