'use client'

/**
 * Asks before a verb that changes or ends something: what it does, to how many, what it cannot undo, and a reason
 * that is kept in the journal. It stays open while the verb runs, and shows its error in place.
 */
import { type FormEvent, type ReactNode, useEffect, useId, useState } from 'react'
import { Button } from './button'
import { Dialog } from './dialog'
import { Field } from './field'
import { Textarea } from './textarea'

export interface ConfirmProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: ReactNode
  /** Short true sentences: what happens, what stays. */
  consequences: readonly ReactNode[]
  /** Named by its effect, e.g. `Cancel 3 sagas`. */
  verb: string
  danger?: boolean
  /** Leave out the reason only for what needs none, e.g. revoking one's own key. */
  asksReason?: boolean
  children?: ReactNode
  onConfirm: (reason: string) => Promise<void>
}

export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  consequences,
  verb,
  danger = false,
  asksReason = true,
  children,
  onConfirm,
}: ConfirmProps) {
  const [reason, setReason] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [missing, setMissing] = useState(false)
  const [busy, setBusy] = useState(false)
  const formId = useId()

  useEffect(() => {
    if (!open) return
    setReason('')
    setError(null)
    setMissing(false)
  }, [open])

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (busy) return
    if (asksReason && reason.trim() === '') {
      setMissing(true)
      return
    }
    setBusy(true)
    setError(null)
    try {
      await onConfirm(reason.trim())
      onOpenChange(false)
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !busy && onOpenChange(next)}
      title={title}
      footer={
        <>
          <Button variant="ghost" onClick={() => onOpenChange(false)} disabled={busy}>
            Keep as it is
          </Button>
          <Button
            type="submit"
            form={formId}
            variant={danger ? 'danger' : 'primary'}
            loading={busy}
          >
            {verb}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <ul className="flex list-disc flex-col gap-1 pl-4 text-base text-text-2 marker:text-text-3">
          {consequences.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list is fixed while the dialog is open
            <li key={index}>{line}</li>
          ))}
        </ul>
        {children}
        {asksReason ? (
          <Field
            label="Reason"
            hint="Kept in the journal with your name."
            error={missing ? 'Say why, in a few words.' : undefined}
          >
            <Textarea
              value={reason}
              maxLength={2000}
              rows={2}
              onChange={(event) => {
                setReason(event.target.value)
                setMissing(false)
              }}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                  event.currentTarget.form?.requestSubmit()
                }
              }}
            />
          </Field>
        ) : null}
        {error ? (
          <p role="alert" className="text-base text-state-failed">
            {error}
          </p>
        ) : null}
      </form>
    </Dialog>
  )
}
